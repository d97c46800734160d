/** Probabilities of a whole vocabulary, of which only what is drawn is worked out here: the rest is the kernels'. */
import { kernels } from '../engine/index.js';
import type { Random } from '../io/hash-random.js';

const BLOCK = 64;

/** The weights e^((score - best) · scale) of scores, of which the kernels add up every BLOCK. */
export class Softmax {
  readonly scores: Float32Array;
  /** The first id of the largest score, and that score. */
  readonly top: number;
  readonly best: number;
  readonly scale: number;
  /** Of all weights. */
  readonly sum: number;
  private readonly sums: Float32Array;

  constructor(scores: Float32Array, scale: number) {
    this.scores = scores;
    this.scale = Math.min(scale, 1e30); // beyond it all but the best weigh nothing anyway
    this.top = largest(scores);
    this.best = scores[this.top]!;
    this.sums = new Float32Array(Math.ceil(scores.length / BLOCK));
    kernels.expSums(scores, scores.length, this.best, this.scale, BLOCK, this.sums);
    this.sum = sumOf(this.sums);
  }

  /** log Σ e^score, for scale 1. */
  get logSum(): number {
    return this.best + Math.log(this.sum);
  }

  weight(id: number): number {
    return Math.exp((this.scores[id]! - this.best) * this.scale);
  }

  /** An id with probability in proportion to its weight: first its block, then its place there. */
  draw(random: Random): number {
    const first = pick(this.sums, random.uniform()) * BLOCK;
    const weights: number[] = [];
    for (let id = first; id < Math.min(first + BLOCK, this.scores.length); id++) weights.push(this.weight(id));
    return first + pick(weights, random.uniform());
  }
}

/** Index i with probability weights[i] / Σ weights, where `uniform` is in [0, 1). */
export function pick(weights: ArrayLike<number>, uniform: number): number {
  let left = uniform * sumOf(weights);
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! > 0) last = i;
    left -= weights[i]!;
    if (left < 0) break;
  }
  return last;
}

/** Index of the first largest value. */
export function largest(values: Float32Array): number {
  return kernels.largest(values, values.length);
}

export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
