/** Speed of generation: single tokens over a KV cache, beside the memory's read bandwidth. */
import { dispose, empty, keep, kernels, scope, trimMemory } from '../engine/index.js';
import { KvCache } from '../model/index.js';
import { benchModel, type BenchShape, median } from './shape.js';

export interface DecodeResult {
  tokensPerSecond: number;
  /** Weights and cache read a token, times tokens a second. */
  gigabytesPerSecond: number;
  /** What the machine reads at most, median of measurements in turns with the decoding. */
  readBandwidth: number;
  fractionOfBandwidth: number;
  threads: number;
}

/** Decodes one token at a time for `batch` sequences that hold half a context, for about `seconds`. */
export function benchDecode(shape: BenchShape, batch: number, seconds = 4): DecodeResult {
  const model = benchModel(shape);
  const cached = Math.max(1, Math.floor(shape.context / 2));
  const cache = new KvCache(model.config, batch, shape.context);
  const slots = Array.from({ length: batch }, (_, i) => i);
  const ones = slots.map(() => 1);
  const fill = slots.map(() => cached);
  scope(() => model.extend(new Int32Array(batch * cached), cache, slots, fill));
  const tokens = new Int32Array(batch).fill(1);
  const big = keep(empty([1 << 26]));
  kernels.fill(big.raw, big.size, 1);
  const times: number[] = [];
  const bandwidths: number[] = [];
  // In turns, for the memory is shared with other machines and its speed drifts.
  for (const start = performance.now(); performance.now() - start < seconds * 1000;) {
    bandwidths.push(kernels.readBandwidth(big.raw, 60));
    for (const turn = performance.now(); performance.now() - turn < 100;) {
      const begin = performance.now();
      scope(() => model.logits(model.extend(tokens, cache, slots, ones)));
      times.push(performance.now() - begin);
      for (const slot of slots) cache.truncate(slot, cached);
    }
  }
  let floats = 0;
  for (const [name, value] of model.parameters) if (!name.startsWith('positions.')) floats += value.size;
  if (!model.config.tiedHead) floats -= shape.vocab * shape.width;
  floats += batch * cached * 2 * shape.width * shape.layers;
  cache.dispose();
  model.dispose();
  dispose(big);
  trimMemory();
  const milliseconds = median(times);
  const readBandwidth = median(bandwidths);
  const gigabytesPerSecond = (floats * 4) / milliseconds / 1e6;
  return {
    tokensPerSecond: (batch / milliseconds) * 1000,
    gigabytesPerSecond,
    readBandwidth,
    fractionOfBandwidth: gigabytesPerSecond / readBandwidth,
    threads: kernels.threads(),
  };
}
