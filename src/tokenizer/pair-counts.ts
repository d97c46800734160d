/**
 * The words of a corpus while BPE training merges their symbols, with the count of every pair of neighbours.
 *
 * Every position of every word stands in the list of its pair, so that a merge touches exactly the places where it
 * happens and the counts stay exact without ever counting again.
 */
import { pairHash } from './merges.js';
import type { CountedWords } from './word-counts.js';

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

  /** Positions of the pair that is being merged. */
  #positions = new Int32Array(1 << 10);
  /** Pairs that grew in this merge, and for each pair the last merge it grew in. */
  readonly #grown: number[] = [];
  readonly #grownIn: number[] = [];
  #round = 0;

  /** Words of bytes, which are their first symbols. */
  constructor({ bytes, starts, counts }: CountedWords) {
    const perPosition = (): Int32Array => new Int32Array(bytes.length).fill(none);
    this.#symbols = Int32Array.from(bytes);
    this.#next = perPosition();
    this.#previous = perPosition();
    this.#pairs = perPosition();
    this.#nextInList = perPosition();
    this.#previousInList = perPosition();
    this.#words = perPosition();
    this.#wordCounts = counts;
    for (let word = 0; word < counts.length; word++) {
      for (let at = starts[word]!; at < starts[word + 1]!; at++) {
        this.#words[at] = word;
        if (at === starts[word]) continue;
        this.#next[at - 1] = at;
        this.#previous[at] = at - 1;
        this.#link(at - 1);
      }
    }
  }

  /**
   * Merges every occurrence of a pair, from the left in each word, into the symbol `made`.
   * @returns the pairs whose count grew.
   */
  merge(pair: number, made: number): readonly number[] {
    const left = this.lefts[pair]!;
    const right = this.rights[pair]!;
    const grown = this.#grown;
    grown.length = 0;
    this.#round++;
    const count = this.#listPositions(pair, left === right);
    for (let i = 0; i < count; i++) {
      const at = this.#positions[i]!;
      const second = this.#next[at]!;
      // In a run of one symbol an occurrence may have lost a symbol to the one before.
      if (this.#symbols[at] !== left || second === none || this.#symbols[second] !== right) continue;
      const before = this.#previous[at]!;
      const after = this.#next[second]!;
      this.#unlink(at);
      if (before !== none) this.#unlink(before);
      if (after !== none) this.#unlink(second);
      this.#symbols[at] = made;
      this.#symbols[second] = none;
      this.#next[at] = after;
      if (after !== none) {
        this.#previous[after] = at;
        this.#noteGrown(this.#link(at));
      }
      if (before !== none) this.#noteGrown(this.#link(before));
    }
    return grown;
  }

  #noteGrown(pair: number): void {
    if (this.#grownIn[pair] === this.#round) return;
    this.#grownIn[pair] = this.#round;
    this.#grown.push(pair);
  }

  /** Lists the positions of a pair, and gives their number; ascending where its symbols are equal, since only then the order matters. */
  #listPositions(pair: number, ascending: boolean): number {
    let count = 0;
    for (let at = this.#heads[pair]!; at !== none; at = this.#nextInList[at]!) {
      if (count === this.#positions.length) {
        const longer = new Int32Array(2 * count);
        longer.set(this.#positions);
        this.#positions = longer;
      }
      this.#positions[count++] = at;
    }
    if (ascending) this.#positions.subarray(0, count).sort();
    return count;
  }

  /** Enters a position in the list of its pair, and gives the pair. */
  #link(at: number): number {
    const pair = this.#pairOf(this.#symbols[at]!, this.#symbols[this.#next[at] ?? 0]!);
    const head = this.#heads[pair]!;
    this.#pairs[at] = pair;
    this.#previousInList[at] = none;
    this.#nextInList[at] = head;
    if (head !== none) this.#previousInList[head] = at;
    this.#heads[pair] = at;
    this.counts[pair] = this.counts[pair]! + this.#wordCounts[this.#words[at] ?? 0]!;
    return pair;
  }

  #unlink(at: number): void {
    const pair = this.#pairs[at]!;
    const before = this.#previousInList[at]!;
    const after = this.#nextInList[at]!;
    if (before === none) this.#heads[pair] = after;
    else this.#nextInList[before] = after;
    if (after !== none) this.#previousInList[after] = before;
    this.counts[pair] = this.counts[pair]! - this.#wordCounts[this.#words[at] ?? 0]!;
  }

  #pairOf(left: number, right: number): number {
    const slot = this.#slot(left, right);
    const known = this.#slots[slot]!;
    if (known !== none) return known;
    const pair = this.counts.length;
    this.#slots[slot] = pair;
    this.lefts.push(left);
    this.rights.push(right);
    this.counts.push(0);
    this.#grownIn.push(0);
    this.#heads.push(none);
    if (2 * pair > this.#slots.length) {
      this.#slots = new Int32Array(this.#slots.length * 2).fill(none);
      for (let i = 0; i <= pair; i++) this.#slots[this.#slot(this.lefts[i]!, this.rights[i]!)] = i;
    }
    return pair;
  }

  #slot(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = pairHash(left, right) & mask;
    for (;;) {
      const pair = this.#slots[slot]!;
      if (pair === none || (this.lefts[pair] === left && this.rights[pair] === right)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
