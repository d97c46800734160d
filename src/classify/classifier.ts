/**
 * A trained classifier at work. A token's weights are summed once and remembered, so that a text costs a look-up a token
 * and one bucket for each pair of neighbours.
 *
 * Where a label is named neutral, a text longer than a window is scored in windows that overlap by half, and its score is
 * that of the window least likely to be neutral: a slur in a long page is not averaged away.
 */
import { RunError } from '../io/errors.js';
import { softmax } from './exact-math.js';
import { type FeatureOptions, pairBucket, tokenFeatures } from './features.js';
import { FEATURES, FORM, SUMS, TokenCache } from './token-cache.js';
import { Tokens } from './tokens.js';
import { decodeEntities } from './word-form.js';

/** What training makes and a folder holds. */
export interface ClassifierModel {
  readonly labels: readonly string[];
  readonly features: FeatureOptions;
  /** Label of texts without what is looked for, or null: texts are then scored whole. */
  readonly neutral: string | null;
  /** Length of a window in UTF-16 code units. */
  readonly window: number;
  /** [bucket][label]: a weight is this times `scale`. */
  readonly weights: Int8Array;
  readonly scale: number;
  readonly bias: readonly number[];
  /** Probabilities are the softmax of slopes * scores + offsets. */
  readonly calibration: { readonly slopes: readonly number[]; readonly offsets: readonly number[] };
  /** The label predicted is the one with the largest probability times this. */
  readonly decision: readonly number[];
}

export interface TextClassifier {
  readonly labels: readonly string[];
  /**
   * Calibrated probabilities, one a label, with sum 1; of a long text those of its worst window (see above).
   * @throws RunError when the text cannot be scored: it is no string, or there is not a word in it
   */
  score(text: string): Float64Array;
}

/** A stretch of a text and what it scored. Offsets count in the text with its HTML entities decoded. */
export interface WindowScore {
  start: number;
  end: number;
  probabilities: Float64Array;
}

export class LinearClassifier implements TextClassifier {
  readonly labels: readonly string[];
  readonly model: ClassifierModel;
  private readonly tokens = new Tokens();
  private readonly cache: TokenCache;
  private readonly neutral: number;
  /** Those of the last window. */
  private readonly probabilities: Float64Array;

  constructor(model: ClassifierModel) {
    this.model = model;
    this.labels = model.labels;
    this.cache = new TokenCache(model.labels.length);
    this.probabilities = new Float64Array(model.labels.length);
    this.neutral = model.neutral === null ? -1 : model.labels.indexOf(model.neutral);
  }

  score(text: string): Float64Array {
    let worst: Float64Array | null = null;
    this.visit(text, (probabilities) => {
      if (worst === null || probabilities[this.neutral]! < worst[this.neutral]!) worst = probabilities.slice();
    });
    return worst ?? cannotScore('there are no words in it');
  }

  /** The label of a text, by its score and the factors that training chose for macro-F1. @throws RunError as `score` */
  predict(text: string): string {
    return this.labels[this.decide(this.score(text))]!;
  }

  /** Index of the label that probabilities speak for. */
  decide(probabilities: Float64Array): number {
    return decide(probabilities, this.model.decision);
  }

  /** Scores of all windows that have words, in order; of one for a text that is scored whole. */
  windows(text: string): WindowScore[] {
    const windows: WindowScore[] = [];
    this.visit(text, (probabilities, start, end) => windows.push({ start, end, probabilities: probabilities.slice() }));
    return windows;
  }

  /** Calls `each` for every window with words; the probabilities are overwritten afterwards. */
  private visit(input: string, each: (probabilities: Float64Array, start: number, end: number) => void): void {
    if (typeof input !== 'string') cannotScore(`it is ${input === null ? 'null' : typeof input}, not text`);
    const { tokens, cache, model } = this;
    const { starts, ends, hashes } = tokens;
    const { records } = cache;
    const { weights } = model;
    const text = decodeEntities(input);
    const K = this.labels.length;
    const pairs = model.features.pairs;
    const mask = 2 ** model.features.bucketBits - 1;
    const half = this.neutral < 0 || text.length <= model.window ? Infinity : model.window / 2;
    const halves = new HalfWindows(K, half, (a, b, features, start, end) => {
      each(this.probabilitiesOf(a, b, features), start, end);
    });
    let current = halves.current;
    let count = 0;
    let limit = half;
    let left = 0;
    let hasLeft = false;
    for (let at = 0; at >= 0;) {
      at = tokens.scan(text, at);
      for (let i = 0; i < tokens.count; i++) {
        const from = starts[i]!;
        let record = cache.find(text, from, ends[i]!, hashes[i]!);
        if (record < 0) record = this.remember(text, from, ends[i]!, hashes[i]!);
        const features = records[record + FEATURES]!;
        if (features === 0) continue;
        if (from >= limit) {
          limit = halves.advance(from, count);
          current = halves.current;
          count = 0;
        }
        for (let k = 0; k < K; k++) current[k]! += records[record + SUMS + k]!;
        count += features;
        const right = records[record + FORM]!;
        if (pairs && hasLeft) {
          const weight = pairBucket(left, right, mask) * K;
          for (let k = 0; k < K; k++) current[k]! += weights[weight + k]!;
          count++;
        }
        left = right;
        hasLeft = true;
      }
    }
    if (count > 0) halves.close(count, text.length, true);
  }

  private remember(text: string, start: number, end: number, hash: number): number {
    const { cache, model } = this;
    const K = this.labels.length;
    const record = cache.add(text, start, end, hash);
    const features = tokenFeatures(text.slice(start, end), model.features);
    cache.records[record + FEATURES] = features.buckets.length;
    cache.records[record + FORM] = features.hash;
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (const bucket of features.buckets) sum += model.weights[bucket * K + k]!;
      cache.records[record + SUMS + k] = sum;
    }
    return record;
  }

  private probabilitiesOf(a: Float64Array, b: Float64Array, features: number): Float64Array {
    const { scale, bias, calibration } = this.model;
    const factor = scale / Math.sqrt(features);
    const { probabilities } = this;
    for (let k = 0; k < probabilities.length; k++)
      probabilities[k] = calibration.slopes[k]! * ((a[k]! + b[k]!) * factor + bias[k]!) + calibration.offsets[k]!;
    softmax(probabilities);
    for (const probability of probabilities) if (!(probability >= 0)) cannotScore('the weights gave no number');
    return probabilities;
  }
}

/** Sums of weights over the half window at hand and the one before; together they are a window. */
class HalfWindows {
  current: Float64Array;
  private before: Float64Array;
  private beforeCount = 0;
  private beforeStart = 0;
  private start = 0;
  private first = true;
  private readonly half: number;
  private readonly each: (a: Float64Array, b: Float64Array, features: number, start: number, end: number) => void;

  constructor(labels: number, half: number, each: HalfWindows['each']) {
    this.current = new Float64Array(labels);
    this.before = new Float64Array(labels);
    this.half = half;
    this.each = each;
  }

  /** Closes the half at hand, of `count` features, and those after it that end before `position`. @returns the next end */
  advance(position: number, count: number): number {
    for (let features = count; position >= this.start + this.half; features = 0)
      this.close(features, this.start + this.half, false);
    return this.start + this.half;
  }

  /** Ends the half at hand. The first one alone is no window, unless it is also the last. */
  close(count: number, end: number, last: boolean): void {
    const features = this.beforeCount + count;
    if ((!this.first || last) && features > 0) this.each(this.before, this.current, features, this.beforeStart, end);
    [this.before, this.current] = [this.current, this.before];
    this.current.fill(0);
    this.beforeCount = count;
    this.beforeStart = this.start;
    this.start = end;
    this.first = false;
  }
}

/** Index of the largest probability times its factor; of equals the first. */
export function decide(probabilities: ArrayLike<number>, factors: readonly number[]): number {
  let best = 0;
  for (let k = 1; k < factors.length; k++)
    if (probabilities[k]! * factors[k]! > probabilities[best]! * factors[best]!) best = k;
  return best;
}

function cannotScore(reason: string): never {
  throw new RunError(`cannot score a text: ${reason}`);
}
