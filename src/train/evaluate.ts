/** How well a model predicts text that training never saw. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { heldOutBatches, type TokenShards } from '../corpus/index.js';
import type { Transformer } from '../model/index.js';
import { totalLoss } from './objective.js';

export interface HeldOutResult {
  /** Nats a token, ends of documents included. */
  loss: number;
  /** Bits a byte of text: comparable between tokenizers. */
  bitsPerByte: number;
  /** Tokens scored. */
  tokens: number;
}

export interface HeldOutOptions {
  maxTokens?: number;
  stride?: number;
  /** Hears how many tokens have been scored. */
  onProgress?: (tokens: number) => void;
}

/**
 * Scores the held-out text, or its first `maxTokens`, in pieces of `context` that do not overlap. With a `stride` below
 * the context, each piece scores only its last `stride` tokens and the rest is history: slower, and fairer to the model.
 */
export async function evaluateHeldOut(
  model: Transformer,
  shards: TokenShards,
  context: number,
  { onProgress, ...options }: HeldOutOptions = {},
): Promise<HeldOutResult> {
  let [nats, tokens, bytes] = [0, 0, 0];
  for (const batch of heldOutBatches({
    shards,
    context,
    rowsPerBatch: Math.max(1, Math.floor(2048 / context)),
    ...options,
  })) {
    nats += totalLoss(model, batch);
    tokens += batch.scored;
    bytes += batch.bytes;
    onProgress?.(tokens);
    await nextTurn(); // signals and the screen get their turn
  }
  return { loss: nats / tokens, bitsPerByte: nats / Math.LN2 / bytes, tokens };
}
