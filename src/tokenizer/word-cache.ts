/** Token ids of words seen lately, with a bound on its memory: when it is full it forgets everything and starts anew. */
const maxWords = 1 << 17;
const maxIds = 1 << 20;
const longestWord = 64;

export class WordCache {
  readonly #offsets = new Map<string, number>();
  #used = 0;
  /** At each word's offset: the number of its ids, then the ids. */
  pool: Int32Array = new Int32Array(1 << 12);

  /** Offset of the word in {@link pool}, or undefined. */
  find(word: string): number | undefined {
    return this.#offsets.get(word);
  }

  /** Remembers the first `length` ids of `ids` for a word, unless the word is long. `word` must not be a slice of a long text. */
  add(word: string, ids: Int32Array, length: number): void {
    if (word.length > longestWord || length > longestWord * 4) return;
    if (this.#offsets.size >= maxWords || this.#used + length + 1 > maxIds) {
      this.#offsets.clear();
      this.#used = 0;
    }
    if (this.#used + length + 1 > this.pool.length) {
      const pool = new Int32Array(this.pool.length * 2);
      pool.set(this.pool);
      this.pool = pool;
    }
    this.#offsets.set(word, this.#used);
    this.pool[this.#used++] = length;
    this.pool.set(ids.subarray(0, length), this.#used);
    this.#used += length;
  }
}
