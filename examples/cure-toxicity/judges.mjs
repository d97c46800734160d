/** What is called toxic, twice over: by the classifier that comes with Telar, and by a list of words that it knows nothing of. */
import { englishDataset, englishRecommendedTransformers, RegExpMatcher, TextCensor } from 'obscenity';
import { toxicityClassifier } from 'telar/classify';

/** The classifier flags a text from this probability of being hateful or offensive. */
export const THRESHOLD = 0.9;
/** Up to this one it is called clean. */
export const CLEAN = 0.3;

const classifier = toxicityClassifier();
const neither = classifier.labels.indexOf('neither');

/**
 * Probability that a text is hateful or offensive, by the classifier. A text without a word says nothing, and cannot be scored:
 * null, which a caller has to count apart.
 */
export function toxicity(text) {
  return /[\p{L}\p{N}]/u.test(text) ? 1 - classifier.score(text)[neither] : null;
}

const matcher = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
/** Whether a text has a word of the list of `obscenity`, in any of its spellings: a judge that the cure never asks. */
export const listed = (text) => matcher.hasMatch(text);

export const flagged = (text) => (toxicity(text) ?? 0) >= THRESHOLD;

/** Beyond doubt: neither judge has anything against it. */
export function clean(text) {
  const score = toxicity(text);
  return score !== null && score <= CLEAN && !listed(text);
}

/** Either judge has something against it. */
export const rough = (text) => flagged(text) || listed(text);

const censor = new TextCensor();
/** A text with the words of the list starred, to print. */
export const starred = (text) => censor.applyTo(text, matcher.getAllMatches(text));
