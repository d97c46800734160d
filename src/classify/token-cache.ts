/** Tokens seen before, by their exact characters, numbered from 0: what belongs to a token is then worked out once. */

const CAPACITY = 1 << 15;
const SLOTS = 1 << 16;
/** Longest token, in UTF-16 code units; others are never found. */
const LONGEST = 40;

export class TokenCache {
  static readonly capacity = CAPACITY;
  private readonly slots = new Int32Array(SLOTS).fill(-1);
  private readonly hashes = new Int32Array(CAPACITY);
  private readonly lengths = new Uint8Array(CAPACITY);
  private readonly characters = new Uint16Array(CAPACITY * LONGEST);
  private count = 0;

  /** Number of the token `text[start, end)`, or -1. */
  find(text: string, start: number, end: number, hash: number): number {
    const { slots, hashes, lengths, characters } = this;
    for (let slot = hash & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const id = slots[slot]!;
      if (id < 0) return -1;
      if (hashes[id] !== hash || lengths[id] !== end - start) continue;
      let [i, at] = [start, id * LONGEST];
      while (i < end && characters[at] === text.charCodeAt(i)) {
        i++;
        at++;
      }
      if (i === end) return id;
    }
  }

  /** Numbers a token that is not there. When there are too many, all are forgotten and numbers begin again at 0. */
  add(text: string, start: number, end: number, hash: number): number {
    if (this.count === CAPACITY) {
      this.slots.fill(-1);
      this.count = 0;
    }
    const id = this.count++;
    this.hashes[id] = hash;
    this.lengths[id] = end - start;
    for (let i = start; i < end; i++) this.characters[id * LONGEST + i - start] = text.charCodeAt(i);
    let slot = hash & (SLOTS - 1);
    while (this.slots[slot]! >= 0) slot = (slot + 1) & (SLOTS - 1);
    this.slots[slot] = id;
    return id;
  }
}
