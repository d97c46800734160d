/** Labelled texts as packed batches for a head, its gradients, and its loss. */
import { rangeMeans, scope, Tape, type Tensor, tokenLogProbs, weightedSum } from '../engine/index.js';
import type { LanguageModel } from '../generate/index.js';
import type { Transformer } from '../model/index.js';
import type { ScoreHead } from './head.js';
import { groupByTokens, pack, type PackedSequences } from './pack.js';
import { pool, type Pooling } from './pool.js';
import { type TextWindow, textWindows } from './sequences.js';

/** A text to learn from: its windows, its label, and how much it counts. */
export interface HeadExample {
  windows: readonly TextWindow[];
  label: number;
  weight: number;
}

export interface TextBatch extends PackedSequences {
  /** Tokens before the text's own, for each sequence. */
  leads: number[];
  /** [texts] first sequence of each text */
  from: Int32Array;
  /** [texts] sequence after its last */
  to: Int32Array;
  /** [texts] number of its label */
  labels: Int32Array;
  /** [texts] */
  weights: Float32Array;
  /** Texts in it: terms of the loss. */
  scored: number;
}

/** Texts with at most their first `maxTokens` tokens. */
export function headExamples(
  lm: LanguageModel,
  texts: readonly string[],
  labels: ArrayLike<number>,
  classWeights: readonly number[],
  { pooling, maxTokens }: { pooling: Pooling; maxTokens: number },
): HeadExample[] {
  const only = pooling === 'last' ? pooling : undefined;
  return texts.map((text, i) => {
    const windows = textWindows(lm, text, i, { only });
    const most = Math.max(1, Math.floor(maxTokens / windows[0]!.tokens.length));
    return { windows: windows.slice(0, most), label: labels[i]!, weight: classWeights[labels[i]!]! };
  });
}

/** One pass over the examples in the order given, in batches of at most `batchTokens` tokens. */
export function* textBatches(examples: readonly HeadExample[], batchTokens: number): Generator<TextBatch> {
  const lengths = examples.map(({ windows }) => windows.reduce((sum, { tokens }) => sum + tokens.length, 0));
  for (const group of groupByTokens(lengths, batchTokens)) {
    const own = group.map((i) => examples[i]!);
    const windows = own.flatMap((example) => example.windows);
    const to = new Int32Array(own.length);
    for (const [i, example] of own.entries()) to[i] = (to[i - 1] ?? 0) + example.windows.length;
    yield {
      ...pack(windows.map(({ tokens }) => tokens)),
      leads: windows.map(({ lead }) => lead),
      from: Int32Array.from(own, (_, i) => to[i - 1] ?? 0),
      to,
      labels: Int32Array.from(own, ({ label }) => label),
      weights: Float32Array.from(own, ({ weight }) => weight),
      scored: own.length,
    };
  }
}

/** One vector a text, [texts, width]; differentiable. */
export function textVectors(model: Transformer, batch: TextBatch, pooling: Pooling): Tensor {
  const pooled = pool(model.hidden(batch), batch.sequenceStarts, batch.leads, pooling); // [windows, width]
  return batch.leads.length === batch.scored ? pooled : rangeMeans(pooled, batch.from, batch.to);
}

/** Adds the gradient of Σ weight · -log p(label) / `textsInStep` to head and model, and returns that sum. */
export function headGradients(model: Transformer, head: ScoreHead, batch: TextBatch, textsInStep: number): number {
  const weights = batch.weights.map((weight) => -weight / textsInStep);
  return scope(() => {
    const tape = new Tape();
    const loss = tape.run(() => {
      const vectors = textVectors(model, batch, head.pooling);
      return weightedSum(tokenLogProbs(vectors, head.weight, batch.labels, { expected: weights }).logProbs, weights);
    });
    const value = loss.item();
    tape.backward(loss);
    return value;
  });
}

/** Mean of weight · -log p(label) over examples, without gradients. */
export function headLoss(model: Transformer, head: ScoreHead, batches: Iterable<TextBatch>): number {
  let [sum, texts] = [0, 0];
  for (const batch of batches)
    scope(() => {
      const { logProbs } = tokenLogProbs(textVectors(model, batch, head.pooling), head.weight, batch.labels);
      for (let i = 0; i < batch.scored; i++) sum -= batch.weights[i]! * logProbs.data[i]!;
      texts += batch.scored;
    });
  return sum / texts;
}
