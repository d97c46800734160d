/**
 * MinHash signatures (Broder 1997) cut into bands (Indyk & Motwani 1998): equal keys of a band say that two sets of
 * shingles are probably alike.
 *
 * Every row has a permutation of its own, x -> a·x + b mod 2^32 with odd a, of the mixed hash of a shingle. The addon
 * takes the minima of all rows at once, so that the schemes that save permutations would save nothing.
 */
import { addon } from '../../io/addon.js';
import { Random } from '../../io/hash-random.js';
import { fold, HIGH_MULTIPLIER, LOW_MULTIPLIER, mix } from './mixing.js';
import type { NearOptions } from './options.js';
import { WordScanner } from './words.js';

interface MinHashKernels {
  /** minima[l] = min(minima[l], multipliers[l] · values[i] + offsets[l] mod 2^32), unsigned, over i < count. */
  minHash(values: Int32Array, count: number, multipliers: Int32Array, offsets: Int32Array, minima: Int32Array): void;
}

/** Chooses the permutations: part of what a fingerprint means, like the options. */
const SEED = 0x7e1a5;
/** Numbers are hashed in whole vectors of the widest instruction set. */
const LANES = 16;
/** Multiplier of the rolling hash of a shingle: a polynomial in this, modulo 2^32. */
const BASE = 0x01000193;

export class MinHasher {
  private readonly options: NearOptions;
  private readonly multipliers: Int32Array;
  private readonly offsets: Int32Array;
  private readonly minima: Int32Array;
  private readonly words: WordScanner;
  private readonly shingles: Int32Array;
  /** BASE to the power of the words in a shingle: takes the first word out again. */
  private readonly leaving: number;
  private readonly kernels = addon as MinHashKernels;

  constructor(options: NearOptions) {
    this.options = options;
    const lanes = Math.ceil((options.bands * options.rows) / LANES) * LANES;
    const random = new Random(SEED);
    this.multipliers = Int32Array.from({ length: lanes }, () => random.uint32() | 1);
    this.offsets = Int32Array.from({ length: lanes }, () => random.uint32() | 0);
    this.minima = new Int32Array(lanes);
    this.words = new WordScanner(options.ngram - 1);
    this.shingles = new Int32Array(this.words.low.length);
    let power = 1;
    for (let i = 0; i < options.ngram; i++) power = Math.imul(power, BASE);
    this.leaving = power;
  }

  /** A key a band, two halves each; empty for a text with fewer words than a shingle has. */
  bands(text: string): Uint32Array {
    const { words, shingles, minima } = this;
    minima.fill(-1);
    words.begin(text);
    let any = false;
    for (let count = words.next(); count > 0; count = words.next()) {
      const shingleCount = this.shingle(count);
      if (shingleCount === 0) continue;
      this.kernels.minHash(shingles, shingleCount, this.multipliers, this.offsets, minima);
      any = true;
    }
    return any ? this.keys() : new Uint32Array(0);
  }

  /** Rolling hashes of the shingles of a window of words; returns their number. */
  private shingle(count: number): number {
    const { ngram } = this.options;
    const { shingles, leaving } = this;
    const { low } = this.words;
    let hash = 0;
    for (let i = 0; i < Math.min(ngram - 1, count); i++) hash = (Math.imul(hash, BASE) + low[i]!) | 0;
    let shingleCount = 0;
    for (let i = ngram - 1; i < count; i++) {
      hash = (Math.imul(hash, BASE) + low[i]!) | 0;
      if (shingleCount > 0) hash = (hash - Math.imul(low[i - ngram]!, leaving)) | 0;
      shingles[shingleCount++] = mix(hash);
    }
    return shingleCount;
  }

  private keys(): Uint32Array {
    const { bands, rows } = this.options;
    const { minima } = this;
    const keys = new Uint32Array(2 * bands);
    for (let band = 0, lane = 0; band < bands; band++) {
      // the band's number is hashed in, so that keys of different bands do not meet
      let [low, high] = [mix(band + 1), mix(~band)];
      for (let row = 0; row < rows; row++, lane++) {
        const word = mix(minima[lane]!);
        low = fold(low, word, LOW_MULTIPLIER);
        high = fold(high, word, HIGH_MULTIPLIER);
      }
      keys[2 * band] = mix(low + Math.imul(high, HIGH_MULTIPLIER));
      keys[2 * band + 1] = mix(high ^ mix(low));
    }
    return keys;
  }
}
