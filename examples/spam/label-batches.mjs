/** Mails as token sequences that end where the label is to be said, and batches of them. */
import { layout } from './data.mjs';

/** What comes between a mail and its label. */
export const QUESTION = '\n\nType:';

/**
 * Tokens of a mail of at most `length`: three quarters from its beginning, one from its end, where senders say who they are.
 * @returns {number[]}
 */
export function mailTokens(tokenizer, mail, length) {
  const ids = Array.from(tokenizer.encode(layout(mail).slice(0, 40_000)));
  if (ids.length <= length) return ids;
  const gap = Array.from(tokenizer.encode('\n...\n'));
  const tail = Math.floor((length - gap.length) / 4);
  return [...ids.slice(0, length - gap.length - tail), ...gap, ...ids.slice(-tail)];
}

/** The start token, the mail, the question. @returns {Int32Array} */
export function labelPrompt(tokenizer, mail, length) {
  const start = tokenizer.bos ?? tokenizer.eos;
  return Int32Array.from([start, ...mailTokens(tokenizer, mail, length), ...tokenizer.encode(QUESTION)]);
}

/** First tokens of " ham" and " spam": the model chooses between these. */
export function labelTokens(tokenizer) {
  const [ham, spam] = [' ham', ' spam'].map((text) => tokenizer.encode(text)[0]);
  if (ham === spam) throw new Error('this tokenizer begins both labels with the same token');
  return [ham, spam];
}

/**
 * Sequences laid end to end, the model's virtual tokens before each, with one target at the end of each.
 * @param {readonly Int32Array[]} sequences @param {readonly number[]} targets token ids, -1 for none
 */
export function packSequences(sequences, targets, virtualTokens) {
  const total = sequences.reduce((sum, { length }) => sum + length + virtualTokens.length, 0);
  const batch = {
    tokens: new Int32Array(total),
    targets: new Int32Array(total).fill(-1),
    positions: new Int32Array(total),
    sequenceStarts: new Int32Array(sequences.length + 1),
    scored: sequences.length,
  };
  let at = 0;
  for (const [i, sequence] of sequences.entries()) {
    const begin = at;
    batch.tokens.set(virtualTokens, at);
    batch.tokens.set(sequence, at + virtualTokens.length);
    at += virtualTokens.length + sequence.length;
    for (let row = begin; row < at; row++) batch.positions[row] = row - begin;
    batch.targets[at - 1] = targets[i];
    batch.sequenceStarts[i + 1] = at;
  }
  return batch;
}

/** Batches without end: every epoch in another order. */
export class LabelBatches {
  /** @param {{ sequences: readonly Int32Array[], targets: readonly number[], size: number, virtualTokens: Int32Array, random: () => number }} options */
  constructor(options) {
    this.options = options;
    this.order = [];
  }

  next() {
    const { sequences, targets, size, virtualTokens, random } = this.options;
    while (this.order.length < size) {
      const order = [...sequences.keys()];
      for (let i = order.length - 1; i > 0; i--) {
        const j = Math.floor(random() * (i + 1));
        [order[i], order[j]] = [order[j], order[i]];
      }
      this.order.push(...order);
    }
    const members = this.order.splice(0, size);
    return packSequences(
      members.map((i) => sequences[i]),
      members.map((i) => targets[i]),
      virtualTokens,
    );
  }
}
