/** A list of token ids that grows. */
export class IdBuffer {
  #ids: Uint32Array;
  #length = 0;

  /** `capacity`: how many ids are expected. */
  constructor(capacity: number) {
    this.#ids = new Uint32Array(Math.max(16, capacity));
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) this.#grow(1);
    this.#ids[this.#length++] = id;
  }

  /** Appends `length` ids of `source`, from `start` on. */
  pushFrom(source: Uint32Array | Int32Array, start: number, length: number): void {
    if (this.#length + length > this.#ids.length) this.#grow(length);
    const ids = this.#ids;
    let to = this.#length;
    for (let i = start; i < start + length; i++) ids[to++] = source[i] ?? 0;
    this.#length = to;
  }

  /** The ids, in an array of their own. */
  finish(): Uint32Array {
    return this.#ids.slice(0, this.#length);
  }

  #grow(room: number): void {
    const ids = new Uint32Array(Math.max(this.#ids.length * 2, this.#length + room));
    ids.set(this.#ids);
    this.#ids = ids;
  }
}
