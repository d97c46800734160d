/** A linear reward over features of answers: the baseline that a reward model must beat. */
import { minimise } from '../../classify/minimise.js';

/** Features of the chosen answer less those of the rejected one; those that are not named are 0. */
export interface FeatureDifference {
  features: Int32Array;
  values: Float64Array;
}

/** Reward difference of a pair. */
export function linearMargin(weights: Float64Array, { features, values }: FeatureDifference): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) sum += weights[features[i]!]! * values[i]!;
  return sum;
}

/**
 * Weights [size] with the least mean of -log σ(w · x) + l2 / 2 · |w|². There is no bias: which answer is called the chosen
 * one is what is asked.
 */
export function fitLinearReward(pairs: readonly FeatureDifference[], size: number, l2: number): Float64Array {
  const weights = new Float64Array(size);
  const loss = (w: Float64Array, gradient: Float64Array): number => {
    let total = 0;
    for (let i = 0; i < size; i++) {
      total += (l2 / 2) * w[i]! * w[i]!;
      gradient[i] = l2 * w[i]!;
    }
    for (const pair of pairs) {
      const ahead = linearMargin(w, pair);
      total += negativeLogSigmoid(ahead) / pairs.length;
      const slope = -1 / (1 + Math.exp(ahead)) / pairs.length;
      for (let i = 0; i < pair.features.length; i++) gradient[pair.features[i]!]! += slope * pair.values[i]!;
    }
    return total;
  };
  minimise(loss, weights, { tolerance: 1e-5 });
  return weights;
}

/** -log σ(x), without overflow for any x. */
export function negativeLogSigmoid(x: number): number {
  return Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)));
}
