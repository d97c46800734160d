/** One vector a sequence: the last token's hidden state, or the mean over the text's tokens. */
import { embedding, rangeMeans, type Tensor } from '../engine/index.js';
import { InputError } from '../io/errors.js';

export const poolings = ['mean', 'last'] as const;
export type Pooling = (typeof poolings)[number];

/** @throws InputError for anything but 'mean' and 'last' */
export function checkPooling(pooling: string): Pooling {
  const found = poolings.find((known) => known === pooling);
  if (!found) throw new InputError(`no pooling "${pooling}": choose of ${poolings.join(', ')}`);
  return found;
}

/**
 * Pooled hidden states of packed sequences; differentiable. The mean leaves out what stands before the text: a model pays
 * no heed to what it writes at the first token of a document, which draws attention that has nowhere to go.
 * @param hidden [rows, width]
 * @param sequenceStarts [sequences + 1]
 * @param leads tokens at the beginning of each sequence that are not the text's
 * @returns [sequences, width]
 */
export function pool(hidden: Tensor, sequenceStarts: Int32Array, leads: readonly number[], pooling: Pooling): Tensor {
  const ends = sequenceStarts.slice(1);
  const last = ends.map((end) => end - 1);
  if (pooling === 'last') return embedding(hidden, last);
  // An empty text has its lead alone.
  const from = last.map((row, s) => Math.min(row, sequenceStarts[s]! + leads[s]!));
  return rangeMeans(hidden, from, ends);
}
