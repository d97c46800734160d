/** Counting the distinct pieces of a corpus: all that BPE training needs to know of it. */
import { ByteMap, hashBytes } from './byte-map.js';
import type { Scanner } from './scan.js';

/** Most distinct words that are kept, unless told otherwise; see {@link WordCounts.prune}. */
export const defaultMaxWords = 2 ** 20;
/** Bytes that the kept words may have on average. */
const bytesPerWord = 16;
/** Longer words are counted in parts of this many bytes. */
const longestPart = 2 ** 12;

/** Words with their counts, as one thread hands them to another. */
export interface CountedWords {
  /** Word `i` is `bytes` from `starts[i]` to `starts[i + 1]`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly starts: Uint32Array<ArrayBuffer>;
  readonly counts: Float64Array<ArrayBuffer>;
}

/**
 * Counts how often each piece of text occurs. Counts are doubles: exact to 2^53.
 *
 * Pieces of one byte have nothing to merge and are not counted, nor are bytes that are no UTF-8.
 */
export class WordCounts {
  words: ByteMap = new ByteMap(1 << 14);
  counts: Float64Array = new Float64Array(1 << 14);
  readonly #scan: Scanner;
  readonly #maxWords: number;
  #forgotten = 0;

  /** `maxWords` bounds the memory, see {@link prune}. */
  constructor(scan: Scanner, maxWords = defaultMaxWords) {
    this.#scan = scan;
    this.#maxWords = maxWords;
  }

  /** Occurrences that {@link prune} has forgotten. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Counts the pieces of a document. */
  add(document: Uint8Array): void {
    const end = document.length;
    const scan = this.#scan;
    for (let at = 0; at < end;) {
      const to = scan(document, at, end);
      if (to <= at) {
        at++;
        continue;
      }
      for (; to - at > longestPart; at += longestPart) this.#count(document, at, at + longestPart, 1);
      if (to - at > 1) this.#count(document, at, to, 1);
      at = to;
    }
  }

  /** Adds what another has counted. */
  addCounted({ bytes, starts, counts }: CountedWords): void {
    for (let i = 0; i < counts.length; i++) this.#count(bytes, starts[i]!, starts[i + 1]!, counts[i]!);
  }

  /**
   * Bounds the memory: with more distinct words than `maxWords`, or more than 16 bytes for each of so many, the words
   * seen once so far are forgotten, if need be those seen twice, and so on until a quarter of the room is free
   * (after Manku and Motwani 2002, "Approximate Frequency Counts over Data Streams"). A word that is as frequent as
   * those that make tokens is hardly ever lost; its count may come out lower by the times it was forgotten.
   */
  prune(): void {
    const room = this.#maxWords;
    if (this.words.size <= room && this.words.byteLength <= room * bytesPerWord) return;
    for (let least = 2; ; least = Math.ceil(least * 1.25)) {
      this.#keep(least);
      if (this.words.size <= 0.75 * room && this.words.byteLength <= 0.75 * room * bytesPerWord) return;
    }
  }

  /** A copy of the words and counts. */
  counted(): CountedWords {
    const { words } = this;
    return {
      bytes: new Uint8Array(words.bytes.subarray(0, words.byteLength)),
      starts: new Uint32Array(words.starts.subarray(0, words.size + 1)),
      counts: new Float64Array(this.counts.subarray(0, words.size)),
    };
  }

  /** Starts anew. */
  clear(): void {
    this.words.clear();
  }

  #count(source: Uint8Array, from: number, to: number, times: number): void {
    const { words } = this;
    const hash = hashBytes(source, from, to);
    const found = words.find(source, from, to, hash);
    if (found >= 0) {
      this.counts[found]! += times;
      return;
    }
    const index = words.add(source, from, to, hash);
    if (index >= this.counts.length) {
      const counts = new Float64Array(2 * index);
      counts.set(this.counts);
      this.counts = counts;
    }
    this.counts[index] = times;
  }

  /** Keeps the words that occurred `least` times. */
  #keep(least: number): void {
    const { words, counts } = this;
    const kept = new ByteMap(this.#maxWords);
    for (let i = 0; i < words.size; i++) {
      const count = counts[i]!;
      if (count < least) this.#forgotten += count;
      else counts[kept.indexOf(words.bytes, words.starts[i], words.starts[i + 1])] = count;
    }
    this.words = kept;
  }
}
