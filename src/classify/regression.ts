/**
 * Multinomial logistic regression on bags of buckets. A text's scores are the sum of its buckets' weights divided by the
 * square root of their number, plus a bias for each label.
 */
import { softmax } from './exact-math.js';
import { minimise } from './minimise.js';

/** Texts as buckets, all in one array. */
export interface Bags {
  /** Buckets of text i: `buckets.subarray(starts[i], starts[i + 1])`. */
  starts: Int32Array;
  buckets: Int32Array;
}

/** Puts texts' buckets end to end. */
export function toBags(texts: readonly Int32Array[]): Bags {
  const starts = new Int32Array(texts.length + 1);
  for (const [i, { length }] of texts.entries()) starts[i + 1] = starts[i]! + length;
  const buckets = new Int32Array(starts[texts.length]!);
  for (const [i, text] of texts.entries()) buckets.set(text, starts[i]!);
  return { starts, buckets };
}

export interface RegressionOptions {
  labels: number;
  /** Size of `weights` over `labels`. */
  buckets: number;
  /** Penalty on squared weights, as a share of the mean loss: loss + l2 / 2 * |weights|^2. */
  l2: number;
  /** 0 weighs every text alike, 1 every label; between, a text weighs (texts / texts of its label)^balance. */
  balance: number;
  /** Buckets of fewer texts get no weight. */
  minTexts: number;
  steps: number;
}

export interface Regression {
  /** [bucket][label] */
  weights: Float64Array;
  bias: Float64Array;
}

/** Fits weights to texts `rows` of `bags` with labels `labels` (one for each text of `bags`). */
export function fitRegression(
  bags: Bags,
  labels: Uint8Array,
  rows: Int32Array,
  options: RegressionOptions,
): Regression {
  const { labels: K, l2 } = options;
  const { index, used } = usedBuckets(bags, rows, options);
  const { starts, places, scales } = placesOf(bags, rows, index);
  const rowWeights = weightsOfLabels(labels, rows, options);
  const biasAt = used.length * K;
  const scores = new Float64Array(K);
  const loss = (x: Float64Array, gradient: Float64Array): number => {
    let total = 0;
    for (let i = 0; i < biasAt; i++) {
      total += x[i]! * x[i]!;
      gradient[i] = l2 * x[i]!;
    }
    total *= l2 / 2;
    gradient.fill(0, biasAt);
    for (let r = 0; r < rows.length; r++) {
      const [start, end, scale] = [starts[r]!, starts[r + 1]!, scales[r]!];
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let i = start; i < end; i++) sum += x[places[i]! + k]!;
        scores[k] = sum * scale + x[biasAt + k]!;
      }
      const label = labels[rows[r]!]!;
      const own = scores[label]!;
      const weight = rowWeights[label]!;
      total += weight * (softmax(scores) - own);
      scores[label]! -= 1;
      for (let k = 0; k < K; k++) {
        const slope = scores[k]! * weight;
        gradient[biasAt + k]! += slope;
        const scaled = slope * scale;
        for (let i = start; i < end; i++) gradient[places[i]! + k]! += scaled;
      }
    }
    return total;
  };
  const x = new Float64Array(biasAt + K);
  minimise(loss, x, { steps: options.steps, tolerance: 1e-5 });
  const weights = new Float64Array(options.buckets * K);
  for (const [i, bucket] of used.entries()) weights.set(x.subarray(i * K, (i + 1) * K), bucket * K);
  return { weights, bias: x.slice(biasAt) };
}

/** Scores of texts before the softmax: [row][label]. */
export function regressionScores(bags: Bags, rows: Int32Array, { weights, bias }: Regression): Float64Array {
  const K = bias.length;
  const scores = new Float64Array(rows.length * K);
  for (const [r, row] of rows.entries()) {
    const [start, end] = [bags.starts[row]!, bags.starts[row + 1]!];
    const scale = end > start ? 1 / Math.sqrt(end - start) : 0;
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let i = start; i < end; i++) sum += weights[bags.buckets[i]! * K + k]!;
      scores[r * K + k] = sum * scale + bias[k]!;
    }
  }
  return scores;
}

/** Where each bucket's weights lie among those that are fitted, or -1; and the buckets that are. */
function usedBuckets(
  { starts, buckets }: Bags,
  rows: Int32Array,
  { buckets: size, labels, minTexts }: RegressionOptions,
): { index: Int32Array; used: number[] } {
  const texts = new Int32Array(size);
  const last = new Int32Array(size).fill(-1);
  for (const row of rows)
    for (let i = starts[row]!; i < starts[row + 1]!; i++) {
      const bucket = buckets[i]!;
      if (last[bucket] === row) continue;
      last[bucket] = row;
      texts[bucket]!++;
    }
  const index = new Int32Array(size).fill(-1);
  const used: number[] = [];
  for (let bucket = 0; bucket < size; bucket++) if (texts[bucket]! >= minTexts) used.push(bucket);
  used.sort((a, b) => texts[b]! - texts[a]! || a - b); // frequent ones together stay in the cache
  for (const [i, bucket] of used.entries()) index[bucket] = i * labels;
  return { index, used };
}

/** Where the weights of each row's buckets lie, without the buckets that have none, and the rows' scales. */
function placesOf(
  bags: Bags,
  rows: Int32Array,
  index: Int32Array,
): { starts: Int32Array; places: Int32Array; scales: Float64Array } {
  const starts = new Int32Array(rows.length + 1);
  const scales = new Float64Array(rows.length);
  const places = new Int32Array(rows.reduce((sum, row) => sum + bags.starts[row + 1]! - bags.starts[row]!, 0));
  let count = 0;
  for (const [r, row] of rows.entries()) {
    const [start, end] = [bags.starts[row]!, bags.starts[row + 1]!];
    for (let i = start; i < end; i++) {
      const at = index[bags.buckets[i]!]!;
      if (at >= 0) places[count++] = at;
    }
    starts[r + 1] = count;
    scales[r] = end > start ? 1 / Math.sqrt(end - start) : 0;
  }
  return { starts, places, scales };
}

/** Weight of a text of each label; those of all texts sum to 1. */
function weightsOfLabels(
  labels: Uint8Array,
  rows: Int32Array,
  { labels: K, balance }: RegressionOptions,
): Float64Array {
  const counts = new Float64Array(K);
  for (const row of rows) counts[labels[row]!]!++;
  const weights = counts.map((count) => (count === 0 ? 0 : power(rows.length / count, balance)));
  let sum = 0;
  for (let k = 0; k < K; k++) sum += weights[k]! * counts[k]!;
  return weights.map((weight) => weight / sum);
}

/** base^exponent for exponents that are multiples of 1/4 in [0, 1], by square roots, which are exact everywhere. */
function power(base: number, exponent: number): number {
  const [half, quarter] = [Math.sqrt(base), Math.sqrt(Math.sqrt(base))];
  let product = exponent >= 1 ? base : 1;
  if (exponent < 1 && exponent >= 0.5) product *= half;
  if (exponent % 0.5 >= 0.25) product *= quarter;
  return product;
}
