/** Counting the distinct pieces of a corpus: all that BPE training needs to know of it. */
import { forEachPiece, patternSplitter } from './split.js';
import { escapedByte, textOf } from './utf8.js';

/** Bytes or characters that are counted at once. A longer document is cut, at a line break if there is one near. */
const blockLength = 1 << 24;

/** Counts how often each piece of text occurs. Its memory grows with the number of distinct pieces, not with the text. */
export class WordCounts {
  readonly counts = new Map<string, number>();
  readonly #splitter: ReturnType<typeof patternSplitter>;

  /** `pattern`: the pre-tokenisation pattern, see `pattern.ts`. */
  constructor(pattern: string) {
    this.#splitter = patternSplitter(pattern);
  }

  /** Counts the pieces of a document. Invalid UTF-8 counts for nothing: its bytes are never merged. */
  add(document: string | Uint8Array): void {
    for (let at = 0; at < document.length;) {
      const end = blockEnd(document, at);
      const whole = at === 0 && end === document.length;
      const block = whole
        ? document
        : typeof document === 'string'
          ? document.slice(at, end)
          : document.subarray(at, end);
      const { text, escaped } = textOf(block);
      if (escaped) for (const part of text.split(escapedByte)) this.#addText(part);
      else this.#addText(text);
      at = end;
    }
  }

  #addText(text: string): void {
    const { counts } = this;
    forEachPiece(text, [this.#splitter], (piece) => {
      const count = counts.get(piece);
      // A new key is copied, since a slice would keep the whole text alive.
      if (count === undefined) counts.set(piece.length > 12 ? [...piece].join('') : piece, 1);
      else counts.set(piece, count + 1);
    });
  }
}

function blockEnd(document: string | Uint8Array, at: number): number {
  const end = at + blockLength;
  if (end >= document.length) return document.length;
  const lineBreak = typeof document === 'string' ? document.lastIndexOf('\n', end) : document.lastIndexOf(10, end);
  if (lineBreak > at + blockLength / 2) return lineBreak;
  // No line break near: at least not within a character.
  for (let cut = end; cut > end - 4; cut--) {
    const inside =
      typeof document === 'string'
        ? (document.charCodeAt(cut) & 0xfc00) === 0xdc00
        : ((document[cut] ?? 0) & 0xc0) === 0x80;
    if (!inside) return cut;
  }
  return end;
}
