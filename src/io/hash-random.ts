/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * The n-th number of a stream is a pure function of (seed, stream, n), so a stream can be saved, restored and split.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/** The four 32-bit words for a counter of four words (in `words`, replaced) under a key of two. */
export function philox(words: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = words as unknown as [number, number, number, number];
  let [k0, k1] = [key0 >>> 0, key1 >>> 0];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** A stream of random numbers. */
export class Random {
  private readonly seed: number;
  private readonly stream: number;
  /** 32-bit words drawn so far. */
  private drawn = 0;
  private readonly block = new Uint32Array(4);

  /** @param seed any whole number up to 2^53; @param stream numbers of different streams are independent */
  constructor(seed: number, stream = 0) {
    this.seed = seed;
    this.stream = stream;
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const lane = this.drawn % 4;
    if (lane === 0) this.fillBlock();
    this.drawn++;
    return this.block[lane]!;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  /** A uniform integer in [0, n), without bias. */
  int(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const value = this.uint32();
      if (value < limit) return value % n;
    }
  }

  /** A standard normal number (Box & Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Puts an array in random order (Fisher & Yates), in place. */
  shuffle<T extends Uint32Array | unknown[]>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  /** How many 32-bit words were drawn: all there is to save. */
  state(): number {
    return this.drawn;
  }

  /** Continues as a stream of the same seed that had drawn `drawn` words. */
  restore(drawn: number): void {
    this.drawn = drawn;
    if (drawn % 4 !== 0) this.fillBlock();
  }

  private fillBlock(): void {
    const index = Math.floor(this.drawn / 4);
    this.block[0] = index;
    this.block[1] = Math.floor(index / 2 ** 32);
    this.block[2] = this.stream;
    this.block[3] = Math.floor(this.stream / 2 ** 32);
    philox(this.block, this.seed, Math.floor(this.seed / 2 ** 32));
  }
}
