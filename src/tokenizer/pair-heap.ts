/** The pairs of BPE training by their counts. */
import type { PairCounts } from './pair-counts.js';

/** Pairs by count, the most frequent first. A pair whose count has changed since it was entered is entered anew when found. */
export class PairHeap {
  readonly #pairs: PairCounts;
  readonly #entries: { pair: number; count: number }[] = [];

  constructor(pairs: PairCounts) {
    this.#pairs = pairs;
  }

  push(pair: number): void {
    const entry = { pair, count: this.#pairs.counts[pair] ?? 0 };
    const entries = this.#entries;
    let i = entries.length;
    entries.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const other = entries[parent];
      if (!other || !this.#before(entry, other)) break;
      entries[i] = other;
      i = parent;
    }
    entries[i] = entry;
  }

  /** Removes the most frequent pair; null if none occurs `least` times. */
  pop(least: number): number | null {
    for (;;) {
      const top = this.#entries[0];
      if (!top || top.count < least) return null;
      this.#removeTop();
      const count = this.#pairs.counts[top.pair] ?? 0;
      if (count === top.count) return top.pair;
      if (count >= least) this.push(top.pair);
    }
  }

  #removeTop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (!last || entries.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = entries[child];
      const right = entries[child + 1];
      if (!left) break;
      let best = left;
      if (right && this.#before(right, left)) {
        best = right;
        child++;
      }
      if (!this.#before(best, last)) break;
      entries[i] = best;
      i = child;
    }
    entries[i] = last;
  }

  #before(a: { pair: number; count: number }, b: { pair: number; count: number }): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const { lefts, rights } = this.#pairs;
    const byLeft = (lefts[a.pair] ?? 0) - (lefts[b.pair] ?? 0);
    return byLeft !== 0 ? byLeft < 0 : (rights[a.pair] ?? 0) < (rights[b.pair] ?? 0);
  }
}
