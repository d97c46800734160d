/** What the steps take from other rooms: scorers of `src/classify/`, test sets of `src/corpus/dedup/`. */
import { identifyLanguage, loadClassifier, toxicityClassifier } from '../../classify/index.js';
import { RunError } from '../../io/errors.js';
import { Contamination } from '../dedup/index.js';

/** A classifier of texts. */
export interface Scorer {
  readonly labels: readonly string[];
  /** Probabilities, one a label. @throws RunError where it cannot score */
  score(text: string): ArrayLike<number>;
}

/** n-grams of test sets. */
export interface TestSets {
  find(text: string): { file: string; ngram: string } | null;
}

export interface Services {
  identifyLanguage(text: string): { language: string; confidence: number };
  toxicityClassifier(): Scorer;
  loadClassifier(folder: string): Scorer;
  loadTestSets(files: readonly string[], n: number): TestSets;
}

/**
 * The probability of a label.
 * @throws RunError where the scorer fails or gives no probability: nothing stands for a score that was not made
 */
export function probability(scorer: Scorer, label: number, text: string, what: string): number {
  const value = scorer.score(text)[label];
  if (value === undefined || !(value >= 0 && value <= 1))
    throw new RunError(
      `the ${what} classifier gave ${value} for the label "${scorer.labels[label]}", not a probability`,
    );
  return value;
}

/** The scorers and test sets of the other rooms. */
export const defaultServices: Services = {
  identifyLanguage,
  toxicityClassifier,
  loadClassifier,
  loadTestSets: (files, n) => Contamination.load(files, n),
};
