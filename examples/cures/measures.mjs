/** What the cures are measured by: shares with intervals, likelihood of text, variety of what is generated. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scope, tokenLogProbs } from 'telar/engine';
import { promptTokens } from 'telar/generate';
import { randomNumbers } from '../spam/score.mjs';

/** A share with its 95% interval (Wilson 1927). */
export function wilson(hits, count) {
  const z = 1.959964;
  const share = hits / count;
  const middle = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return { value: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * A statistic of items with its 95% interval by the bootstrap (Efron 1979): items are drawn with replacement. An item is all that
 * stands or falls together, such as the continuations of one prompt.
 * @template T @param {readonly T[]} items @param {(drawn: readonly T[]) => number} statistic
 */
export function bootstrap(items, statistic, { draws = 1000, seed = 1 } = {}) {
  const random = randomNumbers(seed);
  const values = Float64Array.from({ length: draws }, () =>
    statistic(items.map(() => items[Math.floor(random() * items.length)])),
  ).sort();
  const at = (share) => values[Math.min(draws - 1, Math.floor(share * draws))];
  return { value: statistic(items), low: at(0.025), high: at(0.975) };
}

/**
 * log p of every token of each text after the ones before it, in nats; the text begins a document, and with `end` the document's end
 * is a token of it.
 * @returns {Promise<{ ids: Int32Array, logProbs: Float32Array }[]>} ids without the first token, of which nothing is predicted
 */
export async function tokenLikelihoods({ model, tokenizer }, texts, { end = false, batchTokens = 2048 } = {}) {
  const { context } = model.config;
  const closing = end && tokenizer.eos !== null ? [tokenizer.eos] : [];
  const sequences = texts.map((text) => [...promptTokens(tokenizer, text), ...closing].slice(0, context + 1));
  const results = [];
  for (let from = 0; from < sequences.length;) {
    let [to, tokens] = [from, 0];
    do tokens += sequences[to++].length - 1;
    while (to < sequences.length && tokens + sequences[to].length - 1 <= batchTokens);
    const group = sequences.slice(from, to);
    const starts = [0];
    for (const { length } of group) starts.push(starts.at(-1) + length - 1);
    const targets = Int32Array.from(group.flatMap((ids) => ids.slice(1)));
    const batch = {
      tokens: Int32Array.from(group.flatMap((ids) => ids.slice(0, -1))),
      positions: Int32Array.from(group.flatMap(({ length }) => Array.from({ length: length - 1 }, (_, i) => i))),
      sequenceStarts: Int32Array.from(starts),
    };
    const all = scope(() => tokenLogProbs(model.hidden(batch), model.head, targets).logProbs.data.slice());
    for (let i = 0; i < group.length; i++)
      results.push({
        ids: targets.slice(starts[i], starts[i + 1]),
        logProbs: all.slice(starts[i], starts[i + 1]),
      });
    from = to;
    await nextTurn();
  }
  return results;
}

const total = (values) => values.reduce((sum, x) => sum + x, 0);

/** log p of whole texts, in nats. */
export async function textLikelihoods(lm, texts) {
  return (await tokenLikelihoods(lm, texts)).map(({ logProbs }) => total(logProbs));
}

/** Bits a byte of each text that fits in the context, its end included; `bitsPerByte` adds them up. */
export async function textBits(lm, texts) {
  const { tokenizer, model } = lm;
  const fitting = texts.filter((text) => tokenizer.encode(text).length < model.config.context);
  const scored = await tokenLikelihoods(lm, fitting, { end: true });
  return scored.map(({ logProbs }, i) => ({
    bits: -total(logProbs) / Math.LN2,
    bytes: Buffer.byteLength(fitting[i]),
  }));
}

export function bitsPerByte(scored) {
  return total(scored.map(({ bits }) => bits)) / total(scored.map(({ bytes }) => bytes));
}

/**
 * By how much bits per byte rose, as a share, with the interval over texts.
 * @param before @param after of {@link textBits}, of the same texts
 */
export function rise(before, after) {
  const pairs = before.map((one, i) => [one, after[i]]);
  return bootstrap(pairs, (drawn) => bitsPerByte(drawn.map(([, b]) => b)) / bitsPerByte(drawn.map(([a]) => a)) - 1);
}

/** distinct-n of texts (Li et al. 2016): different n-grams of words among all. */
export function distinct(texts, n) {
  const seen = new Set();
  let all = 0;
  for (const text of texts) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
    for (let i = 0; i + n <= words.length; i++, all++) seen.add(words.slice(i, i + n).join(' '));
  }
  return all === 0 ? 0 : seen.size / all;
}

export const mean = (values) => total(values) / values.length;
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;
export const interval = ({ low, high }, digits = 1) => `${(100 * low).toFixed(digits)} to ${percent(high, digits)}`;
