/** Keys and values of the tokens that sequences being generated have seen, a slot for each sequence. */
import { type CacheRows, dispose, empty, keep, type Tensor } from '../engine/index.js';
import type { ModelConfig } from './config.js';

export class KvCache {
  /** Per layer [slots · capacity, 2 kvHeads · headDim]. */
  readonly layers: readonly Tensor[];
  /** Tokens a slot can hold. */
  readonly capacity: number;
  private readonly lengths: Int32Array;

  /** Memory for `slots` sequences of up to `capacity` tokens; free it with {@link dispose}. */
  constructor(config: ModelConfig, slots: number, capacity: number) {
    this.capacity = capacity;
    this.lengths = new Int32Array(slots);
    const width = 2 * config.kvHeads * config.headDim;
    this.layers = Array.from({ length: config.layers }, () => keep(empty([slots * capacity, width])));
  }

  /** Tokens held for a slot, which is also the position of its next token. */
  length(slot: number): number {
    return this.lengths[slot]!;
  }

  /** Forgets what lies beyond the first `length` tokens of a slot. */
  truncate(slot: number, length: number): void {
    if (length < 0 || length > this.lengths[slot]!) throw new Error(`slot ${slot} holds ${this.lengths[slot]} tokens`);
    this.lengths[slot] = length;
  }

  /** Gives `slots`, whatever they held, a copy of the first `length` tokens of a slot of another cache of the same model. */
  fork(from: KvCache, slot: number, length: number, slots: readonly number[]): void {
    if (length > from.lengths[slot]!) throw new Error(`slot ${slot} holds ${from.lengths[slot]} tokens`);
    if (length > this.capacity) throw new Error(`${length} tokens exceed ${this.capacity}`);
    for (const [i, layer] of this.layers.entries()) {
      const width = layer.columns;
      const first = slot * from.capacity * width;
      const rows = from.layers[i]!.data.subarray(first, first + length * width);
      for (const own of slots) layer.data.set(rows, own * this.capacity * width);
    }
    for (const own of slots) this.lengths[own] = length;
  }

  /** Makes room for `counts[i]` new tokens of `slots[i]`, packed one sequence after the other, and says where they go. */
  append(slots: readonly number[], counts: readonly number[]): CacheRows & { positions: Int32Array } {
    const rows = counts.reduce((total, count) => total + count, 0);
    const target = new Int32Array(rows);
    const positions = new Int32Array(rows);
    const [queryStart, queryLength, keyStart, keyLength] = [slots, slots, slots, slots].map(
      (all) => new Int32Array(all.length),
    ) as [Int32Array, Int32Array, Int32Array, Int32Array];
    let row = 0;
    slots.forEach((slot, i) => {
      const [before, count] = [this.lengths[slot]!, counts[i]!];
      if (before + count > this.capacity)
        throw new Error(`slot ${slot}: ${before + count} tokens exceed ${this.capacity}`);
      queryStart[i] = row;
      queryLength[i] = count;
      keyStart[i] = slot * this.capacity;
      keyLength[i] = before + count;
      for (let j = 0; j < count; j++, row++) {
        positions[row] = before + j;
        target[row] = slot * this.capacity + before + j;
      }
      this.lengths[slot] = before + count;
    });
    return { target, queryStart, queryLength, keyStart, keyLength, positions };
  }

  dispose(): void {
    for (const layer of this.layers) dispose(layer);
  }
}
