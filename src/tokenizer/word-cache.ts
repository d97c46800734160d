/** Token ids of words seen lately, with a bound on its memory: when it is full it forgets everything and starts anew. */
import { ByteMap } from './byte-map.js';

const maxWords = 1 << 17;
const maxIds = 1 << 20;
/** Longest word that is remembered, in bytes. */
export const longestWord = 64;

export class WordCache {
  readonly #words = new ByteMap(1 << 12);
  /** Offset in {@link pool} of each word of the map. */
  #offsets = new Int32Array(1 << 12);
  #used = 0;
  /** At each word's offset: the number of its ids, then the ids. */
  pool: Int32Array = new Int32Array(1 << 14);

  /** Offset in {@link pool} of the word `source[from..to)`, whose `hashBytes` is given, or -1. */
  find(source: Uint8Array, from: number, to: number, hash: number): number {
    const index = this.#words.find(source, from, to, hash);
    return index < 0 ? -1 : this.#offsets[index]!;
  }

  /** Remembers the first `length` ids of `ids` for a word that is not there, of at most {@link longestWord} bytes. */
  add(source: Uint8Array, from: number, to: number, hash: number, ids: Int32Array, length: number): void {
    if (this.#words.size >= maxWords || this.#used + length + 1 > maxIds) {
      this.#words.clear();
      this.#used = 0;
    }
    if (this.#used + length + 1 > this.pool.length) this.pool = twice(this.pool);
    const index = this.#words.add(source, from, to, hash);
    if (index >= this.#offsets.length) this.#offsets = twice(this.#offsets);
    this.#offsets[index] = this.#used;
    this.pool[this.#used++] = length;
    for (let i = 0; i < length; i++) this.pool[this.#used++] = ids[i]!;
  }
}

function twice(from: Int32Array): Int32Array<ArrayBuffer> {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
}
