/**
 * A grammar as a pushdown automaton that is made deterministic as it is used. A configuration is a place in the grammar
 * or a leaf and a stack of places to go back to; a state is a set of configurations. Both are made once and then found
 * again, so that a step, and a mask, is mostly a look-up.
 */
import type { Grammar } from './grammar.js';
import type { Leaf } from './leaf.js';

/** A stack: where to go back to, and the stack below. */
export class Frame {
  readonly back: number;
  readonly below: Frame | null;
  /** Bytes that everything on the stack still needs. */
  readonly cost: number;
  readonly above = new Map<number, Frame>();
  readonly configurations = new Map<number, Configuration>();
  /** The state after the call returns, once it was needed. */
  returned: State | null = null;

  constructor(back: number, below: Frame | null, cost: number) {
    this.back = back;
    this.below = below;
    this.cost = cost;
  }
}

export interface Configuration {
  readonly id: number;
  readonly leaf: Leaf | null;
  readonly leafIndex: number;
  /** State of the leaf, or node of the grammar. */
  readonly at: number;
  readonly frame: Frame;
  /** Bytes to the nearest end of the whole. */
  readonly distance: number;
}

export class State {
  readonly configurations: readonly Configuration[];
  /** Whether the text may end here. */
  readonly accepting: boolean;
  /** Bytes to the nearest end, of those that are tokens; Infinity where there is none. */
  readonly distance: number;
  /** Next states by byte: undefined is not known yet, null is none. */
  next: (State | null | undefined)[] | null = null;
  /** The part of the state that is in no leaf, once it was needed. */
  outside: State | null = null;
  /** Tokens to the nearest end, once they were counted. */
  tokens: number | null = null;

  constructor(configurations: readonly Configuration[], accepting: boolean) {
    this.configurations = configurations;
    this.accepting = accepting;
    this.distance = configurations.reduce((least, { distance }) => Math.min(least, distance), accepting ? 0 : Infinity);
  }

  /** Nothing may follow. */
  get ended(): boolean {
    return this.configurations.length === 0;
  }
}

/** So many states are remembered; then it begins anew, and what is in use goes on with what it has. */
const mostStates = 20_000;
/** Leaf states are below this, so that a leaf and its state make one number. */
const leafStates = 2 ** 32;

export class Machine {
  readonly #grammar: Grammar;
  readonly #root: number;
  readonly #safe: Uint8Array;
  #bottom = new Frame(-1, null, 0);
  #states = new Map<string, State>();
  #configurations = 0;

  /** @param root the node that the text begins at */
  constructor(grammar: Grammar, root: number, safe: Uint8Array) {
    this.#grammar = grammar;
    this.#root = root;
    this.#safe = safe;
  }

  start(): State {
    const collector = new Collector();
    this.#enter(this.#root, this.#bottom, collector);
    return this.#state(collector.found, collector.accepting);
  }

  /** The state after a byte, or null where none may follow. */
  step(state: State, byte: number): State | null {
    const table = (state.next ??= new Array<State | null | undefined>(256));
    const known = table[byte];
    if (known !== undefined) return known;
    const collector = new Collector();
    for (const { leaf, leafIndex, at, frame } of state.configurations) {
      if (leaf) {
        const next = leaf.step(at, byte);
        if (next >= 0) this.#enterLeaf(leafIndex, next, frame, collector);
      } else {
        for (const { low, high, to } of this.#grammar.nodes[at]!.bytes)
          if (byte >= low && byte <= high) this.#enter(to, frame, collector);
      }
    }
    const next =
      collector.found.length > 0 || collector.accepting ? this.#state(collector.found, collector.accepting) : null;
    table[byte] = next;
    return next;
  }

  /** The state when the call that a frame is of returns. */
  returned(frame: Frame): State {
    if (!frame.returned) {
      const collector = new Collector();
      this.#return(frame, collector);
      frame.returned = this.#state(collector.found, collector.accepting);
    }
    return frame.returned;
  }

  /** The state that is in one configuration alone, with all that it may be without a further byte. */
  alone({ leafIndex, frame }: Configuration, at: number): State {
    const collector = new Collector();
    this.#enterLeaf(leafIndex, at, frame, collector);
    return this.#state(collector.found, collector.accepting);
  }

  /** The part of a state that is in no leaf. */
  outside(state: State): State {
    return (state.outside ??= this.#state(
      state.configurations.filter(({ leaf }) => !leaf),
      false,
    ));
  }

  /**
   * The first byte of the shortest text from a state to an end, and of those the least. What remains of such a text
   * after some bytes is again the one of the state there. The state must not be at its end.
   */
  shortest(state: State): number {
    let best = 256;
    for (const { leaf, at, distance } of state.configurations) {
      if (distance !== state.distance) continue;
      if (leaf) {
        const inner = leaf.distance(at);
        for (let byte = 0; byte < best && inner > 0; byte++) {
          const next = this.#safe[byte] ? leaf.step(at, byte) : -1;
          if (next >= 0 && leaf.distance(next) === inner - 1) best = byte;
        }
      } else {
        const { distances, nodes } = this.#grammar;
        for (const { low, high, to } of nodes[at]!.bytes)
          for (let byte = low; byte <= high && byte < best && distances[to] === distances[at]! - 1; byte++)
            if (this.#safe[byte]) best = byte;
      }
    }
    return best;
  }

  #enter(node: number, frame: Frame, collector: Collector): void {
    const configuration = this.#configuration(-1, node, frame);
    if (collector.seen.has(configuration)) return;
    collector.seen.add(configuration);
    const { bytes, free, calls, leaves, final } = this.#grammar.nodes[node]!;
    if (bytes.length > 0) collector.found.push(configuration);
    for (const to of free) this.#enter(to, frame, collector);
    for (const { start, back } of calls) this.#enter(start, this.#push(frame, back), collector);
    for (const { leaf, back } of leaves) this.#enterLeaf(leaf, 0, this.#push(frame, back), collector);
    if (final) this.#return(frame, collector);
  }

  #enterLeaf(leaf: number, at: number, frame: Frame, collector: Collector): void {
    const configuration = this.#configuration(leaf, at, frame);
    if (collector.seen.has(configuration)) return;
    collector.seen.add(configuration);
    collector.found.push(configuration);
    if (configuration.leaf!.isFinal(at)) this.#return(frame, collector);
  }

  #return({ back, below }: Frame, collector: Collector): void {
    if (below) this.#enter(back, below, collector);
    else collector.accepting = true;
  }

  #push(frame: Frame, back: number): Frame {
    let above = frame.above.get(back);
    if (!above) {
      above = new Frame(back, frame, this.#grammar.distances[back]! + frame.cost);
      frame.above.set(back, above);
    }
    return above;
  }

  #configuration(leafIndex: number, at: number, frame: Frame): Configuration {
    const key = (leafIndex + 1) * leafStates + at;
    let found = frame.configurations.get(key);
    if (!found) {
      const leaf = leafIndex < 0 ? null : this.#grammar.leaves[leafIndex]!;
      const own = leaf ? leaf.distance(at) : this.#grammar.distances[at]!;
      found = { id: this.#configurations++, leaf, leafIndex, at, frame, distance: own + frame.cost };
      frame.configurations.set(key, found);
    }
    return found;
  }

  #state(found: Configuration[], accepting: boolean): State {
    if (this.#states.size >= mostStates) {
      // Numbers of configurations go on, so that old states, which are still in use, are never taken for new ones.
      this.#states = new Map();
      this.#bottom = new Frame(-1, null, 0);
    }
    found.sort((a, b) => a.id - b.id);
    const key = (accepting ? '!' : '') + found.map(({ id }) => id).join();
    let state = this.#states.get(key);
    if (!state) {
      state = new State(found, accepting);
      this.#states.set(key, state);
    }
    return state;
  }
}

class Collector {
  readonly found: Configuration[] = [];
  readonly seen = new Set<Configuration>();
  accepting = false;
}
