/** A hash table from n-grams of up to five bytes to numbers. */
export class GramTable {
  /** How many n-grams there are. */
  size = 0;
  /** Length of the n-gram (plus 1, so that 0 is an empty place) and its first byte if it has five; its last four bytes. */
  #heads = new Uint16Array(1024);
  #rests = new Uint32Array(1024);
  #values = new Float64Array(1024);

  /** Adds to the number of an n-gram, 0 at first. */
  add(length: number, first: number, rest: number, value: number): void {
    const slot = this.#find(((length + 1) << 8) | first, rest);
    if (this.#heads[slot] === 0) {
      this.#heads[slot] = ((length + 1) << 8) | first;
      this.#rests[slot] = rest;
      this.#values[slot] = value;
      if (2 * ++this.size > this.#heads.length) this.#grow();
    } else this.#values[slot]! += value;
  }

  get(length: number, first: number, rest: number): number | undefined {
    const slot = this.#find(((length + 1) << 8) | first, rest);
    return this.#heads[slot] === 0 ? undefined : this.#values[slot];
  }

  /** All of them, in no order that means anything. */
  *entries(): Generator<{ first: number; rest: number; value: number }> {
    for (let slot = 0; slot < this.#heads.length; slot++)
      if (this.#heads[slot] !== 0)
        yield { first: this.#heads[slot]! & 0xff, rest: this.#rests[slot]!, value: this.#values[slot]! };
  }

  #find(head: number, rest: number): number {
    const mask = this.#heads.length - 1;
    const hash = Math.imul(Math.imul(rest, 0x9e3779b1) ^ head, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#heads[slot] !== 0 && (this.#heads[slot] !== head || this.#rests[slot] !== rest))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [heads, rests, values] = [this.#heads, this.#rests, this.#values];
    this.#heads = new Uint16Array(2 * heads.length);
    this.#rests = new Uint32Array(2 * heads.length);
    this.#values = new Float64Array(2 * heads.length);
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] === 0) continue;
      const slot = this.#find(heads[i]!, rests[i]!);
      this.#heads[slot] = heads[i]!;
      this.#rests[slot] = rests[i]!;
      this.#values[slot] = values[i]!;
    }
  }
}
