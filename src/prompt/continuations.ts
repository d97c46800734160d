/**
 * How likely a model finds given continuations of prompts. What prompts have in common from their beginning, such as an
 * instruction and its examples, is computed once and its keys and values copied to each: few-shot prompts are mostly that.
 */
import { embedding, scope, tokenLogProbs } from '../engine/index.js';
import type { LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { KvCache } from '../model/index.js';

/** Prompts computed together. */
const MOST_SLOTS = 8;
/** A shorter beginning in common costs more to copy than to compute. */
const LEAST_SHARED = 12;

export interface Continuations {
  /** The prompt's token ids, at least one. */
  prompt: ArrayLike<number>;
  /** Token ids of each continuation, at least one each. */
  answers: readonly ArrayLike<number>[];
}

export class ContinuationScorer {
  /** Tokens computed so far. */
  tokens = 0;
  private readonly lm: LanguageModel;
  private cache: KvCache;
  /** What slot 0 holds of the last prefix. */
  private prefix: number[] = [];

  /** Takes memory as prompts need it; free it with {@link dispose}. */
  constructor(lm: LanguageModel) {
    this.lm = lm;
    this.cache = new KvCache(lm.model.config, MOST_SLOTS, Math.min(256, lm.model.config.context));
  }

  /** log p(answer | prompt) in nats, summed over the answer's tokens: one array for each item. */
  score(items: readonly Continuations[]): Float64Array[] {
    const results: Float64Array[] = [];
    for (let at = 0; at < items.length; at += MOST_SLOTS)
      results.push(...this.scoreTogether(items.slice(at, at + MOST_SLOTS)));
    return results;
  }

  dispose(): void {
    this.cache.dispose();
  }

  private scoreTogether(items: readonly Continuations[]): Float64Array[] {
    const slots = items.map((_, i) => i);
    this.makeRoom(Math.max(...items.map(({ prompt, answers }) => prompt.length + longest(answers) - 1)));
    const shared = this.shareBeginning(items.map(({ prompt }) => prompt));
    const rest = items.map(({ prompt }) => Array.from(prompt).slice(shared));
    const results = items.map(({ answers }) => new Float64Array(answers.length));
    scope(() => {
      const { model } = this.lm;
      const hidden = this.extend(rest, slots);
      const last = embedding(hidden, lastOf(rest)); // [items, width]
      const most = Math.max(...items.map(({ answers }) => answers.length));
      for (let k = 0; k < most; k++) {
        const having = slots.filter((i) => items[i]!.answers.length > k);
        const first = having.map((i) => items[i]!.answers[k]![0]!);
        const found = tokenLogProbs(
          embedding(last, Int32Array.from(having)),
          model.head,
          Int32Array.from(first),
        ).logProbs;
        having.forEach((i, row) => (results[i]![k] = found.data[row]!));
        this.addLater(items, k, results);
      }
    });
    for (const slot of slots) this.cache.truncate(slot, Math.min(this.cache.length(slot), this.prefix.length));
    return results;
  }

  /** Adds the log-probabilities of all tokens of answer `k` but the first. */
  private addLater(items: readonly Continuations[], k: number, results: readonly Float64Array[]): void {
    const having = items.flatMap(({ answers }, i) => ((answers[k]?.length ?? 0) > 1 ? [i] : []));
    if (having.length === 0) return;
    const before = having.map((i) => this.cache.length(i));
    const answers = having.map((i) => Array.from(items[i]!.answers[k]!));
    scope(() => {
      const hidden = this.extend(
        answers.map((ids) => ids.slice(0, -1)),
        having,
      );
      const targets = Int32Array.from(answers.flatMap((ids) => ids.slice(1)));
      const { data } = tokenLogProbs(hidden, this.lm.model.head, targets).logProbs;
      let row = 0;
      having.forEach((i, at) => {
        for (let j = 1; j < answers[at]!.length; j++) results[i]![k]! += data[row++]!;
      });
    });
    having.forEach((slot, at) => this.cache.truncate(slot, before[at]!));
  }

  /** Puts what the prompts have in common into their slots, and says how many tokens that are. */
  private shareBeginning(prompts: readonly ArrayLike<number>[]): number {
    const [first, ...others] = prompts;
    const before = commonLength(this.prefix, first!);
    let shared = first!.length - 1; // the last token's hidden state is needed from each
    if (others.length === 0) shared = Math.min(shared, before);
    for (const other of others) shared = Math.min(shared, commonLength(first!, other), other.length - 1);
    if (shared < LEAST_SHARED) shared = 0;
    const kept = Math.min(before, shared);
    this.cache.truncate(0, Math.min(this.cache.length(0), kept));
    if (shared > kept) scope(() => void this.extend([Array.from(first!).slice(kept, shared)], [0]));
    this.prefix = Array.from(first!).slice(0, shared);
    for (let slot = 1; slot < prompts.length; slot++) {
      this.cache.truncate(slot, 0);
      if (shared === 0) continue;
      this.cache.append([slot], [shared]);
      for (const { data, columns } of this.cache.layers)
        data.copyWithin(slot * this.cache.capacity * columns, 0, shared * columns);
    }
    return shared;
  }

  /** A larger cache where prompts are longer than any before. @throws InputError beyond the context */
  private makeRoom(length: number): void {
    const { config } = this.lm.model;
    if (length > config.context)
      throw new InputError(`a prompt has ${length} tokens with its answer, the context of the model ${config.context}`);
    if (length <= this.cache.capacity) return;
    this.cache.dispose();
    this.cache = new KvCache(config, MOST_SLOTS, Math.min(config.context, Math.ceil(length * 1.25)));
    this.prefix = [];
  }

  private extend(ids: readonly number[][], slots: readonly number[]) {
    const tokens = Int32Array.from(ids.flat());
    this.tokens += tokens.length;
    return this.lm.model.extend(
      tokens,
      this.cache,
      slots,
      ids.map((each) => each.length),
    );
  }
}

function longest(answers: readonly ArrayLike<number>[]): number {
  return Math.max(0, ...answers.map((ids) => ids.length));
}

function lastOf(sequences: readonly (readonly number[])[]): Int32Array {
  let end = 0;
  return Int32Array.from(sequences, (ids) => (end += ids.length) - 1);
}

function commonLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) if (a[i] !== b[i]) return i;
  return most;
}
