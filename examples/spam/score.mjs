/** How good a filter is: macro-F1, with an interval that knows that mails of one group are alike. */
import { LABELS } from './data.mjs';

/** Mean of the F1 of all labels. @param counts [label][predicted] */
export function macroF1(counts) {
  let sum = 0;
  for (const [k, row] of counts.entries()) {
    const support = row.reduce((a, b) => a + b, 0);
    const predicted = counts.reduce((a, other) => a + other[k], 0);
    sum += support + predicted === 0 ? 0 : (2 * row[k]) / (support + predicted);
  }
  return sum / counts.length;
}

const emptyCounts = () => LABELS.map(() => LABELS.map(() => 0));

/**
 * Macro-F1 of predictions, and its 95% interval by the bootstrap over groups (Efron 1979; whole groups are drawn, since
 * their mails stand or fall together).
 * @param {readonly { label: number, group: string }[]} mails @param {ArrayLike<number>} predicted
 */
export function score(mails, predicted, { draws = 2000, seed = 1 } = {}) {
  const counts = emptyCounts();
  const groups = new Map();
  for (const [i, { label, group }] of mails.entries()) {
    counts[label][predicted[i]]++;
    if (!groups.has(group)) groups.set(group, emptyCounts());
    groups.get(group)[label][predicted[i]]++;
  }
  const all = [...groups.values()];
  const random = randomNumbers(seed);
  const values = Float64Array.from({ length: draws }, () => {
    const sum = emptyCounts();
    for (let n = 0; n < all.length; n++) {
      const drawn = all[Math.floor(random() * all.length)];
      for (const [k, row] of drawn.entries()) for (const [j, count] of row.entries()) sum[k][j] += count;
    }
    return macroF1(sum);
  }).sort();
  const at = (share) => values[Math.min(draws - 1, Math.floor(share * draws))];
  return { macroF1: macroF1(counts), low: at(0.025), high: at(0.975), counts };
}

/** Uniform numbers in [0, 1), the same for a seed (mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The threshold on scores that is best for macro-F1 on validation mails: halfway between two neighbouring scores. */
export function bestThreshold(mails, scores) {
  const order = [...scores.keys()].toSorted((a, b) => scores[a] - scores[b]);
  const counts = emptyCounts();
  for (const { label } of mails) counts[label][1]++;
  let best = { f1: macroF1(counts), threshold: -Infinity };
  for (const [n, i] of order.entries()) {
    counts[mails[i].label][1]--;
    counts[mails[i].label][0]++;
    const next = order[n + 1];
    if (next !== undefined && scores[next] === scores[i]) continue;
    const f1 = macroF1(counts);
    if (f1 > best.f1) best = { f1, threshold: next === undefined ? Infinity : (scores[i] + scores[next]) / 2 };
  }
  return best;
}

export const above = (scores, threshold) => Array.from(scores, (value) => (value > threshold ? 1 : 0));
