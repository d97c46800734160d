/** A corpus in blocks of some megabytes, so that threads can count them: small documents together, large ones cut. */

/** Bytes of a block, about. */
const blockLength = 2 ** 21;

/** Documents end to end. */
export interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each document ends. */
  readonly ends: readonly number[];
}

/** Puts documents together to blocks. The blocks depend on the documents alone. */
export class BlockBuilder {
  #bytes = new Uint8Array(blockLength);
  #ends: number[] = [];
  #length = 0;

  /** Adds a document, and gives the blocks that are full. */
  *add(document: Uint8Array): Generator<Block> {
    for (let at = 0; at < document.length;) {
      const end = Math.min(document.length, at + blockLength);
      const cut = end < document.length ? cutBefore(document, at, end) : end;
      if (this.#length + cut - at > blockLength) yield this.#take();
      this.#bytes.set(document.subarray(at, cut), this.#length);
      this.#length += cut - at;
      this.#ends.push(this.#length);
      at = cut;
    }
  }

  /** The rest, or null. */
  finish(): Block | null {
    return this.#length > 0 ? this.#take() : null;
  }

  #take(): Block {
    const block = { bytes: this.#bytes.subarray(0, this.#length), ends: this.#ends };
    this.#bytes = new Uint8Array(blockLength);
    this.#ends = [];
    this.#length = 0;
    return block;
  }
}

/**
 * Where to cut `bytes[from..to)`: before the last line that begins with an ASCII letter, where every preset cuts too;
 * in text without one, before the last word; else before the last character.
 */
function cutBefore(bytes: Uint8Array, from: number, to: number): number {
  const half = from + (to - from) / 2;
  for (let at = to; at > half; at--) if (bytes[at - 1] === 0x0a && isLetter(bytes[at]!)) return at;
  for (let at = to; at > half; at--) if (bytes[at] === 0x20 && isLetter(bytes[at - 1]!)) return at;
  for (let at = to; at > to - 4; at--) if ((bytes[at]! & 0xc0) !== 0x80) return at;
  return to;
}

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}
