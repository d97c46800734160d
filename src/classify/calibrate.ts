/** From scores to probabilities that mean what they say, and from probabilities to labels. */
import { decide } from './classifier.js';
import { softmax } from './exact-math.js';
import { confusionMatrix, qualityOfLabels } from './metrics.js';
import { minimise } from './minimise.js';

export interface Calibration {
  slope: number;
  offsets: number[];
}

/**
 * Fits slope and offsets so that the softmax of slope * score + offsets gives held-out labels the best likelihood: Platt
 * scaling for many labels, which is temperature scaling (Guo et al. 2017) with offsets that undo the weighting of labels.
 * @param scores [text][label], of texts that the weights were not fitted to
 */
export function fitCalibration(scores: Float64Array, labels: Uint8Array, K: number): Calibration {
  const row = new Float64Array(K);
  const count = labels.length;
  const loss = (x: Float64Array, gradient: Float64Array): number => {
    // A weak pull to slope 1 and offsets 0 keeps the fit finite where labels are told apart perfectly.
    const pull = 1e-4;
    let total = (pull / 2) * (x[0]! - 1) ** 2;
    gradient.fill(0);
    gradient[0] = pull * (x[0]! - 1);
    for (let k = 0; k < K; k++) {
      total += (pull / 2) * x[k + 1]! ** 2;
      gradient[k + 1] = pull * x[k + 1]!;
    }
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < K; k++) row[k] = x[0]! * scores[i * K + k]! + x[k + 1]!;
      const own = row[labels[i]!]!;
      total += (softmax(row) - own) / count;
      row[labels[i]!]! -= 1;
      for (let k = 0; k < K; k++) {
        gradient[0]! += (row[k]! * scores[i * K + k]!) / count;
        gradient[k + 1]! += row[k]! / count;
      }
    }
    return total;
  };
  const x = new Float64Array(K + 1);
  x[0] = 1;
  minimise(loss, x, { steps: 100, tolerance: 1e-7 });
  return { slope: x[0], offsets: Array.from(x.subarray(1)) };
}

/** Probabilities of scores: [text][label]. */
export function calibrated(scores: Float64Array, { slope, offsets }: Calibration): Float64Array {
  const K = offsets.length;
  const probabilities = scores.map((score, i) => slope * score + offsets[i % K]!);
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
