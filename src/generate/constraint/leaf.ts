/**
 * The regular parts of a grammar, and which tokens stay within one. What a token does inside a leaf does not depend on
 * what is around it, so it is found out once for each state of the leaf and holds wherever the leaf is used.
 */
import { type Dfa, distances, step } from './dfa.js';
import type { Bits, Vocabulary } from './vocabulary.js';

/** Tokens that lead to one state of a leaf. */
export interface Group {
  state: number;
  ids: Uint32Array;
}

/** What the tokens do from one state of a leaf. */
export interface Inside {
  /** Tokens after which the leaf is not left and can be finished. */
  bits: Bits;
  /** Most bytes that the leaf then still needs. */
  worst: number;
  groups(): readonly Group[];
  /** Nodes of the vocabulary at which the leaf may end and tokens go on. Equal sets are one object. */
  exits: Uint32Array;
}

export interface Leaf {
  /** The next state, or -1. */
  step(state: number, byte: number): number;
  isFinal(state: number): boolean;
  /** Bytes to the nearest end, of those that are tokens; Infinity where there is none. */
  distance(state: number): number;
  inside(state: number): Inside;
}

/** So many bytes of masks a leaf keeps at most. */
const mostKept = 64 << 20;

export function setBits(bits: Bits, ids: Uint32Array): void {
  for (let i = 0; i < ids.length; i++) bits[ids[i]! >> 5]! |= 1 << (ids[i]! & 31);
}

/** A leaf that is an automaton. */
export class TableLeaf implements Leaf {
  readonly #dfa: Dfa;
  readonly #distances: Float64Array;
  readonly #vocabulary: Vocabulary;
  readonly #kept = new Map<number, Inside>();
  #size = 0;

  constructor(dfa: Dfa, vocabulary: Vocabulary) {
    this.#dfa = dfa;
    this.#vocabulary = vocabulary;
    this.#distances = distances(dfa, vocabulary.safe);
  }

  step(state: number, byte: number): number {
    return step(this.#dfa, state, byte);
  }

  isFinal(state: number): boolean {
    return this.#dfa.finals[state] === 1;
  }

  distance(state: number): number {
    return this.#distances[state]!;
  }

  inside(state: number): Inside {
    let inside = this.#kept.get(state);
    if (!inside) {
      inside = this.#walk(state);
      const size = inside.bits.length * 4 + inside.exits.length * 4;
      if (this.#size + size > mostKept) {
        this.#kept.clear();
        this.#size = 0;
      }
      this.#kept.set(state, inside);
      this.#size += size;
    }
    return inside;
  }

  #walk(start: number): Inside {
    const vocabulary = this.#vocabulary;
    const { byte, depth, end, firstToken, tokens } = vocabulary;
    const { classOf, classes, table, finals } = this.#dfa;
    const distance = this.#distances;
    const stack = new Int32Array(vocabulary.deepest + 1);
    stack[0] = start;
    const exits: number[] = [];
    const found = new Map<number, number[]>();
    const bits = new Uint32Array(vocabulary.words);
    let worst = -1;
    for (let node = 1; node < byte.length;) {
      const level = depth[node]!;
      const next = table[stack[level - 1]! * classes + classOf[byte[node]!]!]!;
      if (next < 0) {
        node = end[node]!;
        continue;
      }
      stack[level] = next;
      const last = firstToken[node + 1]!;
      if (firstToken[node]! < last && distance[next]! < Infinity) {
        let ids = found.get(next);
        if (!ids) found.set(next, (ids = []));
        if (distance[next]! > worst) worst = distance[next]!;
        for (let i = firstToken[node]!; i < last; i++) {
          const id = tokens[i]!;
          ids.push(id);
          bits[id >> 5]! |= 1 << (id & 31);
        }
      }
      if (finals[next] === 1 && end[node]! > node + 1) exits.push(node);
      node++;
    }
    const groups = [...found].map(([state, ids]) => ({ state, ids: Uint32Array.from(ids) }));
    return { bits, worst, groups: () => groups, exits: Uint32Array.from(exits) };
  }
}

/** A part of the tokens from a state of {@link CountedLeaf}: they lead to `state` after beginning `count` characters. */
interface CountedGroup extends Group {
  count: number;
}

/**
 * A leaf whose texts have from `least` to `most` characters, without a state for each count: for each state within a
 * character the tokens are kept by how many characters they begin.
 */
export class CountedLeaf implements Leaf {
  readonly #dfa: Dfa;
  readonly #body: number;
  readonly #least: number;
  readonly #most: number;
  readonly #cap: number;
  readonly #states: number;
  readonly #distances: Float64Array;
  readonly #perCharacter: number;
  readonly #vocabulary: Vocabulary;
  readonly #bases = new Map<number, { groups: CountedGroup[]; exits: { node: number; count: number }[]; deepest: number }>();
  readonly #kept = new Map<string, Inside>();
  readonly #exits = new Map<string, Uint32Array>();

  /**
   * @param dfa of a JSON string of any length
   * @param body its state between two characters
   */
  constructor(dfa: Dfa, body: number, least: number, most: number, vocabulary: Vocabulary) {
    this.#dfa = dfa;
    this.#body = body;
    this.#least = least;
    this.#most = most;
    this.#cap = most === Infinity ? least : most;
    this.#states = dfa.finals.length;
    this.#distances = distances(dfa, vocabulary.safe);
    this.#vocabulary = vocabulary;
    // The shortest way back to the same place between characters: 1, where some printable character is a token.
    let shortest = Infinity;
    for (let byte = 0; byte < 256; byte++) {
      const next = step(dfa, body, byte);
      if (next < 0 || !vocabulary.safe[byte] || dfa.finals[next]) continue;
      const back = next === body ? 0 : this.#distances[next]! - this.#distances[body]!;
      shortest = Math.min(shortest, 1 + back);
    }
    this.#perCharacter = shortest;
  }

  /** States are `count · states + state`; a character counts from its first byte on. */
  step(state: number, byte: number): number {
    const inner = state % this.#states;
    const next = step(this.#dfa, inner, byte);
    if (next < 0) return -1;
    const count = (state - inner) / this.#states;
    if (inner !== this.#body) return count * this.#states + next;
    if (this.#dfa.finals[next]) return count >= this.#least ? count * this.#states + next : -1;
    if (count >= this.#most) return -1;
    return Math.min(count + 1, this.#cap) * this.#states + next;
  }

  isFinal(state: number): boolean {
    return this.#dfa.finals[state % this.#states] === 1;
  }

  distance(state: number): number {
    const inner = state % this.#states;
    const missing = Math.max(0, this.#least - (state - inner) / this.#states);
    return this.#distances[inner]! + (missing > 0 ? missing * this.#perCharacter : 0);
  }

  inside(state: number): Inside {
    const inner = state % this.#states;
    const count = (state - inner) / this.#states;
    const base = this.#base(inner);
    // A token begins at most `deepest` characters: farther from the bounds than that, all states are alike.
    const room = this.#most === Infinity ? base.deepest : Math.min(this.#most - count, base.deepest);
    const missing = Math.max(0, this.#least - count);
    // Far from the upper bound, states of other counts have this key too: their distances are the same.
    const key = `${inner}:${room}:${missing}`;
    let inside = this.#kept.get(key);
    if (inside) return inside;
    const reached = base.groups.filter((group) => group.count <= room);
    const after = (group: CountedGroup): number =>
      Math.min(count + group.count, this.#cap) * this.#states + group.state;
    const worst = Math.max(-1, ...reached.map((group) => this.distance(after(group))));
    inside = {
      bits: this.#bits(inner, room, reached),
      worst,
      groups: () => reached.map((group) => ({ state: after(group), ids: group.ids })),
      exits: this.#exitsOf(inner, base.exits, missing, room),
    };
    // With a lower bound far away there is an entry for every count: few are worth keeping.
    if (this.#kept.size > 4096) this.#kept.clear();
    this.#kept.set(key, inside);
    return inside;
  }

  readonly #bitsKept = new Map<string, Bits>();

  #bits(inner: number, room: number, groups: readonly CountedGroup[]): Bits {
    const key = `${inner}:${room}`;
    let bits = this.#bitsKept.get(key);
    if (!bits) {
      bits = new Uint32Array(this.#vocabulary.words);
      for (const group of groups) setBits(bits, group.ids);
      this.#bitsKept.set(key, bits);
    }
    return bits;
  }

  #exitsOf(inner: number, all: readonly { node: number; count: number }[], missing: number, room: number): Uint32Array {
    const deepest = all.reduce((most, exit) => Math.max(most, exit.count), 0);
    const key = `${inner}:${Math.min(missing, deepest + 1)}:${Math.min(room, deepest)}`;
    let exits = this.#exits.get(key);
    if (!exits) {
      exits = Uint32Array.from(all.filter(({ count }) => count >= missing && count <= room).map(({ node }) => node));
      this.#exits.set(key, exits);
    }
    return exits;
  }

  /** The tokens from a state, whatever the bounds. */
  #base(start: number): { groups: CountedGroup[]; exits: { node: number; count: number }[]; deepest: number } {
    let base = this.#bases.get(start);
    if (base) return base;
    const vocabulary = this.#vocabulary;
    const { byte, depth, end, firstToken, tokens } = vocabulary;
    const states = new Int32Array(vocabulary.deepest + 1);
    const counts = new Int32Array(vocabulary.deepest + 1);
    states[0] = start;
    const exits: { node: number; count: number }[] = [];
    const found = new Map<number, number[]>();
    for (let node = 1; node < byte.length;) {
      const level = depth[node]!;
      const before = states[level - 1]!;
      const next = step(this.#dfa, before, byte[node]!);
      if (next < 0) {
        node = end[node]!;
        continue;
      }
      const final = this.#dfa.finals[next] === 1;
      states[level] = next;
      counts[level] = counts[level - 1]! + (before === this.#body && !final ? 1 : 0);
      // A token that ends the string depends on the bounds as its exit does; it is given out as an exit of its own.
      if (final) exits.push({ node, count: counts[level]! });
      else if (this.#distances[next]! < Infinity) {
        const key = counts[level]! * this.#states + next;
        let ids = found.get(key);
        if (!ids) found.set(key, (ids = []));
        for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) ids.push(tokens[i]!);
      }
      node++;
    }
    const groups = [...found]
      .filter(([, ids]) => ids.length > 0)
      .map(([key, ids]) => ({
        state: key % this.#states,
        count: Math.floor(key / this.#states),
        ids: Uint32Array.from(ids),
      }));
    const deepest = groups.reduce((most, group) => Math.max(most, group.count), 0);
    base = { groups, exits, deepest: exits.reduce((most, exit) => Math.max(most, exit.count), deepest) };
    this.#bases.set(start, base);
    return base;
  }
}
