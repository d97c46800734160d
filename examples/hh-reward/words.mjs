/** A linear reward over words and pairs of neighbouring words: what a reward model of any size must beat. */
import { fitLinearReward, linearMargin } from 'telar/align';

/** Words, pairs of them and signs of an answer; each counts by the square root of how often it is there. */
export function wordsOf(text) {
  const words = text.toLowerCase().replaceAll('’', "'").match(/[a-z']+|[0-9]+|[.,!?;:\n]/g) ?? [];
  const counts = new Map();
  const count = (name) => counts.set(name, (counts.get(name) ?? 0) + 1);
  words.forEach(count);
  const marked = ['^', ...words, '$'];
  for (let i = 1; i < marked.length; i++) count(`${marked[i - 1]} ${marked[i]}`);
  return new Map([...counts].map(([name, times]) => [name, Math.sqrt(times)]));
}

/**
 * Fits a reward to pairs of texts; the penalty is the one of `penalties` that is best on `validation`, and the fit is then made
 * anew with both.
 * @param {{ chosen: string, rejected: string }[]} train
 * @returns {{ margin: (pair) => number, penalty: number }} reward of the chosen text less that of the rejected one
 */
export function wordReward(train, validation, penalties = [0.003, 0.01, 0.03, 0.1]) {
  const held = validation.map(difference);
  const { penalty } = penalties
    .map((penalty) => {
      const margin = fit(train.map(difference), penalty);
      return { penalty, loss: held.reduce((sum, pair) => sum + Math.log1p(Math.exp(-margin(pair))), 0) };
    })
    .reduce((best, one) => (one.loss < best.loss ? one : best));
  const margin = fit([...train, ...validation].map(difference), penalty);
  return { margin: (pair) => margin(difference(pair)), penalty };
}

/** Features that fewer pairs than this have get no weight. */
const FEWEST = 3;

function fit(differences, penalty) {
  const pairs = new Map();
  for (const difference of differences) for (const [name] of difference) pairs.set(name, (pairs.get(name) ?? 0) + 1);
  const numbers = new Map([...pairs].filter(([, count]) => count >= FEWEST).map(([name], i) => [name, i]));
  const row = (difference) => {
    const known = [...difference].filter(([name]) => numbers.has(name));
    return {
      features: Int32Array.from(known, ([name]) => numbers.get(name)),
      values: Float64Array.from(known, ([, value]) => value),
    };
  };
  const weights = fitLinearReward(differences.map(row), numbers.size, penalty);
  return (difference) => linearMargin(weights, row(difference));
}

function difference({ chosen, rejected }) {
  const values = wordsOf(chosen);
  for (const [name, value] of wordsOf(rejected)) values.set(name, (values.get(name) ?? 0) - value);
  return new Map([...values].filter(([, value]) => value !== 0));
}
