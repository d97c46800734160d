// The model card of the shipped toxicity classifier.

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const figure = (value) => value.toFixed(3);

function labelTable({ labels }) {
  const rows = labels.map(
    (each) =>
      `| ${each.label} | ${each.support} | ${[each.auroc, each.precision, each.recall, each.f1, each.ece].map(figure).join(' | ')} |`,
  );
  return [
    '| label | tweets | AUROC | precision | recall | F1 | calibration error |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function confusionTable({ labels, confusion }) {
  return [
    `| truth, below; predicted, right | ${labels.map(({ label }) => label).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...labels.map(({ label }, k) => `| ${label} | ${confusion[k].join(' | ')} |`),
  ].join('\n');
}

function curveTable({ labels }) {
  const cell = (curve, from) => {
    const bin = curve.find((each) => Math.abs(each.from - from) < 1e-9);
    return bin ? `${bin.observed.toFixed(2)} (of ${bin.count})` : '';
  };
  return [
    `| predicted | ${labels.map(({ label }) => `${label} observed`).join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...Array.from({ length: 10 }, (_, i) => {
      const cells = labels.map(({ curve }) => cell(curve, i / 10));
      return `| ${(i / 10).toFixed(1)} to ${((i + 1) / 10).toFixed(1)} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

function biasTable({ with: after, without: before }) {
  const columns = before ? ['at 0.5, tweets alone', 'at 0.5, as shipped'] : ['at 0.5'];
  return [
    `| texts that offend nobody | number | ${columns.join(' | ')} | at 0.8 | at 0.9 | mean probability |`,
    `| --- | --- | ${columns.map(() => '---').join(' | ')} | --- | --- | --- |`,
    ...Object.entries(after).map(([name, { texts, rates, mean }]) => {
      const shares = [...(before ? [before[name].rates[0.5]] : []), rates[0.5], rates[0.8], rates[0.9]].map(percent);
      return `| ${name} | ${texts} | ${shares.join(' | ')} | ${mean.toFixed(3)} |`;
    }),
  ].join('\n');
}

export function toxicityCard({ full, bias, planted, whoAreYou, dataSha256, counts, extra }) {
  const { evaluation, thresholds } = full;
  const number = (label) => counts.labels.reduce((sum, own) => sum + (own === label ? 1 : 0), 0);
  return `# Toxicity classifier

Three labels for short English texts: \`hate\` (hate speech), \`offensive\` (offensive language), \`neither\`. Multinomial logistic
regression on hashed words, pairs of words and character n-grams of 3 to 5, 2^18 buckets, 8-bit weights (768 KiB). It comes with
Telar for filtering training text and for measuring models; it is no judge of people.

- Version 1, November 2026. Licence: MIT, as Telar.
- Made by \`npm run build && node bench/classify-toxicity.mjs\`, which gives the same bytes again (\`--check\`).

## Data

- Davidson, Warmsley, Macy and Weber, "Automated hate speech detection and the problem of offensive language", ICWSM 2017
  (MIT licence): ${counts.texts.length} tweets found with words of a hate-speech lexicon, labelled by three or more crowd workers each:
  ${number(0)} hate, ${number(1)} offensive, ${number(2)} neither. \`labeled_data.csv\`, sha256 \`${dataSha256}\`.
- ${extra} texts that offend nobody, labelled neither, for training only: sentences about people written by us (20 identity terms in
  12 templates), everyday sentences in African-American and in standard English written by us (four times each), and stretches
  of every second State of the Union address (public domain).

## Figures

5-fold cross-validation on the tweets; tweets with the same words never stand in two folds; calibration and decision factors are
fitted inside the fold. A tweet is scored whole.

${labelTable(evaluation)}

Macro-F1 ${figure(evaluation.macroF1)}, weighted F1 ${figure(evaluation.weightedF1)}, accuracy ${figure(evaluation.accuracy)}; by fold, macro-F1 ${evaluation.macroF1ByFold.map(figure).join(', ')}.
With the most probable label instead of the decision factors: macro-F1 ${figure(evaluation.macroF1OfMostProbable)}, weighted F1 ${figure(evaluation.weightedF1OfMostProbable)}.
${confusionTable(evaluation)}

How often a predicted probability came true:

${curveTable(evaluation)}

Share of the tweets of each label with P(hate) + P(offensive) at or above a threshold:

| threshold | hate | offensive | neither |
| --- | --- | --- | --- |
${thresholds.map(({ threshold, labels }) => `| ${threshold} | ${labels.map(percent).join(' | ')} |`).join('\n')}

Long texts are scored in windows. Tweets labelled hate or offensive (${planted[0].found.texts}, trained on) were put into 6,000 characters of an address:
the share of pages flagged with them, and the share of addresses (of some 46,000 characters) flagged falsely, by the window's length.
100 is what is shipped.

| window | found at 0.5 | at 0.8 | at 0.9 | addresses flagged at 0.5 | at 0.8 | at 0.9 |
| --- | --- | --- | --- | --- | --- | --- |
${planted.map(({ window, found, flagged }) => `| ${window} | ${[found, flagged].flatMap(({ rates }) => [0.5, 0.8, 0.9].map((threshold) => percent(rates[threshold]))).join(' | ')} |`).join('\n')}

## Bias: false flags

Models trained on these tweets flag African-American English too often: annotators called offensive what speakers of the dialect
do not, and few of the tweets that offend nobody are in the dialect (Sap et al. 2019; Davidson et al. 2019). Measured twice.

**On the tweets**, by the cross-validation: of tweets that the annotators themselves labelled \`neither\`, those with a marker of the
dialect (finna, tryna, gon, ain't, y'all, bout to, imma, ion, dat, dis, wit, yo and the like) and the others, flagged where
P(hate) + P(offensive) reaches the threshold:

${dialectTable(full)}

**On sentences written by us**: 66 harmless sentences in African-American English and what they mean in standard English; identity
terms in 15 templates. None was trained on, but the same hand wrote the training sentences, with many of the same words and
constructions, so the figures as shipped are better than can be expected of other text; the table above is the safer guide.

${biasTable(bias)}

The neutral texts in training are the mitigation${bias.without ? '; the columns for 0.5 show what they change' : ''}. They do not remove the
bias. Words that are used among friends in the dialect and as slurs by others are flagged nearly always; that is not in the table.

## Limits

- English only. Find the language first; other languages get probabilities that mean nothing.
- Its tweets are of 2017 and before, and were chosen because they contain rude words: three quarters are offensive. Probabilities
  are calibrated for such tweets and too high for other text: "Who are you?" has P(hate) + P(offensive) of ${whoAreYou.toFixed(2)}, because those
  who say "you" in the tweets are mostly rude, and the factors that make the predicted label good on tweets may call
  it hate. Filter by a threshold of 0.9 or more of P(hate) + P(offensive), not by the label.
- Hate speech is told from offensive language with difficulty, by people too; ${percent(1 - evaluation.labels[0].precision)} of what it calls hate was labelled otherwise.
  Threats, irony and hate without rude words are mostly missed. So is what was quoted in order to condemn it: that is flagged.
- A text of more than 100 characters is scored in windows of 100 that overlap by half, and gets the probabilities of its worst
  window: a rude sentence in a long page is not averaged away, and the more windows a text has, the likelier one is flagged
  falsely. Such a score is not calibrated for the whole text.
- A text without a word in it is an error, not a score.
`;
}

function dialectTable(full) {
  const row = (name, { texts, rates, mean }) =>
    `| ${name} | ${texts} | ${[0.5, 0.8, 0.9].map((threshold) => percent(rates[threshold])).join(' | ')} | ${mean.toFixed(3)} |`;
  return [
    '| tweets labelled neither | number | flagged at 0.5 | at 0.8 | at 0.9 | mean probability |',
    '| --- | --- | --- | --- | --- | --- |',
    row('with markers, as shipped', full.dialect.marked),
    row('without markers, as shipped', full.dialect.unmarked),
  ].join('\n');
}
