/** Examples laid end to end as batches, with no padding and no attention from one to another. */
import { InputError } from '../../io/errors.js';
import type { TrainingBatch } from '../../train/index.js';
import type { Example } from './examples.js';

/** A batch of examples and how many of its tokens are learned. */
export type ExampleBatch = TrainingBatch & { scored: number };

/** How examples become batches. */
export interface PackingOptions {
  examples: readonly Example[];
  /** Most tokens of one sequence, virtual tokens included: the context of the model or less. */
  context: number;
  /** A batch has at most rowsPerBatch * context tokens. */
  rowsPerBatch: number;
  /** Ids of an adapter's virtual tokens, put before each example. */
  virtualTokens?: Int32Array;
}

/** Tokens that an example takes as input, virtual ones included: its last token is only predicted. */
export function inputLength(example: Example, virtual: number): number {
  return virtual + example.tokens.length - 1;
}

/** @throws InputError for sizes that are no whole numbers from 1, no example, and one that is longer than the context */
export function checkPacking({ examples, context, rowsPerBatch, virtualTokens }: PackingOptions): void {
  if (!Number.isInteger(context) || context < 1)
    throw new InputError(`the context must be a whole number of tokens from 1, not ${context}`);
  if (!Number.isInteger(rowsPerBatch) || rowsPerBatch < 1)
    throw new InputError(`a batch must have a whole number of rows from 1, not ${rowsPerBatch}`);
  if (examples.length === 0) throw new InputError('there is no example');
  const virtual = virtualTokens?.length ?? 0;
  const long = examples.find((example) => inputLength(example, virtual) > context);
  if (long)
    throw new InputError(
      `${long.where}: ${inputLength(long, virtual)} tokens${virtual > 0 ? ` (${virtual} of them virtual)` : ''} are more than the context of ${context}`,
    );
}

/** Lays examples out as one batch. [sum of input lengths] */
export function layOut(examples: readonly Example[], virtualTokens: Int32Array = new Int32Array(0)): ExampleBatch {
  const virtual = virtualTokens.length;
  const n = examples.reduce((sum, example) => sum + inputLength(example, virtual), 0);
  const batch: ExampleBatch = {
    tokens: new Int32Array(n),
    targets: new Int32Array(n).fill(-1),
    positions: new Int32Array(n),
    sequenceStarts: new Int32Array(examples.length + 1),
    scored: 0,
  };
  let at = 0;
  for (const [i, example] of examples.entries()) {
    const { tokens, learned } = example;
    const begin = at + virtual;
    const end = at + inputLength(example, virtual);
    batch.tokens.set(virtualTokens, at);
    batch.tokens.set(tokens.subarray(0, -1), begin);
    for (let j = 1; j < tokens.length; j++)
      if (learned[j]) {
        batch.targets[begin + j - 1] = tokens[j]!;
        batch.scored++;
      }
    for (let j = at; j < end; j++) batch.positions[j] = j - at;
    batch.sequenceStarts[i + 1] = at = end;
  }
  return batch;
}

/**
 * Bins of at most `capacity` for items of these lengths, taken in the given order: each goes into the first bin that has
 * room (first-fit, Johnson 1973). O(n log n) by a tree of the room in bins.
 */
export function firstFit(lengths: readonly number[], order: Uint32Array, capacity: number): number[][] {
  let leaves = 1;
  while (leaves < order.length) leaves *= 2;
  const room = new Float64Array(2 * leaves).fill(capacity); // of a node: the most room of a bin below it
  const bins: number[][] = [];
  for (const item of order) {
    const length = lengths[item]!;
    let node = 1;
    while (node < leaves) node = room[2 * node]! >= length ? 2 * node : 2 * node + 1;
    (bins[node - leaves] ??= []).push(item);
    room[node]! -= length;
    for (node >>= 1; node >= 1; node >>= 1) room[node] = Math.max(room[2 * node]!, room[2 * node + 1]!);
  }
  return bins;
}
