/** What the steps take from other rooms: scorers of `src/classify/`, test sets of `src/corpus/dedup/`. */
import { RunError } from '../../io/errors.js';

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
export async function defaultServices(): Promise<Services> {
  const [classify, dedup] = await Promise.all([import(CLASSIFY) as Promise<Classify>, import(DEDUP) as Promise<Dedup>]);
  return {
    identifyLanguage: classify.identifyLanguage,
    toxicityClassifier: classify.toxicityClassifier,
    loadClassifier: classify.loadClassifier,
    loadTestSets: (files, n) => dedup.Contamination.load(files, n),
  };
}

/** Both rooms are under way on branches of their own; when they are merged, these become static imports. */
const CLASSIFY: string = '../../classify/index.js';
const DEDUP: string = '../dedup/index.js';
type Classify = Pick<Services, 'identifyLanguage' | 'toxicityClassifier' | 'loadClassifier'>;
interface Dedup {
  Contamination: { load(files: readonly string[], n: number): TestSets };
}
