/**
 * Tokens seen before, by their exact characters, with what was worked out for them. A token's record lies in one piece of
 * memory, so that a look-up touches one or two lines of the processor's cache.
 */

const CAPACITY = 1 << 15;
const SLOTS = 1 << 17;
/** Longest token, in UTF-16 code units. */
const LONGEST = 42;

const HASH = 0;
const LENGTH = 1;
/** Number of features. */
export const FEATURES = 2;
/** Hash of the token's form, for pairs. */
export const FORM = 3;
/** First of the sums of weights, one a label. */
export const SUMS = 4;

export class TokenCache {
  /** A record is its fields, then the token's characters. {@link find} and {@link add} say where one begins. */
  readonly records: Int32Array;
  private readonly characters: Uint16Array;
  private readonly slots = new Int32Array(SLOTS).fill(-1);
  private readonly stride: number;
  private readonly charactersAt: number;
  private end = 0;

  constructor(labels: number) {
    this.charactersAt = 2 * (SUMS + labels);
    this.stride = SUMS + labels + LONGEST / 2;
    this.records = new Int32Array(CAPACITY * this.stride);
    this.characters = new Uint16Array(this.records.buffer);
  }

  /** Where the record of the token `text[start, end)` begins, or -1. */
  find(text: string, start: number, end: number, hash: number): number {
    const { slots, records, characters, charactersAt } = this;
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const record = slots[slot]!;
      if (record < 0) return -1;
      if (records[record + HASH] !== hash || records[record + LENGTH] !== end - start) continue;
      let [i, at] = [start, 2 * record + charactersAt];
      while (i < end && characters[at] === text.charCodeAt(i)) {
        i++;
        at++;
      }
      if (i === end) return record;
    }
  }

  /** Makes a record for a token that has none. When there are too many, all others are forgotten. */
  add(text: string, start: number, end: number, hash: number): number {
    if (this.end === this.records.length) {
      this.slots.fill(-1);
      this.end = 0;
    }
    const record = this.end;
    this.end += this.stride;
    this.records[record + HASH] = hash;
    this.records[record + LENGTH] = end - start;
    const at = 2 * record + this.charactersAt - start;
    for (let i = start; i < end; i++) this.characters[at + i] = text.charCodeAt(i);
    let slot = hash & (SLOTS - 1);
    while (this.slots[slot]! >= 0) slot = (slot + 1) & (SLOTS - 1);
    this.slots[slot] = record;
    return record;
  }
}
