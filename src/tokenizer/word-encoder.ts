/** From one word, as pre-tokenisation cut it, to its token ids: whole tokens, first symbols, merges, and a cache of all that. */
import { alphabetToBytes, byteCharacters } from './alphabet.js';
import { ByteMap, hashBytes } from './byte-map.js';
import type { IdBuffer } from './id-buffer.js';
import { type MergeTable, mergeWord } from './merges.js';
import { byteTokenName, type BpeSpec } from './spec.js';
import { utf8 } from './utf8.js';
import { longestWord, WordCache } from './word-cache.js';

export class WordEncoder {
  readonly #spec: BpeSpec;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #merges: MergeTable;
  /** Token of each byte, or -1. */
  readonly #byteIds: Int32Array;
  /** Tokens by their bytes, where a word that is a token is that token whatever the merges say. */
  readonly #wholeTokens: ByteMap | null;
  readonly #wholeIds: number[] = [];
  readonly #cache = new WordCache();
  #symbols = new Int32Array(256);

  /** `ids`: the vocabulary by token. */
  constructor(spec: BpeSpec, ids: ReadonlyMap<string, number>, merges: MergeTable) {
    this.#spec = spec;
    this.#ids = ids;
    this.#merges = merges;
    const byteLevel = spec.decoder.type === 'ByteLevel';
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => {
      if (byteLevel) return ids.get(byteCharacters[byte] ?? '') ?? -1;
      return spec.byteFallback ? (ids.get(byteTokenName(byte)) ?? -1) : -1;
    });
    this.#wholeTokens = byteLevel && spec.ignoreMerges ? this.#indexTokens() : null;
  }

  /** Appends the ids of a byte that stands alone. */
  pushByte(byte: number, out: IdBuffer): void {
    const id = this.#byteIds[byte]!;
    if (id >= 0) out.push(id);
    else if (this.#spec.unknown !== null) out.push(this.#spec.unknown);
  }

  /** Appends the ids of the word `bytes[from..to)` of a byte-level vocabulary. */
  pushBytes(bytes: Uint8Array, from: number, to: number, out: IdBuffer): void {
    const remembered = to - from <= longestWord;
    const hash = remembered ? hashBytes(bytes, from, to) : 0;
    if (remembered && this.#pushCached(bytes, from, to, hash, out)) return;
    const length = this.#bytesToIds(bytes, from, to);
    out.pushFrom(this.#symbols, 0, length);
    if (remembered) this.#cache.add(bytes, from, to, hash, this.#symbols, length);
  }

  /** Appends the ids of a word of a SentencePiece vocabulary. `escaped`: it may hold escaped bytes, which UTF-8 cannot carry. */
  pushCharacters(word: string, escaped: boolean, out: IdBuffer): void {
    const bytes = utf8(word);
    const remembered = !escaped && bytes.length <= longestWord;
    const hash = remembered ? hashBytes(bytes, 0, bytes.length) : 0;
    if (remembered && this.#pushCached(bytes, 0, bytes.length, hash, out)) return;
    const length = this.#charactersToIds(word, bytes.length);
    out.pushFrom(this.#symbols, 0, length);
    if (remembered) this.#cache.add(bytes, 0, bytes.length, hash, this.#symbols, length);
  }

  #pushCached(bytes: Uint8Array, from: number, to: number, hash: number, out: IdBuffer): boolean {
    const found = this.#cache.find(bytes, from, to, hash);
    if (found < 0) return false;
    const { pool } = this.#cache;
    const length = pool[found]!;
    if (length === 1) out.push(pool[found + 1]!);
    else out.pushFrom(pool, found + 1, length);
    return true;
  }

  #indexTokens(): ByteMap {
    const tokens = new ByteMap(this.#spec.vocabulary.length);
    this.#spec.vocabulary.forEach((token, id) => {
      const bytes = token === undefined ? null : alphabetToBytes(token);
      if (bytes) this.#wholeIds[tokens.indexOf(bytes)] = id;
    });
    return tokens;
  }

  #bytesToIds(bytes: Uint8Array, from: number, to: number): number {
    const symbols = this.#room(to - from);
    if (this.#wholeTokens) {
      const whole = this.#wholeTokens.find(bytes, from, to, hashBytes(bytes, from, to));
      if (whole >= 0) {
        symbols[0] = this.#wholeIds[whole]!;
        return 1;
      }
    }
    const { unknown, fuseUnknown } = this.#spec;
    let length = 0;
    let afterUnknown = false;
    for (let i = from; i < to; i++) {
      const id = this.#byteIds[bytes[i]!]!;
      if (id >= 0) symbols[length++] = id;
      else if (unknown !== null && !(afterUnknown && fuseUnknown)) symbols[length++] = unknown;
      afterUnknown = id < 0;
    }
    return mergeWord(symbols, length, this.#merges);
  }

  #charactersToIds(word: string, byteLength: number): number {
    const { ignoreMerges, unknown, fuseUnknown } = this.#spec;
    const symbols = this.#room(byteLength);
    const whole = ignoreMerges ? this.#ids.get(word) : undefined;
    if (whole !== undefined) {
      symbols[0] = whole;
      return 1;
    }
    let length = 0;
    let afterUnknown = false;
    for (const character of word) {
      const id = this.#ids.get(character);
      const fallback = id === undefined ? this.#fallback(character) : null;
      if (id !== undefined) symbols[length++] = id;
      else if (fallback) for (const byteId of fallback) symbols[length++] = byteId;
      else if (unknown !== null && !(afterUnknown && fuseUnknown)) symbols[length++] = unknown;
      afterUnknown = id === undefined && fallback === null;
    }
    return mergeWord(symbols, length, this.#merges);
  }

  /** Byte tokens of a character, or null where one is missing. */
  #fallback(character: string): Int32Array | null {
    const code = character.charCodeAt(0);
    const escaped = character.length === 1 && code >= 0xdc00 && code < 0xe000;
    const bytes = escaped ? Uint8Array.of(code - 0xdc00) : utf8(character);
    const ids = Int32Array.from(bytes, (byte) => this.#byteIds[byte] ?? -1);
    return ids.includes(-1) ? null : ids;
  }

  #room(length: number): Int32Array {
    if (this.#symbols.length < length) this.#symbols = new Int32Array(length * 2);
    else if (this.#symbols.length > 1 << 20 && length < 1 << 16) this.#symbols = new Int32Array(1 << 16);
    return this.#symbols;
  }
}
