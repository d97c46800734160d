/** Encoding of text that arrives in pieces. */
import type { Tokenizer } from './types.js';
import { utf8 } from './utf8.js';

/** So many bytes that more text may change are looked at again with every piece; more of them, only when they have doubled. */
const alwaysAgain = 1 << 12;

/**
 * Token ids of a text that arrives in pieces, cut anywhere, even within a character: all ids together are those of the
 * whole. Text that spells a special token stays text, as in {@link Tokenizer.encode}.
 *
 * What is held back is the last word, as long as more text may change it. A tokenizer without
 * {@link Tokenizer.encodePrefix} (SentencePiece, Unicode normalisation, a pattern of its own) gives everything at the end.
 */
export class EncodeStream {
  readonly #tokenizer: Tokenizer;
  #held = new Uint8Array(1 << 12);
  #length = 0;
  #tryAt = 0;
  /** The first half of a surrogate pair, or nothing. */
  #half = '';

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** Takes the next piece, and gives the ids that are certain now. */
  push(piece: string | Uint8Array): Uint32Array {
    this.#hold(typeof piece === 'string' ? this.#wholeCharacters(piece) : piece);
    if (this.#length < this.#tryAt) return new Uint32Array();
    const settled = this.#tokenizer.encodePrefix?.(this.#held.subarray(0, this.#length));
    if (!settled) return new Uint32Array();
    this.#held.copyWithin(0, settled.length, this.#length);
    this.#length -= settled.length;
    this.#tryAt = this.#length <= alwaysAgain ? 0 : 2 * this.#length;
    return settled.ids;
  }

  /**
   * Gives the ids of the rest. The stream can then be used anew.
   * @throws InputError for a rest that is too long to encode at once.
   */
  end(): Uint32Array {
    if (this.#half !== '') this.#hold(utf8(this.#half));
    this.#half = '';
    const ids = this.#tokenizer.encode(this.#held.subarray(0, this.#length));
    this.#length = 0;
    this.#tryAt = 0;
    return ids;
  }

  #wholeCharacters(piece: string): Uint8Array {
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    this.#half = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : '';
    return utf8(this.#half === '' ? text : text.slice(0, -1));
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#held.length) {
      const held = new Uint8Array(Math.max(length, 2 * this.#held.length));
      held.set(this.#held.subarray(0, this.#length));
      this.#held = held;
    }
    this.#held.set(bytes, this.#length);
    this.#length = length;
  }
}
