/**
 * The merge rules of a BPE vocabulary, and their application to one word.
 *
 * The rule of lowest rank is applied first, the leftmost pair first among equals, until no rule applies
 * (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2).
 */

/** Ranks of pairs of token ids in an open-addressing hash table, and the token that each rule makes. */
export class MergeTable {
  readonly count: number;
  readonly #results: Int32Array;
  /** [left + 1, right, rank] a slot; left + 1 is 0 where it is free. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** Rank of each pair of ids below 256, which the bytes are in most vocabularies, or -1. */
  readonly #low = new Int32Array(1 << 16).fill(-1);

  /** `pairs` is [left, right] for each rule in the order of rank, `results` the token of each rule. A later duplicate of a pair wins. */
  constructor(pairs: ArrayLike<number>, results: ArrayLike<number>) {
    this.count = results.length;
    this.#results = Int32Array.from(results);
    let size = 16;
    while (size < this.count * 2) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Int32Array(3 * size);
    for (let rank = 0; rank < this.count; rank++) {
      const left = pairs[2 * rank] ?? 0;
      const right = pairs[2 * rank + 1] ?? 0;
      if ((left | right) < 256) this.#low[(left << 8) | right] = rank;
      const slot = this.#slot(left, right);
      this.#slots[slot] = left + 1;
      this.#slots[slot + 1] = right;
      this.#slots[slot + 2] = rank;
    }
  }

  /** Rank of the rule for a pair, or -1. */
  rank(left: number, right: number): number {
    if ((left | right) < 256) return this.#low[(left << 8) | right]!;
    const slot = this.#slot(left, right);
    return this.#slots[slot] === 0 ? -1 : this.#slots[slot + 2]!;
  }

  /** Token that the rule of a rank makes. */
  result(rank: number): number {
    return this.#results[rank]!;
  }

  /** Where a pair stands, or would. */
  #slot(left: number, right: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = pairHash(left, right) & mask; ; slot = (slot + 1) & mask) {
      const found = slots[3 * slot]!;
      if (found === 0 || (found === left + 1 && slots[3 * slot + 1] === right)) return 3 * slot;
    }
  }
}

/** A hash of a pair of ids whose low bits are well mixed. */
export function pairHash(left: number, right: number): number {
  let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right + 0x7f4a7c15, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

const noRule = 0x7fffffff;
const shortWord = 48;
const shortRanks = new Int32Array(shortWord);

/** Applies the rules to the first `length` symbols, in place, and gives the number that is left. */
export function mergeWord(symbols: Int32Array, length: number, table: MergeTable): number {
  if (length < 2 || table.count === 0) return length;
  return length <= shortWord ? mergeShort(symbols, length, table) : mergeLong(symbols, length, table);
}

/** Looks for the lowest rank in a scan: quadratic, and fastest for a word. */
function mergeShort(symbols: Int32Array, length: number, table: MergeTable): number {
  const ranks = shortRanks;
  for (let i = 0; i + 1 < length; i++) ranks[i] = rankAt(symbols, i, table);
  for (;;) {
    let best = noRule;
    let at = -1;
    for (let i = 0; i + 1 < length; i++) {
      const rank = ranks[i]!;
      if (rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) return length;
    symbols[at] = table.result(best);
    length--;
    for (let i = at + 1; i < length; i++) {
      symbols[i] = symbols[i + 1]!;
      ranks[i] = ranks[i + 1]!;
    }
    if (at + 1 < length) ranks[at] = rankAt(symbols, at, table);
    if (at > 0) ranks[at - 1] = rankAt(symbols, at - 1, table);
  }
}

function rankAt(symbols: Int32Array, i: number, table: MergeTable): number {
  const rank = table.rank(symbols[i]!, symbols[i + 1]!);
  return rank < 0 ? noRule : rank;
}

/** Keeps the pairs in a heap ordered by rank, then position: O(n log n) for a word of any length. */
function mergeLong(symbols: Int32Array, length: number, table: MergeTable): number {
  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  // A key is rank · 2^29 + position. Every merge pushes at most two pairs, and there are fewer than `length` merges.
  const positions = 2 ** 29;
  const heap = new Float64Array(3 * length);
  let size = 0;
  const push = (at: number): void => {
    const rank = table.rank(symbols[at] ?? 0, symbols[next[at] ?? 0] ?? 0);
    if (rank < 0) return;
    const key = rank * positions + at;
    let i = size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const other = heap[parent] ?? 0;
      if (other <= key) break;
      heap[i] = other;
      i = parent;
    }
    heap[i] = key;
  };
  // The least key, or -1.
  const pop = (): number => {
    if (size === 0) return -1;
    const top = heap[0] ?? 0;
    const last = heap[--size] ?? 0;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
      const value = heap[child] ?? 0;
      if (value >= last) break;
      heap[i] = value;
      i = child;
    }
    heap[i] = last;
    return top;
  };

  for (let i = 0; i < length; i++) {
    next[i] = i + 1 < length ? i + 1 : -1;
    previous[i] = i - 1;
  }
  for (let i = 0; i + 1 < length; i++) push(i);
  for (let key = pop(); key >= 0; key = pop()) {
    const rank = Math.floor(key / positions);
    const at = key - rank * positions;
    const right = next[at] ?? -1;
    // A merged position holds -1, and a pair that changed since it was pushed has another rank.
    if (right < 0 || (symbols[at] ?? -1) < 0 || table.rank(symbols[at] ?? 0, symbols[right] ?? 0) !== rank) continue;
    symbols[at] = table.result(rank);
    symbols[right] = -1;
    const after = next[right] ?? -1;
    next[at] = after;
    next[right] = -1;
    if (after >= 0) {
      previous[after] = at;
      push(at);
    }
    const before = previous[at] ?? -1;
    if (before >= 0) push(before);
  }
  let kept = 0;
  for (let i = 0; i < length; i++) {
    const symbol = symbols[i] ?? -1;
    if (symbol >= 0) symbols[kept++] = symbol;
  }
  return kept;
}
