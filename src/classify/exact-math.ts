/**
 * Exponential and logarithm from additions and products alone, so that training gives the same bytes on every machine:
 * `Math.exp` and `Math.log` may differ in the last bit from one to another. Both are good to about 1e-15.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 2^-k, for k from 0. */
const halves = Float64Array.from({ length: 1024 }, (_, k) => 1 / 2 ** Math.min(k, 1023));

/** 1 / n! */
const inverseFactorials = Float64Array.from({ length: 14 }, (_, n) => {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return 1 / product;
});

/** e^x for x at most 0; 0 below -700; NaN for NaN. */
export function expNegative(x: number): number {
  if (x < -700) return 0;
  const k = Math.floor(0.5 - x * Math.LOG2E);
  const rest = x + k * LN2_HIGH + k * LN2_LOW;
  let sum = inverseFactorials[13]!;
  for (let n = 12; n >= 0; n--) sum = sum * rest + inverseFactorials[n]!;
  return sum * halves[k]!;
}

/** ln x for x from 1 on, as sums of exponentials of which the largest is 1 have it (Newton's method). */
export function logFromOne(x: number): number {
  let halvings = 0;
  for (; x > 1.5; x /= 2) halvings++;
  let y = (2 * (x - 1)) / (x + 1);
  for (let i = 0; i < 4; i++) y += (y < 0 ? x / expNegative(y) : x * expNegative(-y)) - 1;
  return y + halvings * LN2_HIGH + halvings * LN2_LOW;
}

/**
 * Turns scores into probabilities in place (softmax). NaN in gives NaN out.
 * @returns the logarithm of the sum of exponentials
 */
export function softmax(scores: Float64Array): number {
  let most = -Infinity;
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  for (let k = 0; k < scores.length; k++) sum += scores[k] = expNegative(scores[k]! - most);
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum;
  return most + logFromOne(sum);
}
