/** The bytes of every id, and decoding: the half that all tokenizers share. */
import { InputError } from '../io/errors.js';
import { textOfUtf8, utf8 } from './utf8.js';
import type { AddedToken } from './added.js';

const space = 0x20;

/** The bytes of every id in one array, with the added tokens marked. */
export class TokenTable {
  readonly size: number;
  readonly #bytes: Uint8Array;
  /** Token `id` is #bytes[#starts[id]] to #bytes[#starts[id + 1]]. */
  readonly #starts: Uint32Array;
  /** 0 for a token of the vocabulary, 1 for an added token, 2 for a special one. */
  readonly #kinds: Uint8Array;

  /** `tokens` gives the bytes of the ids that are not added; added tokens are their text in UTF-8. */
  constructor(size: number, tokens: (id: number) => Uint8Array, added: readonly AddedToken[]) {
    this.size = size;
    this.#kinds = new Uint8Array(size);
    const addedBytes = new Map<number, Uint8Array>();
    for (const { id, content, special } of added) {
      this.#kinds[id] = special ? 2 : 1;
      addedBytes.set(id, utf8(content));
    }
    const parts = Array.from({ length: size }, (_, id) => addedBytes.get(id) ?? tokens(id));
    this.#starts = new Uint32Array(size + 1);
    parts.forEach((part, id) => (this.#starts[id + 1] = (this.#starts[id] ?? 0) + part.length));
    this.#bytes = new Uint8Array(this.#starts[size] ?? 0);
    parts.forEach((part, id) => this.#bytes.set(part, this.#starts[id]));
  }

  /** A copy of the bytes of `id`. @throws InputError for an id outside the table. */
  bytes(id: number): Uint8Array {
    this.#check(id);
    return this.#bytes.slice(this.#starts[id], this.#starts[id + 1]);
  }

  isSpecial(id: number): boolean {
    return this.#kinds[id] === 2;
  }

  isAdded(id: number): boolean {
    return (this.#kinds[id] ?? 0) > 0;
  }

  startsWithSpace(id: number): boolean {
    const start = this.#starts[id] ?? 0;
    return start < (this.#starts[id + 1] ?? 0) && this.#bytes[start] === space;
  }

  /**
   * The bytes of `ids` in order, behind the token `before` (null: at the beginning of a text). `stripsSpaceAfter` says
   * whether a token there, or after another, loses a leading space; without it nothing is lost.
   * @throws InputError for an id outside the table.
   */
  decode(
    ids: ArrayLike<number>,
    before: number | null,
    stripsSpaceAfter?: (previous: number | null) => boolean,
  ): Uint8Array {
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? -1;
      this.#check(id);
      length += (this.#starts[id + 1] ?? 0) - (this.#starts[id] ?? 0);
    }
    const out = new Uint8Array(length);
    let to = 0;
    let previous = before;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? 0;
      const end = this.#starts[id + 1] ?? 0;
      let from = this.#starts[id] ?? 0;
      if (stripsSpaceAfter?.(previous) && !this.isAdded(id) && this.startsWithSpace(id)) from++;
      while (from < end) out[to++] = this.#bytes[from++] ?? 0;
      previous = id;
    }
    return to === length ? out : out.slice(0, to);
  }

  /** Text of {@link decode}; bytes that are not UTF-8 become U+FFFD. */
  decodeText(
    ids: ArrayLike<number>,
    before: number | null,
    stripsSpaceAfter?: (previous: number | null) => boolean,
  ): string {
    return textOfUtf8(this.decode(ids, before, stripsSpaceAfter));
  }

  #check(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= this.size)
      throw new InputError(`token id ${id} is outside the vocabulary of ${this.size} ids`);
  }
}
