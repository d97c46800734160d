/** From a pattern to an automaton over bytes: Thompson's construction, then the subset construction. No backtracking. */
import { InputError } from '../../io/errors.js';
import { anyCharacter, type ByteRanges, jsonSequences, type Ranges, utf8Sequences } from './characters.js';
import { type Dfa, DfaBuilder } from './dfa.js';
import type { Pattern } from './pattern.js';

/** How characters are written: as they are, or as inside a JSON string. */
export type Encoding = 'text' | 'json';

interface NfaState {
  edges: (readonly [low: number, high: number, to: number])[];
  /** Steps that take no byte; some only where the text begins or ends. */
  free: { to: number; only: 'begin' | 'end' | null }[];
}

const mostNfaStates = 200_000;
export const everything: Pattern = { kind: 'repeat', part: { kind: 'set', set: anyCharacter }, least: 0, most: Infinity };

/** The texts that contain a match, as JSON Schema's `pattern` means it. */
export function containing(pattern: Pattern): Pattern {
  return { kind: 'sequence', parts: [everything, pattern, everything] };
}

/** The automaton of the texts that a pattern matches from beginning to end. @throws InputError when it is too large */
export function patternAutomaton(pattern: Pattern, encoding: Encoding, what: string): Dfa {
  const nfa = new NfaBuilder(encoding, what);
  const start = nfa.add();
  const final = nfa.build(pattern, start);
  return determinize(nfa.states, start, final, what);
}

class NfaBuilder {
  readonly states: NfaState[] = [];
  readonly #encoding: Encoding;
  readonly #what: string;
  readonly #sequences = new Map<Ranges, ByteRanges[]>();

  constructor(encoding: Encoding, what: string) {
    this.#encoding = encoding;
    this.#what = what;
  }

  add(): number {
    if (this.states.length >= mostNfaStates) throw new InputError(`${this.#what} is too large: its counts are too high`);
    return this.states.push({ edges: [], free: [] }) - 1;
  }

  /** Adds what leads from `from` through the pattern; returns where that ends. */
  build(pattern: Pattern, from: number): number {
    switch (pattern.kind) {
      case 'sequence':
        return pattern.parts.reduce((at, part) => this.build(part, at), from);
      case 'choice': {
        const to = this.add();
        for (const part of pattern.parts) this.#free(this.build(part, this.#after(from)), to);
        return to;
      }
      case 'repeat':
        return this.#repeat(pattern, from);
      case 'set':
        return this.#set(pattern.set, from);
      default: {
        const to = this.add();
        this.states[from]!.free.push({ to, only: pattern.kind });
        return to;
      }
    }
  }

  #free(from: number, to: number): void {
    this.states[from]!.free.push({ to, only: null });
  }

  #after(from: number): number {
    const to = this.add();
    this.#free(from, to);
    return to;
  }

  #repeat({ part, least, most }: Extract<Pattern, { kind: 'repeat' }>, from: number): number {
    let at = this.#after(from);
    for (let i = 0; i < least; i++) at = this.build(part, at);
    if (most === Infinity) {
      const loop = this.#after(at);
      this.#free(this.build(part, loop), loop);
      return this.#after(loop);
    }
    const to = this.add();
    this.#free(at, to);
    for (let i = least; i < most; i++) {
      at = this.build(part, at);
      this.#free(at, to);
    }
    return to;
  }

  #set(set: Ranges, from: number): number {
    let sequences = this.#sequences.get(set);
    if (!sequences) {
      sequences = this.#encoding === 'json' ? jsonSequences(set) : utf8Sequences(set);
      this.#sequences.set(set, sequences);
    }
    const to = this.add();
    // Sequences that end alike share their ends; those that begin alike, their beginnings.
    const ends = new Map<string, number>();
    const target = (rest: ByteRanges): number => {
      if (rest.length === 0) return to;
      const key = rest.join(';');
      let state = ends.get(key);
      if (state === undefined) {
        state = this.add();
        ends.set(key, state);
        this.states[state]!.edges.push([...rest[0]!, target(rest.slice(1))]);
      }
      return state;
    };
    for (const sequence of sequences) this.states[from]!.edges.push([...sequence[0]!, target(sequence.slice(1))]);
    return to;
  }
}

function determinize(states: readonly NfaState[], start: number, final: number, what: string): Dfa {
  const { classOf, firsts } = byteClasses(states);
  const mark = new Uint32Array(states.length);
  let round = 0;
  const closure = (from: Iterable<number>, begin: boolean, end: boolean): Int32Array => {
    round++;
    const found: number[] = [];
    const stack: number[] = [];
    const add = (state: number): void => {
      if (mark[state] === round) return;
      mark[state] = round;
      found.push(state);
      stack.push(state);
    };
    for (const state of from) add(state);
    for (let state = stack.pop(); state !== undefined; state = stack.pop())
      for (const { to, only } of states[state]!.free)
        if (only === null || (only === 'begin' ? begin : end)) add(to);
    return Int32Array.from(found).sort();
  };
  const builder = new DfaBuilder(what);
  const queue: { number: number; set: Int32Array; begin: boolean }[] = [];
  const visit = (set: Int32Array, begin: boolean): number =>
    builder.state(`${begin ? '^' : ''}${set.join()}`, (number) => void queue.push({ number, set, begin }));
  visit(closure([start], true, false), true);
  for (let at = 0; at < queue.length; at++) {
    const { number, set, begin } = queue[at]!;
    const edges = [...set].flatMap((state) => states[state]!.edges);
    const row = Int32Array.from(firsts, (byte) => {
      const targets = edges.filter(([low, high]) => byte >= low && byte <= high).map((edge) => edge[2]);
      return targets.length === 0 ? -1 : visit(closure(targets, false, false), false);
    });
    builder.set(number, row, closure(set, begin, true).includes(final));
  }
  return builder.finish(classOf, firsts.length);
}

/** Classes of bytes between which no edge begins or ends, and the first byte of each. */
function byteClasses(states: readonly NfaState[]): { classOf: Uint8Array; firsts: number[] } {
  const cuts = new Uint8Array(257);
  cuts[0] = 1;
  for (const { edges } of states)
    for (const [low, high] of edges) {
      cuts[low] = 1;
      cuts[high + 1] = 1;
    }
  const classOf = new Uint8Array(256);
  const firsts: number[] = [];
  for (let byte = 0; byte < 256; byte++) {
    if (cuts[byte]) firsts.push(byte);
    classOf[byte] = firsts.length - 1;
  }
  return { classOf, firsts };
}
