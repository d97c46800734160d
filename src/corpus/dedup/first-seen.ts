/** A hash table from 64-bit keys, hashes themselves, to the number they were first seen with. Open addressing, 12 bytes a slot. */

const SLOT_WORDS = 3;
export const SLOT_BYTES = 4 * SLOT_WORDS;
/** Stands for an empty slot, so it cannot be a value. */
const EMPTY = -1;
/** The share of slots that may be taken before the table grows. */
const FULL = 0.7;

/** Slots of a table for `keys` keys. */
export function slotsFor(keys: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(keys / FULL + 1)));
}

export class FirstSeen {
  private table: Int32Array;
  private mask: number;
  private keys = 0;

  /** @param keys how many are expected; the table grows when there are more */
  constructor(keys: number) {
    this.table = new Int32Array(SLOT_WORDS * slotsFor(keys)).fill(EMPTY);
    this.mask = this.table.length / SLOT_WORDS - 1;
  }

  get size(): number {
    return this.keys;
  }

  /** The value the key was first given with, or -1 where that is now. Values are bit patterns of 32 bits other than -1. */
  claim(low: number, high: number, value: number): number {
    const { table, mask } = this;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = SLOT_WORDS * slot;
      const there = table[at + 2]!;
      if (there === EMPTY) {
        table[at] = low;
        table[at + 1] = high;
        table[at + 2] = value;
        if (++this.keys > FULL * (mask + 1)) this.grow();
        return EMPTY;
      }
      if (table[at] === low && table[at + 1] === high) return there;
    }
  }

  /** The value of a key, -1 where it has none. */
  get(low: number, high: number): number {
    const { table, mask } = this;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = SLOT_WORDS * slot;
      const there = table[at + 2]!;
      if (there === EMPTY || (table[at] === low && table[at + 1] === high)) return there;
    }
  }

  /** Forgets all keys and keeps the memory. */
  clear(): void {
    this.table.fill(EMPTY);
    this.keys = 0;
  }

  private grow(): void {
    const old = this.table;
    this.table = new Int32Array(2 * old.length).fill(EMPTY);
    this.mask = this.table.length / SLOT_WORDS - 1;
    this.keys = 0;
    for (let at = 0; at < old.length; at += SLOT_WORDS)
      if (old[at + 2] !== EMPTY) this.claim(old[at]!, old[at + 1]!, old[at + 2]!);
  }
}
