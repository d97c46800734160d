// False flags of a toxicity classifier on sentences that offend nobody.
import { LinearClassifier } from '../../dist/classify/index.js';
import { addresses, dialectPairs, identityTests } from './toxicity-data.mjs';

/** Mean of P(hate) + P(offensive), and the share of texts where it reaches a threshold. */
export function rates(probabilities) {
  const toxic = probabilities.map((each) => 1 - each[2]);
  const share = (threshold) => toxic.filter((p) => p >= threshold).length / toxic.length;
  return {
    texts: toxic.length,
    mean: toxic.reduce((sum, p) => sum + p, 0) / toxic.length,
    rates: { 0.5: share(0.5), 0.8: share(0.8), 0.9: share(0.9) },
  };
}

/** All false flag rates, by name. */
export function biasFigures(classifier) {
  const { trained, unseen } = identityTests();
  const odd = addresses().filter((_, i) => i % 2 === 1);
  const of = (texts) => rates(texts.map((text) => classifier.score(text)));
  return {
    'African-American English': of(dialectPairs.map(([aae]) => aae)),
    'the same in standard English': of(dialectPairs.map(([, standard]) => standard)),
    'identity terms that training sentences have': of(trained),
    'identity terms that no training sentence has': of(unseen),
    'windows of addresses not trained on': rates(
      odd.flatMap((text) => classifier.windows(text).map(({ probabilities }) => probabilities)),
    ),
    'whole addresses not trained on (worst window)': of(odd),
  };
}

const markers =
  /\b(?:finna|tryna|gon|ain'?t|aint|y'?all|yall|(?:'?bout|about) to|imma|i'?mma|ion|iont|dat|dis|dem|dey|wit|yo|bruh|wassup|deadass|lowkey|hella|cuz|tho|nah)\b/i;

/** Rates of tweets labelled neither, with and without a marker of African-American English. */
export function dialectRates(data, probabilities) {
  const neither = [...data.labels.keys()].filter((row) => data.labels[row] === 2);
  const of = (marked) =>
    rates(neither.filter((row) => markers.test(data.texts[row]) === marked).map((row) => probabilities[row]));
  return { marked: of(true), unmarked: of(false) };
}

/** Of rude and hateful tweets put into 6,000 characters of an address, the share found, by window and threshold. */
export function plantedFigures({ model }, data) {
  const rude = [...data.labels.keys()].filter((row) => data.labels[row] < 2 && row % 70 === 0);
  const page = addresses()[81].replaceAll(/\s+/g, ' ').slice(3000, 9000);
  return [250, 160, 100, 80].map((window) => {
    const classifier = new LinearClassifier({ ...model, window });
    const found = rates(
      rude.map((row, i) => {
        const at = (i * 97) % 5000;
        return classifier.score(`${page.slice(0, at)} ${data.texts[row]} ${page.slice(at)}`);
      }),
    );
    const odd = addresses().filter((_, i) => i % 2 === 1);
    return { window, found, flagged: rates(odd.map((text) => classifier.score(text))) };
  });
}
