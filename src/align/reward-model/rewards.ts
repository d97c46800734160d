/** Rewards of answers: the head's one label on what the model makes of a prompt with its answer. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { embedding, rangeMeans, scope, type Tensor } from '../../engine/index.js';
import { RunError } from '../../io/errors.js';
import type { Transformer } from '../../model/index.js';
import { type Example, type ExampleBatch, layOut } from '../../tune/index.js';
import type { Pooling, ScoreHead } from '../../understand/index.js';

/** Tokens that go through the model at a time where nothing is learned. */
const TOKENS_AT_A_TIME = 2048;

/**
 * Rewards of packed answers, [sequences, 1]; differentiable. The model reads up to the answer's last token, not what ends
 * it: an answer that was cut short is judged as one that ended there.
 */
export function answerRewards(model: Transformer, head: ScoreHead, batch: ExampleBatch): Tensor {
  return head.scores(poolAnswers(model.hidden(batch), batch, head.pooling));
}

/**
 * One vector an answer: the state of its last token, or the mean over its tokens. Where it has none, its prompt's last.
 * @param hidden [tokens, width]
 * @returns [sequences, width]
 */
export function poolAnswers(hidden: Tensor, batch: ExampleBatch, pooling: Pooling): Tensor {
  const { sequenceStarts: starts, targets } = batch;
  const ends = starts.slice(1);
  const last = ends.map((end) => end - 1);
  if (pooling === 'last') return embedding(hidden, last);
  const from = last.map((row, s) => {
    const predicts = targets.subarray(starts[s]!, ends[s]!).findIndex((target) => target >= 0); // the answer's first token
    return Math.min(row, starts[s]! + predicts + 1);
  });
  return rangeMeans(hidden, from, ends);
}

/**
 * Rewards of examples, in their order, without gradients.
 * @throws RunError when the model gives what is no number
 */
export async function scoreExamples(
  model: Transformer,
  head: ScoreHead,
  examples: readonly Example[],
): Promise<Float64Array> {
  const rewards = new Float64Array(examples.length);
  for (let first = 0; first < examples.length;) {
    let [end, tokens] = [first, 0];
    while (end < examples.length && (end === first || tokens + examples[end]!.tokens.length <= TOKENS_AT_A_TIME))
      tokens += examples[end++]!.tokens.length;
    const batch = layOut(examples.slice(first, end), model.virtualTokens);
    scope(() => rewards.set(answerRewards(model, head, batch).data, first));
    first = end;
    await nextTurn(); // signals and the screen get their turn
  }
  const bad = rewards.findIndex((reward) => !Number.isFinite(reward));
  if (bad >= 0) throw new RunError(`the reward of ${examples[bad]!.where} is ${rewards[bad]}: the model is damaged`);
  return rewards;
}
