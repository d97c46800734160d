/** The held-out text as batches: every token predicted exactly once. */
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { length } from './epoch.js';
import { pack, type PackedBatch, type Piece } from './packing.js';
import type { TokenShards } from './shards.js';
import { checkSizes } from './training-batches.js';

export interface HeldOutOptions {
  shards: TokenShards;
  /** Longest piece, in tokens. */
  context: number;
  /** A batch has at most rowsPerBatch * context tokens. */
  rowsPerBatch: number;
  /** Stop once this many tokens are scored, after pieces taken from anywhere in the text; all by default. */
  maxTokens?: number;
  /**
   * Tokens each piece scores, the rest of its context being text before them: from 1 to `context` (the default, with
   * which pieces do not overlap). Less is slower and fairer, for then no token is predicted from nearly nothing.
   */
  stride?: number;
}

/**
 * Goes through the held-out documents in pieces, in an order that is always the same and mixes all documents, so that
 * the first `maxTokens` speak for the whole. With nats summed over all batches, nats / ln 2 / bytes is the bits per byte
 * of the text; the ends of documents cost nats and add no bytes.
 * @throws InputError for sizes that are not whole numbers in their range
 */
export function* heldOutBatches(options: HeldOutOptions): Generator<PackedBatch> {
  const { shards, context, rowsPerBatch, maxTokens = Infinity, stride = context } = options;
  checkSizes(context, rowsPerBatch);
  if (!Number.isInteger(stride) || stride < 1 || stride > context)
    throw new InputError(
      `the stride must be a whole number of tokens from 1 to the context of ${context}, not ${stride}`,
    );
  const split = shards.heldOut;
  const pieces: Piece[] = [];
  for (let document = 0; document < split.documents; document++) {
    const end = length(split, document);
    for (let done = 0; done < end;) {
      const to = Math.min(end, done === 0 ? context : done + stride);
      const from = Math.max(0, to - context);
      pieces.push({ document, from, length: to - from, scored: to - done });
      done = to;
    }
  }
  new Random(0).shuffle(pieces);
  let [taken, size, scored] = [[] as Piece[], 0, 0];
  for (const piece of pieces) {
    if (scored >= maxTokens) break;
    if (size + piece.length > rowsPerBatch * context) {
      yield pack(shards, split, taken);
      [taken, size] = [[], 0];
    }
    taken.push(piece);
    size += piece.length;
    scored += piece.scored!;
  }
  if (taken.length > 0) yield pack(shards, split, taken);
}
