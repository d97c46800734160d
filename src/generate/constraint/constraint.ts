/** What generation sees of a constraint: which tokens may come next, and that one came. */
import { InputError } from '../../io/errors.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import type { Grammar } from './grammar.js';
import { Machine, type State } from './machine.js';
import { Masks } from './masks.js';
import { type Bits, vocabularyAfter, vocabularyOf } from './vocabulary.js';

/** One sequence's place in a constraint. */
export interface Constraint {
  /**
   * Bit i of word i >> 5: token i is allowed. Valid until the next call; not to be changed. There is always one, unless
   * the constraint is done and no token ends a sequence.
   */
  allowed(): Uint32Array;
  /** Takes the next token. @throws InputError for one that is not allowed */
  accept(id: number): void;
  /** Only the end is allowed. */
  readonly done: boolean;
  /** The text may end here. */
  readonly accepting: boolean;
}

export interface StartOptions {
  /** The token before the first one, or null; some tokenizers drop a space after it. Default: an ordinary token. */
  previous?: number | null;
  /** Tokens that end a sequence, allowed where the text may end. Default: the tokenizer's. */
  ends?: readonly number[];
  /** Most tokens, the end not counted: tokens after which the text could not be finished in time are not allowed. */
  maxTokens?: number;
}

/** A constraint that any number of sequences share. */
export interface CompiledConstraint {
  /** @throws InputError when no text fits into `maxTokens` */
  start(options?: StartOptions): Constraint;
}

/**
 * Makes a grammar ready for the tokens of a tokenizer.
 * @param what names it in errors
 * @throws InputError when it has no text, or none that the tokenizer can write
 */
export function compileGrammar(grammar: Grammar, root: number, tokenizer: Tokenizer, what: string): CompiledConstraint {
  const vocabulary = vocabularyOf(tokenizer);
  grammar.finish(vocabulary.safe);
  const machine = new Machine(grammar, root, vocabulary.safe);
  const masks = new Masks(machine, vocabulary);
  const first = machine.start();
  if (first.configurations.length === 0 && !first.accepting) throw new InputError(`${what} allows no text at all`);
  if (first.distance === Infinity) throw new InputError(`${what} allows no text that this tokenizer can write`);
  return {
    start: (options = {}) => new RunningConstraint(machine, masks, tokenizer, options, what),
  };
}

class RunningConstraint implements Constraint {
  readonly #machine: Machine;
  readonly #masks: Masks;
  readonly #tokenizer: Tokenizer;
  readonly #ends: readonly number[];
  readonly #what: string;
  /** A mask of this sequence's own, where it is not the one all share. */
  readonly #own: Bits;
  #state: State;
  #left: number;
  /** The token before, as long as it makes a difference; undefined then. */
  #previous: number | null | undefined;
  #finished = false;

  constructor(machine: Machine, masks: Masks, tokenizer: Tokenizer, options: StartOptions, what: string) {
    const { previous, maxTokens = Infinity } = options;
    this.#machine = machine;
    this.#masks = masks;
    this.#tokenizer = tokenizer;
    this.#what = what;
    this.#ends = options.ends ?? (tokenizer.eos === null ? [] : [tokenizer.eos]);
    const size = this.#ends.reduce((most, id) => Math.max(most, id + 1), tokenizer.vocabSize);
    this.#own = new Uint32Array(Math.ceil(size / 32));
    this.#state = machine.start();
    this.#left = maxTokens;
    this.#previous = previous === undefined || !vocabularyAfter(tokenizer, previous) ? undefined : previous;
    if (this.#state.distance > maxTokens && masks.tokens(this.#state) > maxTokens)
      throw new InputError(
        `${what} cannot be fulfilled: its shortest text takes ${masks.tokens(this.#state)} tokens, and there is room for ${maxTokens}: raise the limit`,
      );
  }

  get accepting(): boolean {
    return this.#state.accepting;
  }

  get done(): boolean {
    return this.#finished || this.#state.ended;
  }

  allowed(): Uint32Array {
    const left = this.#left - 1;
    const own = this.#own;
    const first = this.#previous === undefined ? null : vocabularyAfter(this.#tokenizer, this.#previous);
    if (this.#finished) own.fill(0);
    else if (first) {
      this.#masks.firstMask(this.#state, first, left, own);
      if (!this.#state.accepting && own.every((word) => word === 0))
        throw new InputError(`${this.#what} begins with a space, which this tokenizer cannot write at the beginning`);
    } else {
      const { bits, worst } = this.#masks.mask(this.#state);
      if (worst > left) this.#masks.within(this.#state, left, own);
      else if (!this.#state.accepting && own.length === bits.length) return bits;
      else {
        own.set(bits);
        own.fill(0, bits.length);
      }
    }
    if (this.#state.accepting) for (const id of this.#ends) own[id >> 5]! |= 1 << (id & 31);
    return own;
  }

  accept(id: number): void {
    if (this.#ends.includes(id) && this.#state.accepting) {
      this.#finished = true;
      return;
    }
    const known = !this.#finished && id < this.#tokenizer.vocabSize && !this.#tokenizer.isSpecial(id);
    let state: State | null = known ? this.#state : null;
    if (state) {
      const bytes =
        this.#previous === undefined
          ? this.#tokenizer.tokenBytes(id)
          : this.#tokenizer.bytesAfter(id, this.#previous);
      if (bytes.length === 0) state = null;
      for (const byte of bytes) state &&= this.#machine.step(state, byte);
    }
    if (!state || state.distance === Infinity) throw new InputError(`token ${id} is not allowed here by ${this.#what}`);
    this.#state = state;
    this.#left--;
    this.#previous = undefined;
  }
}
