/**
 * Token generation over a KV cache: one packed prefill, in which equal prompts are read once, then one step at a time for
 * all unfinished sequences.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { embedding, scope, type Tensor } from '../engine/index.js';
import { InputError, RunError } from '../io/errors.js';
import { KvCache, type Transformer } from '../model/index.js';
import type { CompiledConstraint } from './constraint/index.js';
import { type SampledToken, Sampler, type SamplingOptions } from './sampler.js';

export interface TokenOptions extends SamplingOptions {
  /** Most new tokens per sequence. Default 256. */
  maxTokens?: number;
  /** Tokens that end a sequence; they are reported, then the sequence is done. */
  stopTokens?: readonly number[];
  /**
   * What the tokens of every sequence must spell: always, and within the tokens there are, before a stop token or the
   * limit ends it. A sequence that can only end has ended ('stop'), without a stop token.
   */
  constraint?: CompiledConstraint;
  /** The random stream of each sequence, for one that shall not depend on its place. Default its number from 1. */
  streams?: readonly number[];
}

export type FinishReason = 'stop' | 'length';

export interface TokenEvent extends SampledToken {
  /** Which prompt the token continues. */
  sequence: number;
  /** Set on a sequence's last token: 'stop' for a stop token, 'length' for the limit or the end of the context. */
  finishReason: FinishReason | null;
}

/**
 * Continues several prompts at once, whatever their lengths. Each sequence samples from a random stream of its own, so
 * its tokens do not depend on which others share the batch. Virtual tokens of a soft prompt go before each and count.
 * `cancel(sequence)` ends one of them: a caller that has seen a stop string says so and pays for no further tokens.
 * @throws InputError when a prompt is empty or leaves no room in the context, or not enough for the constraint.
 */
export async function* generateTokens(
  model: Transformer,
  prompts: readonly ArrayLike<number>[],
  options: TokenOptions = {},
  cancelled: ReadonlySet<number> = new Set(),
): AsyncGenerator<TokenEvent> {
  const { context, vocabSize } = model.config;
  const virtual = model.virtualTokens;
  const { maxTokens = 256, stopTokens = [] } = options;
  if (!Number.isInteger(maxTokens) || maxTokens < 1)
    throw new InputError(`max tokens must be from 1, not ${maxTokens}`);
  for (const prompt of prompts) {
    if (prompt.length === 0)
      throw new InputError('a prompt needs at least one token (this tokenizer has no BOS token)');
    if (virtual.length + prompt.length >= context)
      throw new InputError(
        virtual.length > 0
          ? `the prompt has ${prompt.length} tokens and ${virtual.length} virtual ones, the context ${context}`
          : `the prompt has ${prompt.length} tokens, the context ${context}`,
      );
  }
  if (prompts.length === 0) return;
  const longest = virtual.length + Math.max(...prompts.map((prompt) => prompt.length));
  const cache = new KvCache(model.config, prompts.length, Math.min(context, longest + maxTokens));
  try {
    const samplers = prompts.map((_, i) => new Sampler(options, options.streams?.[i] ?? i + 1));
    const histories = prompts.map((prompt) => Array.from(prompt));
    const constraints = histories.map((ids) => {
      const room = Math.min(maxTokens, cache.capacity - virtual.length - ids.length + 1);
      return options.constraint?.start({ previous: ids.at(-1)!, ends: stopTokens, maxTokens: room });
    });
    let active = prompts.map((_, i) => i);
    let { slots, places } = distinct(prompts);
    let input = slots.map((slot) => [...virtual, ...histories[slot]!]);
    for (let made = 1; active.length > 0; made++) {
      const sampled = scope(() => {
        const counts = input.map((ids) => ids.length);
        const hidden = model.extend(Int32Array.from(input.flat()), cache, slots, counts);
        const logits = model.logits(counts.every((count) => count === 1) ? hidden : lastRows(hidden, counts)).data;
        return active.map((sequence, i) => {
          const place = places[i]!;
          const slot = slots[place]!;
          if (slot !== sequence) cache.fork(cache, slot, cache.length(slot), [sequence]);
          const row = logits.subarray(place * vocabSize, (place + 1) * vocabSize);
          const token = samplers[sequence]!.next(row, histories[sequence]!, constraints[sequence]?.allowed());
          if (!Number.isFinite(token.logprob))
            throw new RunError('the model gave no finite probabilities: its weights are damaged');
          return token;
        });
      });
      const going: number[] = [];
      input = [];
      for (const [i, token] of sampled.entries()) {
        const sequence = active[i]!;
        histories[sequence]!.push(token.id);
        constraints[sequence]?.accept(token.id);
        const full = made >= maxTokens || cache.length(sequence) >= cache.capacity;
        const ended = stopTokens.includes(token.id) || constraints[sequence]?.done;
        const finishReason = ended ? 'stop' : full ? 'length' : null;
        yield { sequence, ...token, finishReason };
        if (finishReason || cancelled.has(sequence)) continue;
        going.push(sequence);
        input.push([token.id]);
      }
      active = slots = going;
      places = going.map((_, i) => i);
      await nextTurn(); // signals and sockets get their turn between tokens
    }
  } finally {
    cache.dispose();
  }
}

/** The prompts that differ from all before them (`slots`), and the place among them of each prompt's equal. */
function distinct(prompts: readonly ArrayLike<number>[]): { slots: number[]; places: number[] } {
  const known = new Map<string, number>();
  const slots: number[] = [];
  const places = prompts.map((prompt, i) => {
    const key = Array.from(prompt).join();
    const place = known.get(key) ?? slots.push(i) - 1;
    known.set(key, place);
    return place;
  });
  return { slots, places };
}

/** The last row of each sequence of a packed batch. */
function lastRows(hidden: Tensor, counts: readonly number[]): Tensor {
  const last = new Int32Array(counts.length);
  let end = 0;
  for (const [i, count] of counts.entries()) {
    end += count;
    last[i] = end - 1;
  }
  return embedding(hidden, last);
}
