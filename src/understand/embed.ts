/** Sentence embeddings from any model of ours: pooled final hidden states. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scope } from '../engine/index.js';
import type { LanguageModel } from '../generate/index.js';
import { groupByTokens, pack } from './pack.js';
import { checkPooling, pool, type Pooling } from './pool.js';
import { textWindows } from './sequences.js';

export interface EmbedOptions {
  /** Default 'mean'. */
  pooling?: Pooling;
  /** Length 1, so that dot products are cosines. Default true. */
  normalize?: boolean;
  /** Most tokens a batch. Default 2048. */
  batchTokens?: number;
  /** Most tokens of a window; the model's context unless given. */
  context?: number;
  /** Hears how many texts are done. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * An embedding [width] for each text. A text longer than the context is read in even windows and is the mean of theirs;
 * with pooling 'last', only its end is read.
 * @throws InputError for an empty text with a tokenizer that has no BOS token
 */
export async function embedTexts(
  lm: LanguageModel,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<Float32Array[]> {
  const { normalize = true, batchTokens = 2048, onProgress, context } = options;
  const pooling = checkPooling(options.pooling ?? 'mean');
  const only = pooling === 'last' ? pooling : undefined;
  const { width } = lm.model.config;
  const windows = texts.flatMap((text, i) => textWindows(lm, text, i, { only, context }));
  const sums = texts.map(() => new Float64Array(width));
  const counts = new Int32Array(texts.length);
  const sequences = windows.map(({ tokens }) => tokens);
  let done = 0;
  for (const members of groupByTokens(
    sequences.map(({ length }) => length),
    batchTokens,
  )) {
    scope(() => {
      const batch = pack(sequences, members);
      const own = members.map((i) => windows[i]!);
      const leads = own.map(({ lead }) => lead);
      const pooled = pool(lm.model.hidden(batch), batch.sequenceStarts, leads, pooling).data;
      for (const [at, { text }] of own.entries()) {
        const sum = sums[text]!;
        counts[text]!++;
        for (let j = 0; j < width; j++) sum[j]! += pooled[at * width + j]!;
      }
    });
    done = windows[members.at(-1)!]!.text;
    onProgress?.(done, texts.length);
    await nextTurn(); // signals and the screen get their turn
  }
  onProgress?.(texts.length, texts.length);
  return sums.map((sum, i) => {
    const vector = Float32Array.from(sum, (x) => x / counts[i]!);
    return normalize ? normalized(vector) : vector;
  });
}

/** The vector at length 1; zeros stay zeros. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length > 0 ? vector.map((x) => x / length) : vector;
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Takes the mean of the set from each embedding and brings it to length 1 again: what all texts share says nothing about
 * which are alike (Mu & Viswanath 2018, "All-but-the-Top", its first half).
 * @param mean of the set; that of `embeddings` unless given
 */
export function centred(embeddings: readonly Float32Array[], mean = meanOf(embeddings)): Float32Array[] {
  return embeddings.map((vector) => normalized(vector.map((x, j) => x - mean[j]!)));
}

/** The mean vector. */
export function meanOf(embeddings: readonly Float32Array[]): Float32Array {
  const sum = new Float64Array(embeddings[0]?.length ?? 0);
  for (const vector of embeddings) for (let j = 0; j < sum.length; j++) sum[j]! += vector[j]!;
  return Float32Array.from(sum, (x) => x / embeddings.length);
}

/** The `count` embeddings with the highest cosine to `query`, best first, ties in order. All have length 1. */
export function nearestEmbeddings(
  query: Float32Array,
  embeddings: readonly Float32Array[],
  count: number,
): { index: number; cosine: number }[] {
  return embeddings
    .map((vector, index) => ({ index, cosine: dot(query, vector) }))
    .sort((a, b) => b.cosine - a.cosine || a.index - b.index)
    .slice(0, count);
}
