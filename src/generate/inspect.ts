/** A look inside: what a model makes of a text, step by step. */
import { scope } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import type { ModelConfig, Transformer } from '../model/index.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { promptTokens } from './text.js';

export interface Candidate {
  id: number;
  text: string;
  probability: number;
}

export interface InspectedToken {
  id: number;
  text: string;
  /** What the model thought likely at this place, best first, before it saw the token. Empty for the first. */
  expected: Candidate[];
  /** Probability it gave to the token itself; null for the first. */
  probability: number | null;
}

export interface Inspection {
  tokens: InspectedToken[];
  /** What may follow the text, best first. */
  next: Candidate[];
  /** How much the last token looks at each token, [layer][head][token]; each head's row sums to 1. */
  attention: number[][][];
  /** Tokens whose embeddings point most nearly where the last token's does, with the cosine. */
  neighbours: { id: number; text: string; cosine: number }[];
}

/**
 * Runs a text through the model once and keeps what it shows.
 * @param most how many candidates and neighbours to list
 * @throws InputError when the text leaves no room in the context
 */
export function inspectText(model: Transformer, tokenizer: Tokenizer, text: string, most = 5): Inspection {
  const { config } = model;
  const ids = promptTokens(tokenizer, text);
  if (ids.length > config.context)
    throw new InputError(`the text has ${ids.length} tokens, the context of the model ${config.context}`);
  const n = ids.length;
  const attention: number[][][] = [];
  const rows = scope(() => {
    const batch = {
      tokens: Int32Array.from(ids),
      positions: Int32Array.from(ids, (_, i) => i),
      sequenceStarts: Int32Array.of(0, n),
    };
    const hidden = model.hidden(batch, {
      observe: (projections) => attention.push(lastRowWeights(config, projections.data, n)),
    });
    const logits = model.logits(hidden).data;
    return Array.from({ length: n }, (_, i) =>
      softmax(logits.subarray(i * config.vocabSize, (i + 1) * config.vocabSize)),
    );
  });
  const describe = (id: number) => ({ id, text: tokenizer.decode([id]) });
  const candidates = (probabilities: Float64Array): Candidate[] =>
    largest(probabilities, most).map((id) => ({ ...describe(id), probability: probabilities[id]! }));
  return {
    tokens: [...ids].map((id, i) => {
      const before = rows[i - 1];
      return { ...describe(id), expected: before ? candidates(before) : [], probability: before ? before[id]! : null };
    }),
    next: candidates(rows[n - 1]!),
    attention,
    neighbours: nearest(model, ids[n - 1]!, most).map(({ id, cosine }) => ({ ...describe(id), cosine })),
  };
}

/** Attention weights of the last row, [head][key]. @param qkv [rows, (heads + 2 kvHeads) · headDim] */
function lastRowWeights(config: ModelConfig, qkv: Float32Array, rows: number): number[][] {
  const { heads, kvHeads, headDim } = config;
  const stride = (heads + 2 * kvHeads) * headDim;
  const first = Math.max(0, rows - (config.slidingWindow ?? rows));
  return Array.from({ length: heads }, (_, h) => {
    const query = (rows - 1) * stride + h * headDim;
    const key = (heads + Math.floor((h * kvHeads) / heads)) * headDim;
    const scores = Float64Array.from({ length: rows }, (__, row) => {
      if (row < first) return -Infinity;
      let dot = 0;
      for (let d = 0; d < headDim; d++) dot += qkv[query + d]! * qkv[row * stride + key + d]!;
      return dot / Math.sqrt(headDim);
    });
    return [...softmax(scores)];
  });
}

function softmax(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const best = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = values.map((x) => Math.exp(x - best));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((x) => x / total);
}

function largest(values: Float64Array, count: number): number[] {
  return Array.from(values.keys())
    .toSorted((a, b) => values[b]! - values[a]! || a - b)
    .slice(0, count);
}

function nearest(model: Transformer, id: number, count: number): { id: number; cosine: number }[] {
  const { width, vocabSize } = model.config;
  const table = model.parameters.get('embed.weight')!.data;
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += table[a * width + d]! * table[b * width + d]!;
    return sum;
  };
  const cosines = Float64Array.from({ length: vocabSize }, (_, other) =>
    other === id ? -Infinity : dot(id, other) / Math.sqrt(dot(id, id) * dot(other, other)),
  );
  return largest(cosines, Math.min(count, vocabSize - 1)).map((other) => ({ id: other, cosine: cosines[other]! }));
}
