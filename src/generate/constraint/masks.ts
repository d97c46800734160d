/**
 * Which tokens may follow a state. A token that stays in a leaf is looked up there; the others are found by walking the
 * vocabulary from where the leaf ends, or from its root where the state is in no leaf.
 */
import { type Inside, setBits } from './leaf.js';
import type { Machine, State } from './machine.js';
import type { Bits, Vocabulary } from './vocabulary.js';

/** Tokens that leave where they began, and the states they lead to. */
interface Crossing {
  ids: Uint32Array;
  after: readonly State[];
  /** Most bytes that one of them leaves to write. */
  worst: number;
}

export interface Mask {
  bits: Bits;
  /** Most bytes that an allowed token leaves to write: with room for so many, all are fine. */
  worst: number;
}

/** So many bytes of masks are kept at most. */
const mostKept = 64 << 20;

export class Masks {
  readonly #machine: Machine;
  readonly #vocabulary: Vocabulary;
  #masks = new WeakMap<State, Mask>();
  #kept = 0;
  readonly #outside = new WeakMap<State, Crossing>();
  readonly #crossings = new WeakMap<State, Map<Uint32Array, Crossing>>();

  constructor(machine: Machine, vocabulary: Vocabulary) {
    this.#machine = machine;
    this.#vocabulary = vocabulary;
  }

  /** The tokens that keep the text one that can be finished. Do not change the bits. */
  mask(state: State): Mask {
    let mask = this.#masks.get(state);
    if (!mask) {
      mask = { bits: new Uint32Array(this.#vocabulary.words), worst: -1 };
      const { bits } = mask;
      for (const part of this.#parts(state)) {
        if ('inside' in part) {
          const own = part.inside.bits;
          for (let i = 0; i < bits.length; i++) bits[i]! |= own[i]!;
          if (part.inside.worst >= 0) mask.worst = Math.max(mask.worst, part.inside.worst + part.cost);
        } else {
          setBits(bits, part.ids);
          mask.worst = Math.max(mask.worst, part.worst);
        }
      }
      this.#kept += bits.byteLength;
      if (this.#kept > mostKept) {
        this.#masks = new WeakMap();
        this.#kept = bits.byteLength;
      }
      this.#masks.set(state, mask);
    }
    return mask;
  }

  /** The tokens after which the text can be finished with `left` tokens more, into `bits`. */
  within(state: State, left: number, bits: Bits): void {
    bits.fill(0);
    for (const part of this.#parts(state)) {
      if ('inside' in part) {
        const { inside, cost, configuration } = part;
        if (inside.worst + cost <= left) {
          for (let i = 0; i < inside.bits.length; i++) bits[i]! |= inside.bits[i]!;
        } else {
          for (const group of inside.groups()) {
            const near = configuration.leaf!.distance(group.state) + cost <= left;
            if (near || this.tokens(this.#machine.alone(configuration, group.state)) <= left) setBits(bits, group.ids);
          }
        }
      } else if (part.worst <= left) setBits(bits, part.ids);
      else
        part.after.forEach((after, i) => {
          const id = part.ids[i]!;
          if (after.distance <= left || this.tokens(after) <= left) bits[id >> 5]! |= 1 << (id & 31);
        });
    }
  }

  /** What a first token may be where tokens have other bytes than usual. */
  firstMask(state: State, vocabulary: Vocabulary, left: number, bits: Bits): void {
    bits.fill(0);
    const { ids, after } = this.#walk(state, vocabulary, [0]);
    after.forEach((next, i) => {
      if (next.distance <= left || this.tokens(next) <= left) bits[ids[i]! >> 5]! |= 1 << (ids[i]! & 31);
    });
  }

  /**
   * Tokens that certainly suffice to finish: the shortest text cut into the fewest tokens. One token of such a cut
   * leaves one token less, so whoever has so many can finish. Infinity where nothing can.
   */
  tokens(state: State): number {
    if (state.tokens !== null) return state.tokens;
    if (state.distance === Infinity) return (state.tokens = Infinity);
    const path = [state];
    const bytes: number[] = [];
    for (let at = state; at.distance > 0;) {
      const byte = this.#machine.shortest(at);
      at = this.#machine.step(at, byte)!;
      bytes.push(byte);
      path.push(at);
    }
    const vocabulary = this.#vocabulary;
    path.at(-1)!.tokens = 0;
    for (let i = bytes.length - 1; i >= 0; i--) {
      let best = Infinity;
      let node = 0;
      for (let j = i; j < bytes.length && node >= 0; j++) {
        node = vocabulary.child(node, bytes[j]!);
        if (node >= 0 && vocabulary.isToken(node)) best = Math.min(best, 1 + path[j + 1]!.tokens!);
      }
      path[i]!.tokens = best;
    }
    return state.tokens ?? Infinity;
  }

  *#parts(
    state: State,
  ): Generator<Crossing | { inside: Inside; cost: number; configuration: State['configurations'][number] }> {
    const outside = this.#machine.outside(state);
    if (!outside.ended) yield this.#fromRoot(outside);
    for (const configuration of state.configurations) {
      const { leaf, at, frame } = configuration;
      if (!leaf) continue;
      const inside = leaf.inside(at);
      yield { inside, cost: frame.cost, configuration };
      if (inside.exits.length > 0) yield this.#crossing(inside.exits, this.#machine.returned(frame));
    }
  }

  #fromRoot(outside: State): Crossing {
    let crossing = this.#outside.get(outside);
    if (!crossing) {
      crossing = this.#walk(outside, this.#vocabulary, [0]);
      this.#outside.set(outside, crossing);
    }
    return crossing;
  }

  #crossing(exits: Uint32Array, back: State): Crossing {
    let known = this.#crossings.get(back);
    if (!known) this.#crossings.set(back, (known = new Map()));
    let crossing = known.get(exits);
    if (!crossing) {
      crossing = this.#walk(back, this.#vocabulary, exits);
      known.set(exits, crossing);
    }
    return crossing;
  }

  /** Follows the tokens below some nodes, all of which are reached in `start`. */
  #walk(start: State, vocabulary: Vocabulary, roots: ArrayLike<number>): Crossing {
    const { byte, depth, end, firstToken, tokens } = vocabulary;
    const machine = this.#machine;
    const ids: number[] = [];
    const after: State[] = [];
    let worst = -1;
    const stack = new Array<State>(vocabulary.deepest + 1);
    const take = (node: number, state: State): void => {
      if (state.distance === Infinity) return;
      for (let i = firstToken[node]!; i < firstToken[node + 1]!; i++) {
        ids.push(tokens[i]!);
        after.push(state);
        if (state.distance > worst) worst = state.distance;
      }
    };
    for (let r = 0; r < roots.length; r++) {
      const root = roots[r]!;
      take(root, start);
      if (start.ended) continue;
      stack[depth[root]!] = start;
      for (let node = root + 1; node < end[root]!;) {
        const level = depth[node]!;
        const next = machine.step(stack[level - 1]!, byte[node]!);
        if (!next) {
          node = end[node]!;
          continue;
        }
        stack[level] = next;
        take(node, next);
        node++;
      }
    }
    return { ids: Uint32Array.from(ids), after, worst };
  }
}
