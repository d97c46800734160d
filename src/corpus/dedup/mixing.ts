/** Mixing of 32-bit words, as every hash of this room does it. */

/** Multipliers of the two lanes of a 64-bit hash: odd, with bits well spread. */
export const LOW_MULTIPLIER = 0x9e3779b1 | 0;
export const HIGH_MULTIPLIER = 0x85ebca77 | 0;

/** A bijection of 32-bit words in which every bit of the input reaches every bit of the result (the finalizer of MurmurHash3). */
export function mix(x: number): number {
  let h = x ^ (x >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Adds a mixed word to a lane of a hash; the order of words counts. */
export function fold(lane: number, word: number, multiplier: number): number {
  return Math.imul(((lane << 7) | (lane >>> 25)) ^ word, multiplier);
}
