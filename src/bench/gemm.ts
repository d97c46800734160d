/** Speed of the matrix product at the shapes of a transformer's layer, beside the processor's peak. */
import { empty, kernels, scope, trimMemory } from '../engine/index.js';
import type { BenchShape } from './shape.js';

export interface GemmResult {
  name: string;
  m: number;
  n: number;
  k: number;
  gflops: number;
  peakGflops: number;
  fractionOfPeak: number;
}

/** Forward, input-gradient and weight-gradient products of one layer, best of several runs each. */
export function benchGemm(shape: BenchShape, batch: number): GemmResult[] {
  const rows = batch * shape.context;
  const layers: [string, number, number][] = [
    ['attention qkv', 3 * shape.width, shape.width],
    ['attention out', shape.width, shape.width],
    ['mlp up', 4 * shape.width, shape.width],
    ['mlp down', shape.width, 4 * shape.width],
    ['head', shape.vocab, shape.width],
  ];
  const results: GemmResult[] = [];
  for (const [name, out, inner] of layers) {
    const peakGflops = kernels.fmaPeak(100);
    for (const [kind, transposeA, transposeB, m, n, k] of [
      ['forward', false, true, rows, out, inner],
      ['input gradient', false, false, rows, inner, out],
      ['weight gradient', true, false, out, inner, rows],
    ] as const)
      scope(() => {
        const [a, b, c] = [empty([m * k]), empty([k * n]), empty([m * n])];
        for (const x of [a, b, c]) kernels.fill(x.raw, x.size, 0.5);
        let best = Infinity;
        for (let run = 0; run < 6; run++) {
          const begin = performance.now();
          kernels.gemm(
            transposeA,
            transposeB,
            m,
            n,
            k,
            a.raw,
            0,
            transposeA ? m : k,
            b.raw,
            0,
            transposeB ? k : n,
            c.raw,
            0,
            n,
            1,
            0,
            0,
          );
          best = Math.min(best, performance.now() - begin);
        }
        const gflops = (2 * m * n * k) / best / 1e6;
        results.push({ name: `${name}, ${kind}`, m, n, k, gflops, peakGflops, fractionOfPeak: gflops / peakGflops });
      });
  }
  trimMemory();
  return results;
}
