/** Byte strings numbered in the order they come: the dictionary of words that counting and encoding share. */

/** A set of byte strings, each with its index, in an open-addressing hash table. Strings are never made of them. */
export class ByteMap {
  /** How many strings there are. */
  size = 0;
  /** The strings end to end: string `i` is `bytes` from `starts[i]` to `starts[i + 1]`. */
  bytes: Uint8Array;
  starts: Uint32Array;
  #hashes: Int32Array;
  /** [hash, index + 1] a slot; 0 where it is free. */
  #slots: Int32Array;
  #mask: number;

  /** `capacity`: how many strings are expected. */
  constructor(capacity = 1 << 10) {
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.#slots = new Int32Array(2 * slots);
    this.#mask = slots - 1;
    this.bytes = new Uint8Array(capacity * 8);
    this.starts = new Uint32Array(capacity + 1);
    this.#hashes = new Int32Array(capacity);
  }

  /** Bytes that all strings take. */
  get byteLength(): number {
    return this.starts[this.size]!;
  }

  /** Index of `source[from..to)`, whose {@link hashBytes} is given, or -1. */
  find(source: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const index = slots[2 * slot + 1]! - 1;
      if (index < 0) return -1;
      if (slots[2 * slot] === hash && this.#equals(index, source, from, to)) return index;
    }
  }

  /** Adds a string that is not there yet, and gives its index. */
  add(source: Uint8Array, from: number, to: number, hash: number): number {
    const index = this.size;
    const start = this.starts[index]!;
    const end = start + to - from;
    if (index + 1 >= this.starts.length) this.#growStrings();
    if (end > this.bytes.length) this.bytes = grown(this.bytes, new Uint8Array(Math.max(end, 2 * this.bytes.length)));
    const { bytes } = this;
    for (let i = start, j = from; j < to; i++, j++) bytes[i] = source[j]!;
    this.starts[index + 1] = end;
    this.#hashes[index] = hash;
    this.size++;
    if (2 * this.size > this.#mask) this.#growSlots();
    else this.#enter(index, hash);
    return index;
  }

  /** Index of a string, which is added if it is new. */
  indexOf(source: Uint8Array, from = 0, to = source.length): number {
    const hash = hashBytes(source, from, to);
    const found = this.find(source, from, to, hash);
    return found >= 0 ? found : this.add(source, from, to, hash);
  }

  /** Forgets all strings, and keeps the memory. */
  clear(): void {
    this.size = 0;
    this.#slots.fill(0);
  }

  #equals(index: number, source: Uint8Array, from: number, to: number): boolean {
    const { bytes } = this;
    let i = this.starts[index]!;
    if (this.starts[index + 1]! - i !== to - from) return false;
    for (let j = from; j < to; i++, j++) if (bytes[i] !== source[j]) return false;
    return true;
  }

  #enter(index: number, hash: number): void {
    let slot = hash & this.#mask;
    while (this.#slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[2 * slot] = hash;
    this.#slots[2 * slot + 1] = index + 1;
  }

  #growStrings(): void {
    const length = 2 * this.starts.length;
    this.starts = grown(this.starts, new Uint32Array(length));
    this.#hashes = grown(this.#hashes, new Int32Array(length));
  }

  #growSlots(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    this.#mask = this.#slots.length / 2 - 1;
    for (let index = 0; index < this.size; index++) this.#enter(index, this.#hashes[index]!);
  }
}

function grown<T extends Uint8Array | Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** A 32-bit hash of bytes, mixed in its low bits. */
export function hashBytes(source: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i]!, 0x01000193) ^ (hash >>> 19);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
