/**
 * Words and lines of a text, found once and shared by the rules that count them.
 *
 * A word is a run of letters, digits and marks, with apostrophes and hyphens inside it; in scripts that put no spaces
 * between words (Han, kana, Thai, Lao, Khmer, Burmese) each letter counts as a word. A run of symbols (|, ###, →) is a word
 * without letters; ordinary punctuation is none, as in datatrove. Equal words have equal numbers.
 */

/** Classes of UTF-16 units. */
const SPACE = 0;
const LETTER = 1;
const DIGIT = 2;
/** Goes on with whatever stands before it: combining marks, second halves of pairs. */
const MARK = 3;
const PUNCTUATION = 4;
const SYMBOL = 5;
/** A letter of a script without spaces. */
const WIDE = 6;
/** Apostrophe and hyphen: part of a word between letters, else punctuation. */
const JOINER = 7;

const classes = classify();

function classify(): Uint8Array {
  const table = new Uint8Array(0x10000);
  const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
  for (let unit = 0; unit < 0x10000; unit++) {
    if (unit >= 0xd800 && unit < 0xe000) {
      // First halves: emoji planes are symbols, planes 2 and 3 are Han, the rest letters.
      const emoji = unit >= 0xd83c && unit <= 0xd83e;
      table[unit] = unit >= 0xdc00 ? MARK : emoji ? SYMBOL : unit >= 0xd840 && unit <= 0xd8bf ? WIDE : LETTER;
      continue;
    }
    const char = String.fromCharCode(unit);
    if (/\s/u.test(char) || unit < 32) table[unit] = SPACE;
    else if (/\p{M}/u.test(char) || unit === 0x200c || unit === 0x200d) table[unit] = MARK;
    else if (/\p{L}/u.test(char)) table[unit] = wide.test(char) ? WIDE : LETTER;
    else if (/\p{N}/u.test(char)) table[unit] = DIGIT;
    else if (char === "'" || char === '’' || char === '-' || unit === 0x2010) table[unit] = JOINER;
    else if (/\p{P}/u.test(char) && char !== '#' && char !== '•' && char !== '*') table[unit] = PUNCTUATION;
    else table[unit] = SYMBOL;
  }
  return table;
}

/** Words of one text; the arrays are reused for the next and only valid to `length`. */
export interface Words {
  /** How many words there are. */
  length: number;
  /** Number of each word: equal words, equal numbers, counted from 0 by first appearance. [length] */
  ids: Int32Array;
  /** Size of each word in UTF-16 units. [length] */
  sizes: Int32Array;
  /** Different words. */
  distinct: number;
  /** Sum of the sizes. */
  characters: number;
  /** Words with at least one letter. */
  alphabetic: number;
  /** Words that are a letter of a script without spaces. */
  wide: number;
  /** Offsets of the first appearance of each different word. [distinct] */
  firstStarts: Int32Array;
}

const MIN_CAPACITY = 4096;

/** Finds the words of texts, one text after another; remembers the last. */
export class WordScanner {
  #text: string | null = null;
  readonly #words: Words = {
    length: 0,
    ids: new Int32Array(1024),
    sizes: new Int32Array(1024),
    distinct: 0,
    characters: 0,
    alphabetic: 0,
    wide: 0,
    firstStarts: new Int32Array(1024),
  };
  #hashes = new Int32Array(1024);
  #sizes = new Int32Array(1024);
  /** Hash table of numbers + 1; the first `#capacity` are in use, so that a short text after a long one costs little. */
  #slots = new Int32Array(MIN_CAPACITY);
  #capacity = MIN_CAPACITY;

  /** Words of `text`, in order. The result is overwritten by the next call with another text. */
  of(text: string): Words {
    if (text === this.#text) return this.#words;
    this.#text = text;
    const words = this.#words;
    words.length = words.distinct = words.characters = words.alphabetic = words.wide = 0;
    this.#capacity = MIN_CAPACITY;
    this.#slots.fill(0, 0, this.#capacity);
    const size = text.length;
    let at = 0;
    while (at < size) {
      const start = at;
      let unit = text.charCodeAt(at++);
      const kind = classes[unit]!;
      if (kind === SPACE || kind === PUNCTUATION || kind === JOINER || kind === MARK) continue;
      let hash = Math.imul(unit ^ 0x811c9dc5, 0x01000193);
      let letters = kind === LETTER || kind === WIDE;
      const symbol = kind === SYMBOL;
      const single = kind === WIDE;
      for (; at < size; at++) {
        unit = text.charCodeAt(at);
        const next = classes[unit]!;
        if (next === LETTER || next === DIGIT) {
          if (symbol || single) break;
          if (next === LETTER) letters = true;
        } else if (next === JOINER) {
          const after = at + 1 < size ? classes[text.charCodeAt(at + 1)]! : SPACE;
          if (symbol || single || (after !== LETTER && after !== DIGIT)) break;
        } else if (next === SYMBOL) {
          if (!symbol) break;
        } else if (next !== MARK) break;
        hash = Math.imul(hash ^ unit, 0x01000193);
      }
      if (letters) words.alphabetic++;
      if (single) words.wide++;
      this.#add(text, start, at, hash ^ (hash >>> 15));
    }
    return words;
  }

  #add(text: string, start: number, end: number, hash: number): void {
    const words = this.#words;
    if (words.length === words.ids.length) {
      words.ids = grown(words.ids);
      words.sizes = grown(words.sizes);
    }
    const size = end - start;
    words.characters += size;
    words.sizes[words.length] = size;
    const mask = this.#capacity - 1;
    let slot = hash & mask;
    for (let id = this.#slots[slot]!; id !== 0; id = this.#slots[slot]!) {
      const other = id - 1;
      if (
        this.#hashes[other] === hash &&
        this.#sizes[other] === size &&
        same(text, words.firstStarts[other]!, start, size)
      ) {
        words.ids[words.length++] = other;
        return;
      }
      slot = (slot + 1) & mask;
    }
    const id = words.distinct++;
    if (id === this.#hashes.length) {
      this.#hashes = grown(this.#hashes);
      this.#sizes = grown(this.#sizes);
      words.firstStarts = grown(words.firstStarts);
    }
    this.#hashes[id] = hash;
    this.#sizes[id] = size;
    words.firstStarts[id] = start;
    words.ids[words.length++] = id;
    this.#slots[slot] = id + 1;
    if (2 * words.distinct > this.#capacity) this.#grow(words.distinct);
  }

  #grow(distinct: number): void {
    this.#capacity *= 2;
    if (this.#slots.length < this.#capacity) this.#slots = new Int32Array(this.#capacity);
    else this.#slots.fill(0, 0, this.#capacity);
    const mask = this.#capacity - 1;
    for (let id = 0; id < distinct; id++) {
      let slot = this.#hashes[id]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

function same(text: string, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (text.charCodeAt(a + i) !== text.charCodeAt(b + i)) return false;
  return true;
}

function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}

/** Whether most words are letters of a script without spaces, where counts of words mean something else. */
export function isUnspaced(words: Words): boolean {
  return 2 * words.wide > words.length;
}
