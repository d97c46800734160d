/** Completions of prompts by the policy itself, judged, with what training must know of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { linear, scope, tokenLogProbs } from '../../engine/index.js';
import { answerEnds, generateTokens } from '../../generate/index.js';
import { InputError, RunError } from '../../io/errors.js';
import type { Transformer } from '../../model/index.js';
import { ChatTemplate } from '../../tokenizer/index.js';
import { type Example, exampleBatchesOnce } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { Policy } from '../policy.js';
import { promptText, type PromptExample } from '../preferences/index.js';
import type { RewardInput, Rewards } from '../rewards/index.js';

/** What the policy wrote. */
export interface Completion {
  prompt: PromptExample;
  /** [prompt + completion]; what was written is marked as learned, its end token included */
  example: Example;
  /** Tokens of the prompt. */
  start: number;
  /** Without the end token. */
  text: string;
  /** Whether it was cut at the limit, without an end token. */
  truncated: boolean;
  /** [completion] log-probabilities as it was sampled */
  sampled: Float32Array;
}

/** What models say of a completion's tokens, each [completion], in nats. */
export interface Scores {
  policy: Float32Array;
  reference: Float32Array;
  entropy: Float32Array;
  /** Value before each token; empty without a value head. */
  values: Float32Array;
}

export interface SampleOptions {
  maxNewTokens: number;
  seed: number;
}

/** Sequences that are generated at a time. */
const AT_A_TIME = 64;

/**
 * Tokens that end completions of these prompts.
 * @throws InputError for texts beside messages, which end differently, and for a template whose end of turn is no special token
 */
export function endTokens(
  { model, base }: Pick<Policy, 'model' | 'base'>,
  prompts: readonly PromptExample[],
): number[] {
  const texts = prompts.filter(({ prompt }) => typeof prompt === 'string').length;
  if (texts > 0 && texts < prompts.length)
    throw new InputError('the prompts are texts and messages, which end differently: give them to runs of their own');
  const { tokenizer, template } = base;
  const ends = [...model.config.eosTokenIds, ...(tokenizer.eos === null ? [] : [tokenizer.eos])];
  if (texts > 0) {
    if (ends.length === 0)
      throw new InputError('the model has no token that ends a text, so it could not learn to end');
    return ends;
  }
  const { stop, stopTokens } = answerEnds((template ?? ChatTemplate.standard).forTokenizer(tokenizer), tokenizer);
  if (stop.length > 0)
    throw new InputError(
      `the chat template ends a turn with ${JSON.stringify(stop[0])}, which is no special token: such a model can only be aligned by the direct methods`,
    );
  return [...new Set([...ends, ...stopTokens])];
}

/**
 * Samples one completion a prompt at temperature 1, with nothing left out: what is drawn has the probabilities that training
 * computes. A function of the weights, the prompts and the seed alone.
 */
export async function sampleCompletions(
  policy: Policy,
  prompts: readonly PromptExample[],
  { maxNewTokens, seed }: SampleOptions,
): Promise<Completion[]> {
  const { model, base } = policy;
  const completions: Completion[] = [];
  const stopTokens = prompts.length > 0 ? endTokens(policy, prompts) : [];
  for (let from = 0; from < prompts.length; from += AT_A_TIME) {
    const some = prompts.slice(from, from + AT_A_TIME);
    const ids = some.map((): number[] => []);
    const logProbs = some.map((): number[] => []);
    const ended = some.map(() => false);
    const options = { temperature: 1, maxTokens: maxNewTokens, stopTokens, seed: seed + from };
    const inputs = some.map(({ tokens }) => tokens);
    for await (const { sequence, id, logprob, finishReason } of generateTokens(model, inputs, options)) {
      ids[sequence]!.push(id);
      logProbs[sequence]!.push(logprob);
      if (finishReason === 'stop') ended[sequence] = true;
    }
    for (const [i, prompt] of some.entries()) {
      const own = ids[i]!;
      const words = (ended[i] ? own.slice(0, -1) : own).filter((id) => id < base.tokenizer.vocabSize);
      const text = base.tokenizer.decode(words, prompt.tokens.at(-1) ?? null);
      const tokens = Int32Array.of(...prompt.tokens, ...own);
      completions.push({
        prompt,
        example: { tokens, learned: new Uint8Array(tokens.length).fill(1, prompt.tokens.length), where: prompt.where },
        start: prompt.tokens.length,
        text: typeof prompt.prompt === 'string' ? text : text.trim(),
        truncated: !ended[i],
        sampled: Float32Array.from(logProbs[i]!),
      });
    }
  }
  return completions;
}

/** What rewards are given of a completion. */
export function rewardInput({ prompt, text, truncated, sampled }: Completion): RewardInput {
  return {
    prompt: prompt.prompt,
    promptText: promptText(prompt.prompt),
    completion: text,
    tokens: sampled.length - (truncated ? 0 : 1),
    truncated,
    example: prompt.record,
    where: prompt.where,
  };
}

/** Judges completions. @throws RunError where a reward fails, or is no number */
export async function judge(
  rewards: Rewards,
  completions: readonly Completion[],
): Promise<{ total: Float64Array; components: Map<string, Float64Array> }> {
  const scores = await rewards.score(completions.map(rewardInput));
  for (const [i, score] of scores.total.entries())
    if (!Number.isFinite(score))
      throw new RunError(
        `the reward of a completion of ${completions[i]!.prompt.where} is ${score}, which is no number`,
      );
  return scores;
}

/**
 * Log-probabilities of completions under policy and reference, entropies, and values with a head for them, by the forward pass
 * of training.
 * @param batchTokens most tokens that go through the model at a time, where a completion is not longer
 */
export async function scoreCompletions(
  policy: Policy,
  completions: readonly Completion[],
  head: ScoreHead | null,
  batchTokens: number,
): Promise<Scores[]> {
  const examples = completions.map(({ example }) => example);
  const all: Scores[] = [];
  const longest = examples.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const packing = { context: longest, rowsPerBatch: Math.max(1, Math.floor(batchTokens / longest)) };
  for (const batch of exampleBatchesOnce(examples, packing)) {
    const forward = (
      model: Transformer,
      own: boolean,
    ): { logProbs: Float32Array; entropy: Float32Array; values: Float32Array } =>
      scope(() => {
        const hidden = model.hidden(batch);
        const { logProbs, entropy } = tokenLogProbs(hidden, model.head, batch.targets, { entropy: own });
        return {
          logProbs: logProbs.data.slice(),
          entropy: entropy ? entropy.data.slice() : new Float32Array(0),
          values: own && head ? linear(hidden, head.weight).data.slice() : new Float32Array(0),
        };
      });
    const now = forward(policy.model, true);
    const before = policy.withReference((reference) => forward(reference, false));
    for (let s = 0; s + 1 < batch.sequenceStarts.length; s++) {
      // The last rows of a sequence predict its completion.
      const { start, example } = completions[all.length]!;
      const to = batch.sequenceStarts[s + 1]!;
      const from = to - (example.tokens.length - start);
      all.push({
        policy: now.logProbs.slice(from, to),
        entropy: now.entropy.slice(from, to),
        values: now.values.slice(from, to),
        reference: before.logProbs.slice(from, to),
      });
    }
    await nextTurn(); // signals and the screen get their turn
  }
  return all;
}

/** Share of the 4-grams of tokens that the completion has had before. */
export function repetition({ example, start }: Completion): number {
  const ids = example.tokens.subarray(start);
  const seen = new Set<string>();
  const grams = ids.length - 3;
  for (let i = 0; i < grams; i++) seen.add(ids.subarray(i, i + 4).join());
  return grams > 0 ? 1 - seen.size / grams : 0;
}
