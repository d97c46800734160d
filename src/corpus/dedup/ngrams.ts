/** Rolling 64-bit hashes of runs of words: a polynomial a half, modulo 2^32. */
import type { WordScanner } from './words.js';

const LOW_BASE = 0x01000193;
const HIGH_BASE = 0x0019660d;

export class NgramHasher {
  /** Words in a run. */
  readonly words: number;
  readonly low: Int32Array;
  readonly high: Int32Array;
  private readonly lowLeaving: number;
  private readonly highLeaving: number;

  constructor(words: number, scanner: WordScanner) {
    this.words = words;
    this.low = new Int32Array(scanner.low.length);
    this.high = new Int32Array(scanner.low.length);
    let [low, high] = [1, 1];
    for (let i = 0; i < words; i++) [low, high] = [Math.imul(low, LOW_BASE), Math.imul(high, HIGH_BASE)];
    [this.lowLeaving, this.highLeaving] = [low, high];
  }

  /** Hashes all runs in the scanner's window of `count` words into `low` and `high`; returns how many they are. */
  hash(scanner: WordScanner, count: number): number {
    const { words, low, high, lowLeaving, highLeaving } = this;
    const { low: wordLow, high: wordHigh } = scanner;
    let [a, b] = [0, 0];
    for (let i = 0; i < count; i++) {
      a = (Math.imul(a, LOW_BASE) + wordLow[i]!) | 0;
      b = (Math.imul(b, HIGH_BASE) + wordHigh[i]!) | 0;
      if (i >= words) {
        a = (a - Math.imul(wordLow[i - words]!, lowLeaving)) | 0;
        b = (b - Math.imul(wordHigh[i - words]!, highLeaving)) | 0;
      }
      if (i < words - 1) continue;
      low[i - words + 1] = a;
      high[i - words + 1] = b;
    }
    return Math.max(0, count - words + 1);
  }
}
