/** From scores to probabilities that mean what they say, and from probabilities to labels. */
import { decide } from './classifier.js';
import { softmax } from './exact-math.js';
import { confusionMatrix, qualityOfLabels } from './metrics.js';
import { minimise } from './minimise.js';

export interface Calibration {
  /** One a label. */
  slopes: number[];
  offsets: number[];
}

/**
 * Fits a slope and an offset for each label so that the softmax of slope * score + offset gives held-out labels the best
 * likelihood: vector scaling (Guo et al. 2017, "On calibration of modern neural networks"). The offsets also undo the
 * weighting of labels in training.
 * @param scores [text][label], of texts that the weights were not fitted to
 */
export function fitCalibration(scores: Float64Array, labels: Uint8Array, K: number): Calibration {
  const row = new Float64Array(K);
  const count = labels.length;
  // A weak pull to slopes 1 and offsets 0 keeps the fit finite where labels are told apart perfectly.
  const pull = 1e-4;
  const loss = (x: Float64Array, gradient: Float64Array): number => {
    let total = 0;
    for (let j = 0; j < 2 * K; j++) {
      const away = x[j]! - (j < K ? 1 : 0);
      total += (pull / 2) * away * away;
      gradient[j] = pull * away;
    }
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < K; k++) row[k] = x[k]! * scores[i * K + k]! + x[K + k]!;
      const own = row[labels[i]!]!;
      total += (softmax(row) - own) / count;
      row[labels[i]!]! -= 1;
      for (let k = 0; k < K; k++) {
        gradient[k]! += (row[k]! * scores[i * K + k]!) / count;
        gradient[K + k]! += row[k]! / count;
      }
    }
    return total;
  };
  const x = new Float64Array(2 * K).fill(1, 0, K);
  minimise(loss, x, { steps: 200, tolerance: 1e-7 });
  return { slopes: Array.from(x.subarray(0, K)), offsets: Array.from(x.subarray(K)) };
}

/** Probabilities of scores: [text][label]. */
export function calibrated(scores: Float64Array, { slopes, offsets }: Calibration): Float64Array {
  const K = offsets.length;
  const probabilities = scores.map((score, i) => slopes[i % K]! * score + offsets[i % K]!);
  for (let i = 0; i < probabilities.length; i += K) softmax(probabilities.subarray(i, i + K));
  return probabilities;
}

/** Powers of 2^(1/4) around 1. */
const ladder = Array.from({ length: 17 }, (_, i) => {
  const quarters = i - 8;
  const rest = [1, 1.189207115002721, 1.4142135623730951, 1.681792830507429][((quarters % 4) + 4) % 4]!;
  return rest * 2 ** Math.floor(quarters / 4);
});

/**
 * A factor for each label such that taking the largest product of probability and factor gives the best macro-F1, found
 * by going through the labels in turn, twice. The largest probability alone hardly ever is that of a rare label.
 */
export function fitDecision(probabilities: Float64Array, labels: Uint8Array, K: number): number[] {
  const factors = new Array<number>(K).fill(1);
  const predicted = new Uint8Array(labels.length);
  const macroF1 = (): number => {
    for (let i = 0; i < labels.length; i++) predicted[i] = decide(probabilities.subarray(i * K, (i + 1) * K), factors);
    return qualityOfLabels(confusionMatrix(labels, predicted, K)).reduce((sum, { f1 }) => sum + f1 / K, 0);
  };
  let best = macroF1();
  for (let round = 0; round < 2; round++)
    for (let k = 0; k < K; k++) {
      let kept = factors[k]!;
      for (const factor of ladder) {
        factors[k] = factor;
        const value = macroF1();
        if (value > best) [best, kept] = [value, factor];
      }
      factors[k] = kept;
    }
  return factors;
}
