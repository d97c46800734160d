/** The kernels themselves, on every instruction set this machine has, against float64; and what they do with bad calls. */
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../io/hash-random.js';
import { Epilogue, type EpilogueCode, kernels } from './kernels.js';

const best = kernels.instructionSet();
const available = ['sse2', 'avx2', 'avx512', 'neon', 'portable'].filter((name) => kernels.selectInstructionSet(name));
kernels.selectInstructionSet(best);
afterAll(() => void kernels.selectInstructionSet(best));

const floats = (random: Random, n: number, factor = 1): Float32Array =>
  Float32Array.from({ length: n }, () => random.normal() * factor);

/** Largest error, relative where numbers are large. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++)
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)));
  return worst;
}

const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const silu = (x: number): number => x / (1 + Math.exp(-x));
const slope = (f: (x: number) => number, x: number): number => (f(x + 1e-5) - f(x - 1e-5)) / 2e-5;

it('this machine has a baseline and the set it chose', () => {
  expect(available).toContain(best);
  expect(available.length).toBeGreaterThanOrEqual(best === 'portable' ? 1 : 2);
  expect(kernels.selectInstructionSet('itanium')).toBe(false);
});

describe.each(available)('%s', (isa) => {
  const on = <T>(body: () => T): T => {
    kernels.selectInstructionSet(isa);
    try {
      return body();
    } finally {
      kernels.selectInstructionSet(best);
    }
  };

  it('gemm: any shape, transposes, strides, offsets, alpha, beta and epilogue', () => {
    const shape = fc.record({
      m: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 120 })),
      n: fc.integer({ min: 1, max: 120 }),
      k: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constantFrom(0, 511, 512, 513, 1100)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      gaps: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
      alpha: fc.constantFrom(1, -0.5),
      beta: fc.constantFrom(0, 1, 0.25),
      epilogue: fc.constantFrom(...Object.values(Epilogue)),
      withBias: fc.boolean(),
      low: fc.constantFrom(0, 0, 1, 8, 21),
      threads: fc.constantFrom(1, 2),
      seed: fc.nat(),
    });
    const before = kernels.threads();
    fc.assert(
      fc.property(
        shape,
        ({ m, n, k, transposeA, transposeB, gaps, alpha, beta, epilogue, withBias, low, threads, seed }) => {
          const random = new Random(seed);
          const [lda, ldb, ldc] = [(transposeA ? m : k) + gaps[0], (transposeB ? k : n) + gaps[1], n + gaps[2]];
          const a = floats(random, gaps[0] + (transposeA ? k : m) * lda);
          const b = floats(random, gaps[1] + (transposeB ? n : k) * ldb);
          const [c, aux1, aux2] = [0, 0, 0].map(() => floats(random, m * ldc)) as [
            Float32Array,
            Float32Array,
            Float32Array,
          ];
          const bias = withBias ? floats(random, n) : null;
          const [lowA, lowB] = low > 0 ? [floats(random, m * low), floats(random, low * n)] : [null, null];
          const [out, out2] = [c.slice(), new Float32Array(m * ldc)];
          kernels.setThreads(threads);
          on(
            () =>
          kernels.gemm(transposeA, transposeB, m, n, k, a, gaps[0], lda, b, gaps[1], ldb, out, 0, ldc, alpha, beta, epilogue, bias, aux1, aux2, out2, false, lowA, lowB, low), // prettier-ignore
          );
          const [expected, expected2] = [Float64Array.from(c), new Float64Array(m * ldc)];
          for (let i = 0; i < m; i++)
            for (let j = 0; j < n; j++) {
              let sum = 0;
              for (let x = 0; x < k; x++)
                sum +=
                  a[gaps[0] + (transposeA ? x * lda + i : i * lda + x)]! *
                  b[gaps[1] + (transposeB ? j * ldb + x : x * ldb + j)]!;
              for (let r = 0; r < low; r++) sum += lowA![i * low + r]! * lowB![r * n + j]!;
              const at = i * ldc + j;
              const y = alpha * sum + beta * c[at]! + (bias?.[j] ?? 0);
              [expected[at], expected2[at]] = finish(epilogue, y, aux1[at]!, aux2[at]!);
            }
          expect(error(out, expected)).toBeLessThan(5e-5 * Math.sqrt(k + 1));
          expect(error(out2, expected2)).toBeLessThan(5e-5 * Math.sqrt(k + 1));
        },
      ),
      { numRuns: 120 },
    );
    kernels.setThreads(before);
  });

  it('gemm: a side of a few, of either matrix, the same on one thread and on two', () => {
    const shape = fc.record({
      few: fc.integer({ min: 1, max: 17 }),
      many: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constantFrom(511, 513, 1030)),
      k: fc.integer({ min: 0, max: 70 }),
      tall: fc.boolean(),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      gap: fc.nat(3),
      beta: fc.constantFrom(0, 1),
      seed: fc.nat(),
    });
    const before = kernels.threads();
    fc.assert(
      fc.property(shape, ({ few, many, k, tall, transposeA, transposeB, gap, beta, seed }) => {
        const [m, n] = tall ? [many, few] : [few, many];
        const random = new Random(seed);
        const [lda, ldb, ldc] = [(transposeA ? m : k) + gap, (transposeB ? k : n) + gap, n + gap];
        const [a, b] = [floats(random, (transposeA ? k : m) * lda), floats(random, (transposeB ? n : k) * ldb)];
        const c = floats(random, m * ldc);
        const [one, two] = [1, 2].map((count) => {
          kernels.setThreads(count);
          const out = c.slice();
          on(() => kernels.gemm(transposeA, transposeB, m, n, k, a, 0, lda, b, 0, ldb, out, 0, ldc, 0.5, beta, 0)); // prettier-ignore
          return out;
        }) as [Float32Array, Float32Array];
        const expected = Float64Array.from(c);
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let x = 0; x < k; x++)
              sum += a[transposeA ? x * lda + i : i * lda + x]! * b[transposeB ? j * ldb + x : x * ldb + j]!;
            expected[i * ldc + j] = 0.5 * sum + beta * c[i * ldc + j]!;
          }
        expect(error(one, expected)).toBeLessThan(1e-4);
        expect(two.every((x, i) => x === one[i])).toBe(true);
      }),
      { numRuns: 60 },
    );
    kernels.setThreads(before);
  });

  it('largest and sums of exponentials, in blocks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 70 }), fc.nat(), (n, block, seed) => {
        const x = floats(new Random(seed), n, 4);
        const index = x.reduce((found, value, i) => (value > x[found]! ? i : found), 0);
        expect(on(() => kernels.largest(x, n))).toBe(index);
        x[n - 1] = x[index]!; // the first of equals
        expect(on(() => kernels.largest(x, n))).toBe(index);
        const sums = new Float32Array(Math.ceil(n / block));
        on(() => kernels.expSums(x, n, x[index]!, 0.7, block, sums));
        const expected = Array.from(sums, (_, b) =>
          x.slice(b * block, (b + 1) * block).reduce((sum, value) => sum + Math.exp((value - x[index]!) * 0.7), 0),
        );
        expect(error(sums, expected)).toBeLessThan(2e-6);
      }),
    );
    expect(on(() => kernels.largest(new Float32Array(20).fill(-Infinity), 20))).toBe(0);
    expect(on(() => kernels.largest(new Float32Array(20).fill(NaN), 20))).toBe(0);
    expect(() => kernels.expSums(new Float32Array(20), 20, 0, 1, 6, new Float32Array(3))).toThrow(/sums needs 4/);
  });

  it('gemm: a matrix times its own transpose, half computed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 150 }),
        fc.boolean(),
        fc.nat(),
        (n, k, flip, seed) => {
          const x = floats(new Random(seed), n * k);
          const [half, whole] = [new Float32Array(n * n), new Float32Array(n * n)];
          const stride = flip ? n : k;
          on(() => {
            kernels.gemm(
              flip,
              !flip,
              n,
              n,
              k,
              x,
              0,
              stride,
              x,
              0,
              stride,
              half,
              0,
              n,
              1,
              0,
              0,
              null,
              null,
              null,
              null,
              true,
            );
            kernels.gemm(flip, !flip, n, n, k, x, 0, stride, x, 0, stride, whole, 0, n, 1, 0, 0);
          });
          expect(error(half, whole)).toBeLessThan(1e-4);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('attention of one query over a cache, and of several, as over the whole sequence', () => {
    const shape = fc.record({
      kvHeads: fc.integer({ min: 1, max: 3 }),
      group: fc.integer({ min: 1, max: 3 }),
      headDim: fc.integer({ min: 1, max: 70 }),
      keys: fc.integer({ min: 1, max: 90 }),
      queries: fc.constantFrom(1, 1, 2, 5),
      window: fc.constantFrom(0, 0, 1, 7, 40),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ kvHeads, group, headDim, keys, queries: wanted, window, seed }) => {
        const [heads, queries] = [kvHeads * group, Math.min(wanted, keys)];
        const random = new Random(seed);
        const [kv, scale] = [kvHeads * headDim, 1 / Math.sqrt(headDim)];
        const q = floats(random, queries * heads * headDim);
        const cache = floats(random, (keys + 2) * 2 * kv);
        const out = new Float32Array(q.length);
        const one = (x: number): Int32Array => Int32Array.of(x);
        on(
          () =>
          kernels.attentionForward(heads, kvHeads, headDim, window, scale, one(0), one(queries), one(2), one(keys), q, 0, heads * headDim, cache, 0, 2 * kv, cache, kv, 2 * kv, queries, out, null), // prettier-ignore
        );
        const expected = new Float64Array(q.length);
        for (let i = 0; i < queries; i++)
          for (let h = 0; h < heads; h++) {
            const position = keys - queries + i;
            const low = window > 0 ? Math.max(0, position - window + 1) : 0;
            const at = (key: number, d: number): number => (key + 2) * 2 * kv + Math.floor(h / group) * headDim + d;
            const weights: number[] = [];
            for (let key = low; key <= position; key++) {
              let dot = 0;
              for (let d = 0; d < headDim; d++) dot += q[(i * heads + h) * headDim + d]! * cache[at(key, d)]!;
              weights.push(Math.exp(dot * scale));
            }
            const total = weights.reduce((x, y) => x + y);
            for (let d = 0; d < headDim; d++)
              expected[(i * heads + h) * headDim + d] = weights.reduce(
                (sum, w, j) => sum + (w / total) * cache[kv + at(low + j, d)]!,
                0,
              );
          }
        expect(error(out, expected)).toBeLessThan(2e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('adamw, sums and column sums as in float64', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), (n, seed) => {
        const random = new Random(seed);
        const [w, g] = [floats(random, n), floats(random, n)];
        const [m, v] = [floats(random, n, 0.1), floats(random, n, 0.1).map(Math.abs)];
        const [lr, b1, b2, eps, decay, scale, c1, c2] = [0.01, 0.9, 0.95, 1e-8, 0.1, 0.7, 1 - 0.9 ** 3, 1 - 0.95 ** 3];
        const expected = Array.from(w, (x, i) => {
          const grad = g[i]! * scale;
          const [m1, v1] = [b1 * m[i]! + (1 - b1) * grad, b2 * v[i]! + (1 - b2) * grad * grad];
          return x * (1 - lr * decay) - (lr * (m1 / c1)) / (Math.sqrt(v1 / c2) + eps);
        });
        on(() => kernels.adamw(w, g, m, v, n, lr, b1, b2, eps, decay, scale, c1, c2));
        expect(error(w, expected)).toBeLessThan(2e-6);
        const squares = g.reduce((sum, x) => sum + x * x, 0);
        expect(error([on(() => kernels.sumSquares(g, n))], [squares])).toBeLessThan(1e-5);
        expect(error([on(() => kernels.total(g, n))], [g.reduce((sum, x) => sum + x, 0)])).toBeLessThan(1e-5);
        const width = 1 + (seed % Math.min(n, 37));
        const rows = Math.floor(n / width);
        const sums = new Float32Array(width);
        on(() => kernels.columnSums(rows, width, g, width, sums, false));
        const columns = Array.from(sums, (_, j) => {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += g[r * width + j]!;
          return sum;
        });
        expect(error(sums, columns)).toBeLessThan(1e-5);
      }),
      { numRuns: 40 },
    );
  });
});

function finish(epilogue: EpilogueCode, y: number, aux1: number, aux2: number): [number, number] {
  switch (epilogue) {
    case Epilogue.plain:
      return [y, 0];
    case Epilogue.residual:
      return [y + aux1, 0];
    case Epilogue.gelu:
      return [gelu(y), y];
    case Epilogue.geluGrad:
      return [y * slope(gelu, aux1), 0];
    case Epilogue.siluGate:
      return [silu(aux1) * y, y];
    case Epilogue.siluGateGrad:
      return [y * aux2 * slope(silu, aux1), y * silu(aux1)];
  }
}

describe('bad calls throw and touch nothing', () => {
  const x = new Float32Array(12);
  const ints = (...values: number[]): Int32Array => Int32Array.from(values);

  it('arrays shorter than their shapes', () => {
    expect(() => kernels.gemm(false, true, 4, 4, 4, x, 0, 4, x, 0, 4, new Float32Array(16), 0, 4, 1, 0, 0)).toThrow(
      RangeError,
    );
    expect(() => kernels.gemm(false, true, 3, 3, 4, x, 1, 4, x, 0, 4, new Float32Array(9), 0, 3, 1, 0, 0)).toThrow(
      /gemm: a/,
    );
    const low = (lowA: Float32Array, lowB: Float32Array | null, rank: number): void =>
      kernels.gemm(false, true, 3, 3, 4, x, 0, 4, x, 0, 4, new Float32Array(9), 0, 3, 1, 0, 0, null, null, null, null, false, lowA, lowB, rank); // prettier-ignore
    expect(() => low(x, x, 4)).not.toThrow();
    expect(() => low(x, x, 5)).toThrow(/gemm: lowA needs 15 elements, has 12/);
    expect(() => low(new Float32Array(15), x, 5)).toThrow(/gemm: lowB/);
    expect(() => low(x, null, 2)).toThrow(/lowB is required/);
    expect(() => kernels.fill(x, 13, 1)).toThrow(RangeError);
    expect(() => kernels.columnSums(4, 4, x, 4, x, false)).toThrow(RangeError);
    expect(() => kernels.embeddingForward(6, 2, x, ints(0, 1, 2), new Float32Array(4), false)).toThrow(RangeError);
    expect([...x]).toEqual(Array(12).fill(0));
  });

  it('ids, positions and segments outside', () => {
    expect(() => kernels.embeddingForward(6, 2, x, ints(6), x, false)).toThrow(/ids\[0\] is 6/);
    expect(() => kernels.embeddingForward(6, 2, x, ints(-1), x, false)).toThrow(RangeError);
    expect(() => kernels.embeddingBackward(6, 2, x, ints(0, 99), x)).toThrow(RangeError);
    expect(() => kernels.segmentSums(x, ints(0, 13), new Float32Array(1))).toThrow(RangeError);
    expect(() => kernels.segmentSums(x, ints(5, 3), new Float32Array(1))).toThrow(/must not fall/);
    expect(() => kernels.rope(1, 1, 4, x, 0, 4, ints(50), x, x, false, false)).toThrow(RangeError);
    expect(() => kernels.logProbs(1, 12, x, ints(12), x, x, null, 0)).toThrow(RangeError);
  });

  it('sizes and arguments of the wrong kind', () => {
    for (const bad of [-1, 1.5, NaN, Infinity, 2 ** 60, '3', null, undefined, {}])
      expect(() => kernels.fill(x, bad as number, 1), String(bad)).toThrow(/fill: n must be/);
    for (const bad of [new Float64Array(12), [1, 2], null, undefined, 'x', new Uint8Array(48)])
      expect(() => kernels.fill(bad as unknown as Float32Array, 1, 1)).toThrow(TypeError);
    expect(() => kernels.unary(99, x, x, 12)).toThrow(/op is unknown/);
    expect(() => (kernels.fill as () => void)()).toThrow(/fill: x must be/);
    expect(() => kernels.allocate(2 ** 38)).toThrow(/out of memory/);
  });

  it('memory that has been given back', () => {
    const buffer = kernels.allocate(4096);
    const view = new Float32Array(buffer);
    kernels.release(buffer);
    expect(view.length).toBe(0);
    expect(() => kernels.fill(view, 1, 1)).toThrow(RangeError);
  });
});
