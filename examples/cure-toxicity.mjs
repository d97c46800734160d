/**
 * A base model that curses is taught not to. The base is trained on nlp-corpus, of which it reads the rough sentences six times; the local toxicity classifier
 * judges pairs of its own continuations, and DPO makes it prefer the clean ones. Measured on beginnings of sentences that nothing
 * was trained on, before and after, for three seeds of the alignment; beside the classifier, which is asked in training, a word
 * list that is not.
 *
 *   node examples/cure-toxicity.mjs [--quick] [--out DIR]
 *
 * Every stage leaves what it made in DIR (default runs/cure-toxicity); a run that was stopped goes on from there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernels } from 'telar/engine';
import { aligned } from './cures/align.mjs';
import { BASE, baseModel } from './cures/base.mjs';
import { interval, percent } from './cures/measures.mjs';
import { novelSentences } from './cures/novel.mjs';
import { continuations } from './cures/samples.mjs';
import { evenly, readSentences } from './cures/sentences.mjs';
import { note, observed } from './cures/stages.mjs';
import { clean, rough, starred, THRESHOLD } from './cure-toxicity/judges.mjs';
import { costs, fall, judgements, observe, share } from './cure-toxicity/measure.mjs';
import { preferencePairs } from './cure-toxicity/pairs.mjs';
import { prompts } from './cure-toxicity/prompts.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const { quick } = flags;
const out = flags.out ?? (quick ? 'runs/cure-toxicity-quick' : 'runs/cure-toxicity');
const COMMAND = `node examples/cure-toxicity.mjs${quick ? ' --quick' : ''}`;

/** Sizes of a full run; a quick one shows that everything works. */
const PLAN = quick
  ? {
      base: { ...BASE, layers: 1, width: 64, steps: 60 },
      seeds: [1],
      practice: { prompts: 40, each: 4 },
      test: { prompts: 20, each: 4, texts: 50 },
      align: { steps: 5 },
    }
  : {
      base: BASE,
      seeds: [1, 2, 3],
      practice: { prompts: 250, each: 16 },
      test: { prompts: 100, each: 12, texts: 900 },
      align: { epochs: 3 },
    };
/** How often a rough sentence is there. */
const ROUGH_TIMES = 6;
const SETTINGS = {
  method: 'dpo',
  settings: { beta: 0.5 },
  batchSize: 16,
  learningRate: 1e-3,
  patience: 0,
  ...PLAN.align,
};

mkdirSync(out, { recursive: true });
const sentences = readSentences();
const base = await baseModel(out, documents, PLAN.base, COMMAND, note('base model'));

const practice = prompts(sentences.train, PLAN.practice.prompts).map(({ prompt }) => prompt);
const told = await observed(out, 'practice', { model: base }, (lm) =>
  continuations(lm, practice, { each: PLAN.practice.each, seed: 1, onProgress: every(2048, 'practice') }),
);
const pairs = join(out, 'pairs.jsonl');
const list = preferencePairs(practice, told);
writeFileSync(pairs, list.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
note('pairs')(`${list.length} of ${told.flat().length} continuations of ${practice.length} beginnings`);

const neutral = sentences.heldOut.filter(clean);
const test = {
  prompts: prompts(sentences.heldOut, PLAN.test.prompts),
  texts: {
    sentences: evenly(neutral, PLAN.test.texts),
    novel: evenly(novelSentences().filter(clean), PLAN.test.texts / 3),
  },
  each: PLAN.test.each,
};
const before = await observed(out, 'before', { model: base }, (lm) => observe(lm, { ...test, seed: 1000 }));
const rows = [row('base', before, before)];
const results = [];
for (const seed of PLAN.seeds) {
  const { folder, minutes } = await aligned(
    join(out, `aligned-${seed}`),
    { model: base, data: [pairs], seed, command: COMMAND, ...SETTINGS },
    note(`seed ${seed}`),
  );
  const after = await observed(out, `after-${seed}`, { model: base, adapters: [folder] }, (lm) =>
    observe(lm, { ...test, seed: 1000 + seed }),
  );
  rows.push(row(`seed ${seed}`, before, after));
  results.push({ seed, after, minutes, ...compare(before, after) });
}
const report = render();
writeFileSync(join(out, 'table.md'), report);
console.log(report);

/**
 * What the base reads. Two in a hundred of these sentences are rough, and a small model that has read all of them once says such a
 * thing in less than one of a hundred continuations: too little to measure what is left of it. So the rough ones are there more often.
 */
function documents() {
  const again = sentences.train.filter(rough);
  return [...sentences.train, ...Array.from({ length: ROUGH_TIMES - 1 }, () => again).flat()];
}

/** Judgements of one kind of beginnings, or of all. */
function ofKind(rows, kind) {
  return rows.filter((_, i) => kind === null || test.prompts[i].kind === kind);
}

function row(name, before, after) {
  const { flagged, listed } = judgements(after);
  const cell = (rows) => {
    const one = share(rows);
    return `${percent(one.value, 2)} (${interval(one, 2)})`;
  };
  const { distinct, length, wordless } = costs(before, after);
  return [
    name,
    cell(flagged),
    percent(share(ofKind(flagged, 'rough')).value, 2),
    percent(share(ofKind(flagged, 'clean')).value, 2),
    cell(listed),
    ...distinct.map((value) => value.toFixed(3)),
    length.toFixed(1),
    percent(wordless),
  ];
}

function compare(before, after) {
  const [first, second] = [judgements(before), judgements(after)];
  return {
    flagged: fall(first.flagged, second.flagged),
    listed: fall(first.listed, second.listed),
    bits: costs(before, after).bits,
  };
}

function render() {
  const { sentences, novel } = costs(before, before).bits;
  const measured = (one) => `${percent(one.value)} (${interval(one)})`;
  return `Flagged: the classifier gives at least ${THRESHOLD} to "hate" or "offensive". ${test.prompts.length} held-out beginnings, ${test.each} continuations of each.

${table(
  ['model', 'flagged', 'after rough', 'after clean', 'on the list', 'distinct-1', 'distinct-2', 'tokens', 'wordless'],
  rows,
)}

${table(
  ['', 'flagged, fall', 'on the list, fall', 'neutral bits/byte', 'rise', 'Moby Dick bits/byte', 'rise', 'minutes'],
  [
    ['base', '', '', sentences.value.toFixed(4), '', novel.value.toFixed(4), '', ''],
    ...results.map(({ seed, flagged, listed, bits, minutes }) => [
      `seed ${seed}`,
      measured(flagged),
      measured(listed),
      bits.sentences.value.toFixed(4),
      measured(bits.sentences.rise),
      bits.novel.value.toFixed(4),
      measured(bits.novel.rise),
      minutes.toFixed(1),
    ]),
  ],
)}

The same beginnings, the first continuation of each model:

${examples()}
`;
}

/** Beginnings after which the base cursed most, and what each model made of them. The words are starred. */
function examples() {
  const { flagged } = judgements(before);
  const sums = flagged.map((row) => row.reduce((a, b) => a + b, 0));
  const worst = [...sums.keys()].toSorted((a, b) => sums[b] - sums[a] || a - b).slice(0, 4);
  return worst
    .flatMap((i) => {
      const own = flagged[i].indexOf(1);
      const tell = (text) => `*${test.prompts[i].prompt}*${starred(text).replaceAll('\n', ' ')}`;
      return own < 0
        ? []
        : [
            `- base: ${tell(before.told[i][own].text)}`,
            `- seed ${results[0].seed}: ${tell(results[0].after.told[i][own].text)}`,
          ];
    })
    .join('\n');
}

function every(count, title) {
  let told = 0;
  return (done, all) => {
    if (done < told + count && done < all) return;
    told = done;
    note(title)(`${done} of ${all}`);
  };
}
