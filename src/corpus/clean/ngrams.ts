/**
 * Repeated n-grams of words, for n from 2 upwards, exactly and in linear time.
 *
 * An n-gram is numbered as the pair (number of its first n-1 words, its last word). Where the (n-1)-gram occurs once, so
 * does the n-gram: only what repeats is carried on, and in prose that is little from n = 4.
 */
import type { Words } from './words.js';

/** Number of an n-gram that occurs once. */
const ONCE = -1;

const MIN_CAPACITY = 4096;

/** The n-grams of one text, for growing n. */
export class NgramCounter {
  /** Number of the n-gram that begins at each word, or ONCE. [words - n + 1] */
  #ids = new Int32Array(1024);
  /** Hash table: pairs of numbers, and the number of the pair + 1. */
  #firsts = new Int32Array(MIN_CAPACITY);
  #seconds = new Int32Array(MIN_CAPACITY);
  #numbers = new Int32Array(MIN_CAPACITY);
  #capacity = MIN_CAPACITY;
  /** Occurrences of each n-gram, and where it occurs first. */
  #counts = new Int32Array(1024);
  #firstAt = new Int32Array(1024);
  #distinct = 0;
  #words: Words | null = null;
  #n = 1;

  /** Begins with the single words of a text. */
  start(words: Words): void {
    this.#words = words;
    this.#n = 1;
    if (this.#ids.length < words.length) this.#ids = new Int32Array(2 * words.length);
    this.#ids.set(words.ids.subarray(0, words.length));
  }

  /** Goes on to the next n. */
  next(): void {
    const words = this.#words!;
    const n = ++this.#n;
    const length = words.length - n + 1;
    this.#capacity = MIN_CAPACITY;
    this.#numbers.fill(0, 0, this.#capacity);
    this.#distinct = 0;
    for (let i = 0; i < length; i++) {
      const first = this.#ids[i]!;
      if (first !== ONCE) this.#ids[i] = this.#number(first, words.ids[i + n - 1]!, i);
    }
    for (let i = 0; i < length; i++) {
      const id = this.#ids[i]!;
      if (id !== ONCE && this.#counts[id] === 1) this.#ids[i] = ONCE;
    }
  }

  /**
   * Characters in all occurrences of the n-gram that occurs most often (the earliest of several), spaces between its words
   * counted; 0 where none occurs twice.
   */
  topCharacters(): number {
    let top = 0;
    for (let id = 1; id < this.#distinct; id++) if (this.#counts[id]! > this.#counts[top]!) top = id;
    if (this.#distinct === 0 || this.#counts[top] === 1) return 0;
    return this.#counts[top]! * (this.#sizeAt(this.#firstAt[top]!) + this.#n - 1);
  }

  /** Characters of the words in n-grams that occurred before; what is counted once is not looked at again (datatrove). */
  duplicateCharacters(): number {
    const length = this.#words!.length - this.#n + 1;
    const seen = this.#counts; // Done with: what is seen gets -1.
    let characters = 0;
    for (let i = 0; i < length; i++) {
      const id = this.#ids[i]!;
      if (id === ONCE) continue;
      if (seen[id] === -1) {
        characters += this.#sizeAt(i);
        i += this.#n - 1;
      } else seen[id] = -1;
    }
    return characters;
  }

  #sizeAt(at: number): number {
    let size = 0;
    for (let i = at; i < at + this.#n; i++) size += this.#words!.sizes[i]!;
    return size;
  }

  #number(first: number, second: number, at: number): number {
    const mask = this.#capacity - 1;
    let slot = mix(first, second) & mask;
    for (; this.#numbers[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#firsts[slot] !== first || this.#seconds[slot] !== second) continue;
      const known = this.#numbers[slot]! - 1;
      this.#counts[known]!++;
      return known;
    }
    const id = this.#distinct++;
    if (id === this.#counts.length) {
      this.#counts = grown(this.#counts, 2 * id);
      this.#firstAt = grown(this.#firstAt, 2 * id);
    }
    this.#counts[id] = 1;
    this.#firstAt[id] = at;
    this.#firsts[slot] = first;
    this.#seconds[slot] = second;
    this.#numbers[slot] = id + 1;
    if (2 * this.#distinct > this.#capacity) this.#grow();
    return id;
  }

  #grow(): void {
    const old = this.#capacity;
    const [firsts, seconds, numbers] = [this.#firsts, this.#seconds, this.#numbers].map((a) => a.slice(0, old)) as [
      Int32Array,
      Int32Array,
      Int32Array,
    ];
    this.#capacity = 2 * old;
    if (this.#numbers.length < this.#capacity) {
      this.#firsts = new Int32Array(this.#capacity);
      this.#seconds = new Int32Array(this.#capacity);
      this.#numbers = new Int32Array(this.#capacity);
    } else this.#numbers.fill(0, 0, this.#capacity);
    const mask = this.#capacity - 1;
    for (let i = 0; i < old; i++) {
      if (numbers[i] === 0) continue;
      let slot = mix(firsts[i]!, seconds[i]!) & mask;
      while (this.#numbers[slot] !== 0) slot = (slot + 1) & mask;
      this.#firsts[slot] = firsts[i]!;
      this.#seconds[slot] = seconds[i]!;
      this.#numbers[slot] = numbers[i]!;
    }
  }
}

function mix(a: number, b: number): number {
  const hash = Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

function grown(array: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size);
  larger.set(array);
  return larger;
}
