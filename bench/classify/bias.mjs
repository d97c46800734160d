// False flags of a toxicity classifier on sentences that offend nobody.
import { addresses, dialectPairs, identityTests } from './toxicity-data.mjs';

/** Share of texts that are flagged: less than half likely to be neither. */
export function flagRates(classifier, texts) {
  let [flagged, labelled, sum] = [0, 0, 0];
  for (const text of texts) {
    const scores = classifier.score(text);
    sum += 1 - scores[2];
    if (scores[2] < 0.5) flagged++;
    if (classifier.decide(scores) !== 2) labelled++;
  }
  return {
    texts: texts.length,
    flagged: flagged / texts.length,
    labelled: labelled / texts.length,
    mean: sum / texts.length,
  };
}

/** All false flag rates, by name. */
export function biasFigures(classifier) {
  const { trained, unseen } = identityTests();
  const odd = addresses().filter((_, i) => i % 2 === 1);
  return {
    'African-American English': flagRates(
      classifier,
      dialectPairs.map(([aae]) => aae),
    ),
    'the same in standard English': flagRates(
      classifier,
      dialectPairs.map(([, standard]) => standard),
    ),
    'identity terms, trained on in other sentences': flagRates(classifier, trained),
    'identity terms, never trained on': flagRates(classifier, unseen),
    'State of the Union, windows of addresses not trained on': windowRates(classifier, odd),
    'State of the Union, whole addresses not trained on': flagRates(classifier, odd),
  };
}

function windowRates(classifier, texts) {
  let [count, flagged, labelled, sum] = [0, 0, 0, 0];
  for (const text of texts)
    for (const { probabilities } of classifier.windows(text)) {
      count++;
      sum += 1 - probabilities[2];
      if (probabilities[2] < 0.5) flagged++;
      if (classifier.decide(probabilities) !== 2) labelled++;
    }
  return { texts: count, flagged: flagged / count, labelled: labelled / count, mean: sum / count };
}
