/**
 * The words of a corpus while BPE training merges their symbols, with the count of every pair of neighbours.
 *
 * Every position of every word stands in the list of its pair, so that a merge touches exactly the places where it
 * happens and the counts stay exact without ever counting again.
 */
import { pairHash } from './merges.js';

const none = -1;

/** Words as linked symbols, and their pairs. Counts are doubles: exact to 2^53. */
export class PairCounts {
  /** For each pair: its symbols, its count, and the first position in its list. */
  readonly lefts: number[] = [];
  readonly rights: number[] = [];
  readonly counts: number[] = [];
  readonly #heads: number[] = [];
  /** Pairs by their symbols, in an open-addressing hash table. */
  #slots = new Int32Array(1 << 16).fill(none);
  /** For each position: symbol (-1 when merged into the one before), neighbours in the word, pair, neighbours in its list, word. */
  readonly #symbols: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #pairs: Int32Array;
  readonly #nextInList: Int32Array;
  readonly #previousInList: Int32Array;
  readonly #words: Int32Array;
  readonly #wordCounts: Float64Array;

  /** `words` are sequences of first symbols (bytes), `wordCounts` how often each occurs. */
  constructor(words: readonly Uint8Array[], wordCounts: Float64Array) {
    const length = words.reduce((sum, word) => sum + word.length, 0);
    const perPosition = (): Int32Array => new Int32Array(length).fill(none);
    this.#symbols = perPosition();
    this.#next = perPosition();
    this.#previous = perPosition();
    this.#pairs = perPosition();
    this.#nextInList = perPosition();
    this.#previousInList = perPosition();
    this.#words = perPosition();
    this.#wordCounts = wordCounts;
    let at = 0;
    words.forEach((word, index) => {
      for (let i = 0; i < word.length; i++, at++) {
        this.#symbols[at] = word[i] ?? 0;
        this.#words[at] = index;
        if (i === 0) continue;
        this.#next[at - 1] = at;
        this.#previous[at] = at - 1;
        this.#link(at - 1);
      }
    });
  }

  /**
   * Merges every occurrence of a pair, from the left in each word, into the symbol `made`.
   * @returns the pairs whose count grew.
   */
  merge(pair: number, made: number): Set<number> {
    const left = this.lefts[pair] ?? 0;
    const right = this.rights[pair] ?? 0;
    const grown = new Set<number>();
    for (const at of this.#positions(pair, left === right)) {
      const second = this.#next[at] ?? none;
      // In a run of one symbol an occurrence may have lost a symbol to the one before.
      if (this.#symbols[at] !== left || second === none || this.#symbols[second] !== right) continue;
      const before = this.#previous[at] ?? none;
      const after = this.#next[second] ?? none;
      this.#unlink(at);
      if (before !== none) this.#unlink(before);
      if (after !== none) this.#unlink(second);
      this.#symbols[at] = made;
      this.#symbols[second] = none;
      this.#next[at] = after;
      if (after !== none) {
        this.#previous[after] = at;
        grown.add(this.#link(at));
      }
      if (before !== none) grown.add(this.#link(before));
    }
    return grown;
  }

  /** The positions of a pair; ascending where its symbols are equal, since only then the order matters. */
  #positions(pair: number, ascending: boolean): Int32Array {
    let count = 0;
    for (let at = this.#heads[pair] ?? none; at !== none; at = this.#nextInList[at] ?? none) count++;
    const positions = new Int32Array(count);
    for (let at = this.#heads[pair] ?? none; at !== none; at = this.#nextInList[at] ?? none) positions[--count] = at;
    return ascending ? positions.sort() : positions;
  }

  /** Enters a position in the list of its pair, and gives the pair. */
  #link(at: number): number {
    const pair = this.#pairOf(this.#symbols[at] ?? 0, this.#symbols[this.#next[at] ?? 0] ?? 0);
    const head = this.#heads[pair] ?? none;
    this.#pairs[at] = pair;
    this.#previousInList[at] = none;
    this.#nextInList[at] = head;
    if (head !== none) this.#previousInList[head] = at;
    this.#heads[pair] = at;
    this.counts[pair] = (this.counts[pair] ?? 0) + (this.#wordCounts[this.#words[at] ?? 0] ?? 0);
    return pair;
  }

  #unlink(at: number): void {
    const pair = this.#pairs[at] ?? 0;
    const before = this.#previousInList[at] ?? none;
    const after = this.#nextInList[at] ?? none;
    if (before === none) this.#heads[pair] = after;
    else this.#nextInList[before] = after;
    if (after !== none) this.#previousInList[after] = before;
    this.counts[pair] = (this.counts[pair] ?? 0) - (this.#wordCounts[this.#words[at] ?? 0] ?? 0);
  }

  #pairOf(left: number, right: number): number {
    const slot = this.#slot(left, right);
    const known = this.#slots[slot] ?? none;
    if (known !== none) return known;
    const pair = this.counts.length;
    this.#slots[slot] = pair;
    this.lefts.push(left);
    this.rights.push(right);
    this.counts.push(0);
    this.#heads.push(none);
    if (2 * pair > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(none);
      for (let i = 0; i <= pair; i++) this.#slots[this.#slot(this.lefts[i] ?? 0, this.rights[i] ?? 0)] = i;
    }
    return pair;
  }

  #slot(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = pairHash(left, right) & mask;
    for (;;) {
      const pair = this.#slots[slot] ?? none;
      if (pair === none || (this.lefts[pair] === left && this.rights[pair] === right)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
