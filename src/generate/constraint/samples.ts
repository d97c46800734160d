/** Constraints tried out without a model, for the tests and the benchmark. */
import { Random } from '../../io/hash-random.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import type { CompiledConstraint, Constraint } from './constraint.js';

/** The ids whose bits are set. */
export function idsOf(bits: Uint32Array): number[] {
  const ids: number[] = [];
  for (let id = 0; id < bits.length * 32; id++) if ((bits[id >> 5]! >>> (id & 31)) & 1) ids.push(id);
  return ids;
}

/**
 * Tokens chosen uniformly of those allowed, until the end. That is harsher than a model: it goes into every corner.
 * @throws Error when neither a token nor the end is allowed
 */
export function randomTokens(constraint: CompiledConstraint, maxTokens: number, random: Random): number[] {
  const running = constraint.start({ maxTokens, ends: [] });
  const tokens: number[] = [];
  for (;;) {
    if (running.done) return tokens;
    const ids = idsOf(running.allowed());
    if (ids.length === 0 && !running.accepting) throw new Error('no token is allowed and the text is not finished');
    // Where the text may end, it does so now and then.
    if (running.accepting && (ids.length === 0 || random.int(4) === 0)) return tokens;
    const id = ids[random.int(ids.length)]!;
    running.accept(id);
    tokens.push(id);
  }
}

/** Whether a text is accepted when it comes in these tokens, each of which must be in the mask. */
export function acceptsTokens(running: Constraint, ids: ArrayLike<number>): boolean {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (!((running.allowed()[id >> 5]! >>> (id & 31)) & 1)) return false;
    running.accept(id);
  }
  return running.accepting;
}

export function acceptsText(constraint: CompiledConstraint, tokenizer: Tokenizer, text: string): boolean {
  return acceptsTokens(constraint.start(), tokenizer.encode(text));
}
