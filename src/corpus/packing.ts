/**
 * Packed batches: pieces of documents laid end to end, with the lengths that keep attention inside each piece. There is
 * no padding, so every row of the batch is work that counts.
 */
import type { TokenShards, TokenSplit } from './shards.js';

/** What one forward pass takes and what it is to predict. */
export interface PackedBatch {
  /** Input tokens. [n] */
  tokens: Int32Array;
  /** Token to predict after each input token; -1 is not scored. [n] */
  targets: Int32Array;
  /** Place within the piece, from 0. [n] */
  positions: Int32Array;
  /** Where each piece begins, and at last n. [pieces + 1] */
  sequenceStarts: Int32Array;
  /** Targets that are scored. */
  scored: number;
  /** Bytes of text of the scored targets. The end of a document adds none. */
  bytes: number;
}

/** Part of a document: `length` tokens from `from` on, counted from its start token, as input. */
export interface Piece {
  document: number;
  from: number;
  length: number;
  /** Only the last so many targets are scored; all where it is missing. */
  scored?: number;
}

/** Lays pieces out as a batch. The target of a document's last token is the end token. */
export function pack(shards: TokenShards, split: TokenSplit, pieces: readonly Piece[]): PackedBatch {
  const n = pieces.reduce((sum, { length }) => sum + length, 0);
  const batch: PackedBatch = {
    tokens: new Int32Array(n),
    targets: new Int32Array(n),
    positions: new Int32Array(n),
    sequenceStarts: new Int32Array(pieces.length + 1),
    scored: 0,
    bytes: 0,
  };
  let at = 0;
  for (const [i, { document, from, length, scored = length }] of pieces.entries()) {
    const start = split.starts[document]!;
    const ends = start + from + length === split.starts[document + 1];
    const tokens = batch.tokens.subarray(at, at + length);
    const targets = batch.targets.subarray(at, at + length);
    split.read(start + from, tokens);
    targets.set(tokens.subarray(1));
    if (ends) targets[length - 1] = shards.endToken;
    else split.read(start + from + length, targets.subarray(length - 1));
    targets.fill(-1, 0, length - scored);
    for (let j = 0; j < length; j++) batch.positions[at + j] = j;
    for (let j = length - scored; j < (ends ? length - 1 : length); j++) batch.bytes += shards.tokenBytes[targets[j]!]!;
    if (ends) batch.bytes += split.surplus[document]!;
    batch.scored += scored;
    at += length;
    batch.sequenceStarts[i + 1] = at;
  }
  return batch;
}
