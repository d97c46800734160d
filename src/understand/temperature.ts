/** Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks"). */
import { probabilitiesOf } from './calibrate.js';

/**
 * The factor on logits that gives held-out labels the best likelihood, from 1/20 to 20: below 1 where the classifier is too
 * sure of itself. It does not change which label is the most probable.
 * @param logits [texts][labels]
 */
export function fitScale(logits: readonly Float64Array[], labels: ArrayLike<number>): number {
  const loss = (log: number): number =>
    logits.reduce(
      (sum, row, i) =>
        sum - Math.log(Math.max(Number.MIN_VALUE, probabilitiesOf(row.map((x) => x * Math.exp(log)))[labels[i]!]!)),
      0,
    );
  // The loss is convex in the factor: golden-section search on its logarithm.
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-Math.log(20), Math.log(20)];
  while (high - low > 1e-3) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (loss(a) <= loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}
