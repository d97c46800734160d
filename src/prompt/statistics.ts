/** Intervals and paired tests for scores of prompts. */
import { Random } from '../io/hash-random.js';

export interface Interval {
  low: number;
  high: number;
}

/** 97.5% point of the normal distribution. */
const Z = 1.959963984540054;

/** 95% interval of a proportion (Wilson 1927). */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const p = successes / trials;
  const z2 = Z * Z;
  const centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (Z / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * 95% percentile interval of a statistic of `count` items (Efron 1979).
 * @param statistic of items given by number, drawn with replacement
 */
export function bootstrap(
  count: number,
  statistic: (items: Int32Array) => number,
  { seed = 0, draws = 2000 }: { seed?: number; draws?: number } = {},
): Interval {
  const random = new Random(seed, 0xb007);
  const items = new Int32Array(count);
  const values = Float64Array.from({ length: draws }, () => {
    for (let i = 0; i < count; i++) items[i] = random.int(count);
    return statistic(items);
  }).sort();
  const at = (share: number): number => values[Math.min(draws - 1, Math.max(0, Math.round(share * (draws - 1))))]!;
  return { low: at(0.025), high: at(0.975) };
}

/**
 * Two-sided exact McNemar test (McNemar 1947): the chance of a split at least this uneven of the items that one got right
 * and the other wrong, were both equally good.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  if (n === 0) return 1;
  let tail = 0;
  let logTerm = -n * Math.LN2; // log of C(n, 0) / 2^n
  for (let k = 0; k <= Math.min(onlyFirst, onlySecond); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
