/**
 * Cuts text into tokens for the classifiers: runs of letters, digits and the signs that stand in for letters, and single
 * symbols such as emoji. Nothing is allocated for a token: it is a span of the text and a hash of the span.
 */

const SEPARATOR = 0;
const LETTER = 1;
const DIGIT = 2;
/** Part of a token: written inside words, or in place of their letters. */
const JOINER = 3;
/** A token of its own. */
const SYMBOL = 4;
const HIGH_SURROGATE = 5;

/** Longer runs are cut, so that the work for a token is bounded. */
const LONGEST = 40;
const CAPACITY = 4096;
/** `@` */
const AT = 0x40;

let classTable: Uint8Array | undefined;

/** Class of each UTF-16 code unit. */
function classes(): Uint8Array {
  if (classTable) return classTable;
  const table = new Uint8Array(65536);
  const letter = /[\p{L}\p{M}]/u;
  const symbol = /\p{Extended_Pictographic}/u;
  for (let code = 0; code < 65536; code++) {
    const character = String.fromCharCode(code);
    if (code >= 0xd800 && code < 0xdc00) table[code] = HIGH_SURROGATE;
    else if (code >= 0xfe00 && code < 0xfe10)
      table[code] = SEPARATOR; // variation selectors
    else if (letter.test(character)) table[code] = LETTER;
    else if (/\p{N}/u.test(character)) table[code] = DIGIT;
    else if (code >= 0x2600 && symbol.test(character)) table[code] = SYMBOL;
  }
  // Zero-width characters and the soft hyphen hide inside words.
  for (const character of "'_$@*!#+\u2019\u00ad\u200b\u200c\u200d\u2060\ufeff") table[character.charCodeAt(0)] = JOINER;
  return (classTable = table);
}

/** FNV-1a over UTF-16 code units; a start for other kinds of features is another `hash`. */
export function hashSpan(text: string, start: number, end: number, hash = 0x811c9dc5): number {
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Spreads a hash over all of its bits (the finaliser of MurmurHash3). */
export function spread(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The tokens of a stretch of text: `count` spans and their hashes. */
export class Tokens {
  readonly starts = new Int32Array(CAPACITY + 1);
  readonly ends = new Int32Array(CAPACITY + 1);
  readonly hashes = new Int32Array(CAPACITY + 1);
  count = 0;
  private readonly classes = classes();

  /**
   * Takes the next tokens of `text` from `position` on, at most some 4,000. Of an address only its `http` is a token, of a
   * mention only its `@` and one letter;
   * three or more single letters with one character between them ("f o o") are one token.
   * @returns where to go on, or -1 when the text is done
   */
  scan(text: string, position: number): number {
    const { classes, starts, ends, hashes } = this;
    const length = text.length;
    let count = 0;
    let singles = 0;
    let at = position;
    while (at < length && count < CAPACITY) {
      const first = classes[text.charCodeAt(at)]!;
      if (first === SEPARATOR) {
        at++;
        continue;
      }
      const start = at;
      let hash = 0x811c9dc5;
      if (first === SYMBOL) {
        hash = Math.imul(hash ^ text.charCodeAt(at++), 0x01000193);
      } else if (first === HIGH_SURROGATE && isPictograph(text, at)) {
        at += 2;
        hash = hashSpan(text, start, at);
      } else {
        const limit = Math.min(length, start + LONGEST);
        while (at < limit) {
          const code = text.charCodeAt(at);
          const kind = classes[code]!;
          if (kind === SEPARATOR || kind === SYMBOL) break;
          if (kind === HIGH_SURROGATE) {
            if (at > start && isPictograph(text, at)) break;
            hash = Math.imul(hash ^ code, 0x01000193);
            if (++at >= length) break;
            hash = Math.imul(hash ^ text.charCodeAt(at++), 0x01000193);
          } else {
            hash = Math.imul(hash ^ code, 0x01000193);
            at++;
          }
        }
      }
      const isSingle = at - start === 1 && first === LETTER;
      const continues = isSingle && singles > 0 && start === 1 + ends[count - 1]!;
      if (!continues) {
        if (singles >= 3) count = this.join(text, count, singles);
        singles = 0;
      }
      if (isSingle) singles++;
      starts[count] = start;
      if (text.charCodeAt(start) === AT && isMention(text, start + 1, at)) {
        ends[count] = start + 2;
        hashes[count++] = spread(text.charCodeAt(start + 1));
      } else {
        ends[count] = at;
        hashes[count++] = spread(hash);
      }
      if (text.charCodeAt(at) === 0x3a && text.startsWith('://', at)) at = endOfAddress(text, at);
    }
    if (singles >= 3) count = this.join(text, count, singles);
    this.count = count;
    return at < length ? at : -1;
  }

  /** Makes the last `singles` tokens one. @returns the new count */
  private join(text: string, count: number, singles: number): number {
    const first = count - singles;
    this.ends[first] = Math.min(this.ends[count - 1]!, this.starts[first]! + LONGEST);
    this.hashes[first] = spread(hashSpan(text, this.starts[first]!, this.ends[first]!));
    return first + 1;
  }
}

/** True for one character or more of A-Z, a-z, 0-9 and _. */
function isMention(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    const lower = code | 0x20;
    if (!((lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f)) return false;
  }
  return end > start;
}

/** True for emoji outside the basic plane. */
function isPictograph(text: string, at: number): boolean {
  const code = text.codePointAt(at)!;
  return code >= 0x1f000 && code < 0x1fb00;
}

/** First white space at or after `at`. */
function endOfAddress(text: string, at: number): number {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 0xa0) break;
  }
  return at;
}
