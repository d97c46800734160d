/** Deterministic automata over bytes: what every regular part of a constraint becomes. State 0 is the start. */
import { InputError } from '../../io/errors.js';

export interface Dfa {
  /** Bytes that no state tells apart have one class, [256]. */
  readonly classOf: Uint8Array;
  readonly classes: number;
  /** Next state, [state · classes + class]; -1 where nothing follows. */
  readonly table: Int32Array;
  /** 1 for states at which a text may end, [states]. */
  readonly finals: Uint8Array;
}

/** Above this an automaton costs more memory than it is worth. */
const mostStates = 60_000;

/** A table that grows state by state; states are named by keys. */
export class DfaBuilder {
  readonly #keys = new Map<string, number>();
  readonly #rows: Int32Array[] = [];
  readonly #finals: number[] = [];
  readonly #what: string;

  /** `what` names the automaton in the error. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Number of the state of this key; `fresh` is called with it where it is new. @throws InputError for too many. */
  state(key: string, fresh: (number: number) => void): number {
    let number = this.#keys.get(key);
    if (number !== undefined) return number;
    number = this.#keys.size;
    if (number >= mostStates) throw new InputError(`${this.#what} needs an automaton of over ${mostStates} states`);
    this.#keys.set(key, number);
    fresh(number);
    return number;
  }

  set(state: number, row: Int32Array, final: boolean): void {
    this.#rows[state] = row;
    this.#finals[state] = final ? 1 : 0;
  }

  finish(classOf: Uint8Array, classes: number): Dfa {
    const table = new Int32Array(this.#rows.length * classes);
    this.#rows.forEach((row, state) => table.set(row, state * classes));
    const whole = trim({ classOf, classes, table, finals: Uint8Array.from(this.#finals) });
    return table.length > 20_000 ? whole : minimize(whole);
  }
}

/** Next state, or -1. */
export function step(dfa: Dfa, state: number, byte: number): number {
  return dfa.table[state * dfa.classes + dfa.classOf[byte]!]!;
}

export function accepts(dfa: Dfa, bytes: ArrayLike<number>): boolean {
  let state = 0;
  for (let i = 0; i < bytes.length && state >= 0; i++) state = step(dfa, state, bytes[i]!);
  return state >= 0 && dfa.finals[state] === 1;
}

/** Whether no text at all is accepted. */
export function isEmpty(dfa: Dfa): boolean {
  return dfa.finals.every((final) => final === 0);
}

/**
 * Bytes to the nearest end from each state, [states]; Infinity where none can be reached.
 * @param safe which bytes may be used, [256]
 */
export function distances(dfa: Dfa, safe?: Uint8Array): Float64Array {
  const states = dfa.finals.length;
  const usable = new Uint8Array(dfa.classes);
  for (let byte = 0; byte < 256; byte++) if (!safe || safe[byte]) usable[dfa.classOf[byte]!] = 1;
  const before: number[][] = Array.from({ length: states }, () => []);
  for (let state = 0; state < states; state++)
    for (let c = 0; c < dfa.classes; c++) {
      const next = dfa.table[state * dfa.classes + c]!;
      if (usable[c] && next >= 0) before[next]!.push(state);
    }
  const distance = new Float64Array(states).fill(Infinity);
  let front: number[] = [];
  dfa.finals.forEach((final, state) => {
    if (!final) return;
    distance[state] = 0;
    front.push(state);
  });
  for (let d = 1; front.length > 0; d++) {
    const next: number[] = [];
    for (const state of front)
      for (const previous of before[state]!) {
        if (distance[previous]! <= d) continue;
        distance[previous] = d;
        next.push(previous);
      }
    front = next;
  }
  return distance;
}

/** The same automaton without the steps that lead to no end. */
function trim(dfa: Dfa): Dfa {
  const distance = distances(dfa);
  return { ...dfa, table: dfa.table.map((next) => (next >= 0 && distance[next] === Infinity ? -1 : next)) };
}

/**
 * The same automaton with as few states as possible (Moore 1956), or as it is where finding them takes long: chains of
 * many states have no equal ones anyway.
 */
export function minimize(dfa: Dfa): Dfa {
  const states = dfa.finals.length;
  let group = Int32Array.from(dfa.finals);
  let groups = 0;
  for (let round = 0; round < 40; round++) {
    const numbers = new Map<string, number>();
    const next = new Int32Array(states);
    for (let state = 0; state < states; state++) {
      const row = dfa.table.subarray(state * dfa.classes, (state + 1) * dfa.classes);
      const key = `${group[state]}:${row.map((to) => (to < 0 ? -1 : group[to]!)).join()}`;
      let number = numbers.get(key);
      if (number === undefined) numbers.set(key, (number = numbers.size));
      next[state] = number;
    }
    group = next; // the start is the first, so it stays number 0
    if (numbers.size === groups) return merged(dfa, group, groups);
    groups = numbers.size;
  }
  return dfa;
}

function merged(dfa: Dfa, group: Int32Array, groups: number): Dfa {
  const table = new Int32Array(groups * dfa.classes);
  const finals = new Uint8Array(groups);
  for (let state = 0; state < dfa.finals.length; state++) {
    finals[group[state]!] = dfa.finals[state]!;
    for (let c = 0; c < dfa.classes; c++) {
      const to = dfa.table[state * dfa.classes + c]!;
      table[group[state]! * dfa.classes + c] = to < 0 ? -1 : group[to]!;
    }
  }
  return { ...dfa, table, finals };
}

/**
 * The automaton that accepts where `accept` says so of which of `parts` accept: `([a, b]) => a && b` is the
 * intersection, `||` the union, `a && !b` the difference.
 */
export function combine(parts: readonly Dfa[], accept: (accepted: readonly boolean[]) => boolean, what: string): Dfa {
  const classOf = new Uint8Array(256);
  const representatives: number[] = [];
  const numbers = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const key = parts.map((part) => part.classOf[byte]!).join();
    let number = numbers.get(key);
    if (number === undefined) {
      number = representatives.push(byte) - 1;
      numbers.set(key, number);
    }
    classOf[byte] = number;
  }
  const builder = new DfaBuilder(what);
  const queue: { number: number; states: number[] }[] = [];
  const visit = (states: number[]): number =>
    builder.state(states.join(), (number) => void queue.push({ number, states }));
  visit(parts.map(() => 0));
  const nothing = accept(parts.map(() => false));
  for (let at = 0; at < queue.length; at++) {
    const { number, states } = queue[at]!;
    const row = Int32Array.from(representatives, (byte) => {
      const next = states.map((state, i) => (state < 0 ? -1 : step(parts[i]!, state, byte)));
      // Where no part goes on, only a complement still accepts.
      return !nothing && next.every((state) => state < 0) ? -1 : visit(next);
    });
    builder.set(number, row, accept(states.map((state, i) => state >= 0 && parts[i]!.finals[state] === 1)));
  }
  return builder.finish(classOf, representatives.length);
}

export const intersect = (parts: readonly Dfa[], what: string): Dfa =>
  parts.length === 1 ? parts[0]! : combine(parts, (accepted) => accepted.every(Boolean), what);

export const unite = (parts: readonly Dfa[], what: string): Dfa =>
  parts.length === 1 ? parts[0]! : combine(parts, (accepted) => accepted.some(Boolean), what);

/** The automaton of a step function over some bytes; states are plain values, named by their JSON. */
export function explore<State>(
  start: State,
  alphabet: string,
  next: (state: State, character: string) => State | null,
  final: (state: State) => boolean,
  what: string,
): Dfa {
  const classOf = new Uint8Array(256).fill(alphabet.length);
  [...alphabet].forEach((character, i) => (classOf[character.charCodeAt(0)] = i));
  const builder = new DfaBuilder(what);
  const queue: { number: number; state: State }[] = [];
  const visit = (state: State): number =>
    builder.state(JSON.stringify(state), (number) => void queue.push({ number, state }));
  visit(start);
  for (let at = 0; at < queue.length; at++) {
    const { number, state } = queue[at]!;
    const row = new Int32Array(alphabet.length + 1).fill(-1);
    [...alphabet].forEach((character, i) => {
      const after = next(state, character);
      if (after !== null) row[i] = visit(after);
    });
    builder.set(number, row, final(state));
  }
  return builder.finish(classOf, alphabet.length + 1);
}

/** The automaton of a list of texts. */
export function literals(texts: readonly Uint8Array[]): Dfa {
  const used = [...new Set(texts.flatMap((text) => [...text]))];
  const classOf = new Uint8Array(256).fill(used.length);
  used.forEach((byte, i) => (classOf[byte] = i));
  // With all 256 bytes in use there is no class left for the others, and none is needed.
  const classes = Math.min(256, used.length + 1);
  const rows: Int32Array[] = [new Int32Array(classes).fill(-1)];
  const finals: number[] = [0];
  for (const text of texts) {
    let state = 0;
    for (const byte of text) {
      const c = classOf[byte]!;
      let next = rows[state]![c]!;
      if (next < 0) {
        next = rows.push(new Int32Array(classes).fill(-1)) - 1;
        finals.push(0);
        rows[state]![c] = next;
      }
      state = next;
    }
    finals[state] = 1;
  }
  const table = new Int32Array(rows.length * classes);
  rows.forEach((row, state) => table.set(row, state * classes));
  return { classOf, classes, table, finals: Uint8Array.from(finals) };
}
