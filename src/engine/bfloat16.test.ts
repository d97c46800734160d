/** Matrices in bfloat16 against the same matrices decoded: every product and operation to the bit, gradients by differences. */
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { check, type Row } from '../../test/reference/gradient-check.js';
import { Random } from '../io/hash-random.js';
import { bfloat16ToFloat32, float32ToBfloat16 } from '../io/half.js';
import {
  addEmbedding,
  embedding,
  emptyBfloat16,
  geluMlp,
  linear,
  logits,
  memoryUse,
  parameter,
  scope,
  swigluMlp,
  Tape,
  type Tensor,
  tensor,
  toBfloat16,
  toFloat32,
  tokenLogProbs,
  weightedSum,
} from './index.js';
import { Epilogue, kernels } from './kernels.js';

const best = kernels.instructionSet();
const available = ['sse2', 'avx2', 'avx512', 'neon', 'portable'].filter((name) => kernels.selectInstructionSet(name));
const threads = kernels.threads();
afterAll(() => {
  kernels.selectInstructionSet(best);
  kernels.setThreads(threads);
});

const floats = (random: Random, n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());

/** Random bfloat16 and what it stands for. */
function halves(random: Random, n: number): { bits: Uint16Array; values: Float32Array } {
  const bits = new Uint16Array(n);
  const values = new Float32Array(n);
  float32ToBfloat16(floats(random, n), bits);
  bfloat16ToFloat32(bits, values);
  return { bits, values };
}

describe.each(available)('kernels, %s', (isa) => {
  it('a product is that with the decoded matrix, to the bit, on one thread and on two', () => {
    const shape = fc.record({
      m: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 })),
      n: fc.oneof(fc.integer({ min: 1, max: 120 }), fc.constantFrom(64, 96, 192)),
      k: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.constantFrom(0, 511, 513, 1100)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      gaps: fc.tuple(fc.nat(3), fc.oneof(fc.constant(0), fc.nat(5)), fc.nat(5)),
      beta: fc.constantFrom(0, 1),
      epilogue: fc.constantFrom(...Object.values(Epilogue)),
      withBias: fc.boolean(),
      seed: fc.nat(),
    });
    kernels.selectInstructionSet(isa);
    fc.assert(
      fc.property(shape, ({ m, n, k, transposeA, transposeB, gaps, beta, epilogue, withBias, seed }) => {
        const random = new Random(seed);
        const [lda, ldb, ldc] = [(transposeA ? m : k) + gaps[0], (transposeB ? k : n) + gaps[1], n + gaps[2]];
        const a = floats(random, (transposeA ? k : m) * lda);
        const b = halves(random, gaps[1] + (transposeB ? n : k) * ldb);
        const [c, aux1, aux2] = [0, 0, 0].map(() => floats(random, m * ldc)) as [
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        const bias = withBias ? floats(random, n) : null;
        const run = (weights: Float32Array | Uint16Array, count: number): Float32Array[] => {
          kernels.setThreads(count);
          const [out, out2] = [c.slice(), new Float32Array(m * ldc)];
          kernels.gemm(
            transposeA, transposeB, m, n, k, a, 0, lda, weights, gaps[1], ldb, out, 0, ldc,
            1, beta, epilogue, bias, aux1, aux2, out2,
          ); // prettier-ignore
          return [out, out2];
        };
        const expected = run(b.values, 1);
        for (const count of [1, 2])
          run(b.bits, count).forEach((actual, i) =>
            expect(Buffer.compare(Buffer.from(actual.buffer), Buffer.from(expected[i]!.buffer))).toBe(0),
          );
      }),
      { numRuns: 40 },
    );
  });

  it('rows of a table are the decoded ones', () => {
    kernels.selectInstructionSet(isa);
    const random = new Random(4);
    for (const width of [1, 7, 16, 33]) {
      const table = halves(random, 5 * width);
      const ids = Int32Array.of(4, 0, 4, 2);
      const start = floats(random, 4 * width);
      for (const accumulate of [false, true]) {
        const [expected, actual] = [start.slice(), start.slice()];
        kernels.embeddingForward(5, width, table.values, ids, expected, accumulate);
        kernels.embeddingForward(5, width, table.bits, ids, actual, accumulate);
        expect(actual).toEqual(expected);
      }
    }
  });
});

it('arrays that are too short or of another kind are refused', () => {
  const [x, c, b] = [new Float32Array(16), new Float32Array(16), new Uint16Array(16)];
  const product = (matrix: unknown, offset = 0): void =>
    kernels.gemm(false, true, 4, 4, 4, x, 0, 4, matrix as Uint16Array, offset, 4, c, 0, 4, 1, 0, 0);
  expect(() => product(b)).not.toThrow();
  expect(() => product(b, 1)).toThrow(RangeError);
  expect(() => product(b.subarray(1))).toThrow(/gemm: b needs 16 elements, has 15/);
  for (const bad of [new Int16Array(16), new Uint8Array(32), null, [1]]) expect(() => product(bad)).toThrow(TypeError);
  const ids = Int32Array.of(0, 3);
  expect(() => kernels.embeddingForward(4, 4, b.subarray(1), ids, x, false)).toThrow(RangeError);
  expect(() => kernels.embeddingForward(3, 4, b, ids, x, false)).toThrow(/ids\[1\] is 3/);
});

it('a tensor of bfloat16 takes half the memory, rounds to even, and says where it cannot be used', () => {
  const { bytes, buffers } = memoryUse();
  scope(() => {
    const half = emptyBfloat16([64, 64]);
    expect(memoryUse().bytes - bytes).toBe(64 * 64 * 2);
    expect(half.operand).toBeInstanceOf(Uint16Array);
    expect(() => half.data).toThrow(/bfloat16 tensor of shape \[64,64\] was used where float32 is needed/);
    expect(() => half.raw).toThrow(/bfloat16/);
    expect(() => parameter(half)).toThrow(/cannot be trained/);
    expect([...toFloat32(toBfloat16(tensor([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -0.1]))).data]).toEqual([
      1,
      1,
      1 + 2 ** -6,
      Math.fround(-0.10009765625),
    ]);
    return half;
  });
  const gone = scope(() => emptyBfloat16([3]));
  expect(() => gone.operand).toThrow(/after its memory was freed/);
  expect(memoryUse().buffers).toBe(buffers);
});

/** Sizes, and operations of x and frozen matrices of the given shapes. */
type Sizes = [rows: number, inner: number, out: number];
const targetsOf = ([rows, , out]: Sizes): Int32Array =>
  Int32Array.from({ length: rows }, (_, i) => (i % 4 === 3 ? -1 : (i * 7) % out));
const idsOf = ([rows, , out]: Sizes): Int32Array => Int32Array.from({ length: rows }, (_, i) => (i * 5) % out);
const operations: Record<string, [(s: Sizes) => number[][], (x: Tensor, weights: Tensor[], sizes: Sizes) => Tensor]> = {
  linear: [([, inner, out]) => [[out, inner]], (x, [w]) => linear(x, w!)],
  geluMlp: [
    ([, inner, out]) => [
      [out, inner],
      [inner, out],
    ],
    (x, [up, down]) => geluMlp(x, up!, null, down!, null, x),
  ],
  swigluMlp: [
    ([, inner, out]) => [
      [out, inner],
      [out, inner],
      [inner, out],
    ],
    (x, [gate, up, down]) => swigluMlp(x, gate!, null, up!, null, down!, null, x),
  ],
  logProbs: [([, inner, out]) => [[out, inner]], (x, [head], s) => tokenLogProbs(x, head!, targetsOf(s)).logProbs],
  entropy: [
    ([, inner, out]) => [[out, inner]],
    (x, [head], s) => tokenLogProbs(x, head!, targetsOf(s), { entropy: true }).entropy!,
  ],
  embedding: [
    ([, inner, out]) => [[out, inner]],
    (x, [table], s) => linear(x, x, null, linear(embedding(table!, idsOf(s)), x)),
  ],
  addEmbedding: [([, inner, out]) => [[out, inner]], (x, [table], s) => addEmbedding(x, table!, idsOf(s))],
};

describe.each(Object.entries(operations))('%s', (_, [shapes, operation]) => {
  const size = fc.integer({ min: 1, max: 40 });
  it('values and gradients to the bit those with decoded matrices', () => {
    kernels.selectInstructionSet(best);
    fc.assert(
      fc.property(size, size, size, fc.nat(), fc.constantFrom(1, 2), (rows, inner, out, seed, count) => {
        kernels.setThreads(count);
        const sizes: Sizes = [rows, inner, out];
        const { buffers } = memoryUse();
        scope(() => {
          const random = new Random(seed);
          const x = tensor(floats(random, rows * inner), [rows, inner]);
          x.requiresGrad = true;
          const frozen = shapes(sizes).map((shape) => toBfloat16(tensor(floats(random, shape[0]! * shape[1]!), shape)));
          const [half, decoded] = [frozen, frozen.map(toFloat32)].map((weights) => {
            const tape = new Tape();
            let values: number[] = [];
            const loss = tape.run(() => {
              const result = operation(x, weights, sizes);
              values = [...result.data];
              return weightedSum(
                result,
                Float32Array.from(values, (_, i) => 1 + (i % 3)),
              );
            });
            tape.backward(loss);
            const gradient = [...x.grad!.data];
            x.grad = null;
            expect(weights.every(({ grad }) => grad === null)).toBe(true);
            return { values, gradient };
          });
          expect(half).toEqual(decoded);
        });
        expect(memoryUse().buffers).toBe(buffers);
      }),
      { numRuns: 15 },
    );
  });
});

it('the gradient of the input is that of differences', () => {
  kernels.selectInstructionSet(best);
  const [rows, inner, out] = [9, 33, 20];
  const weight = halves(new Random(3), out * inner).values;
  const product = (x: Row): number[] =>
    Array.from({ length: rows * out }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += x[Math.floor(at / out) * inner + k]! * weight[(at % out) * inner + k]!;
      return sum;
    });
  check(
    [[rows, inner]],
    ([x]) => linear(x!, toBfloat16(tensor(weight, [out, inner]))),
    ([x]) => product(x!),
    1,
  );
  check(
    [[rows, inner]],
    ([x]) => tokenLogProbs(x!, toBfloat16(tensor(weight, [out, inner])), targetsOf([rows, inner, out])).logProbs,
    ([x]) => {
      const scores = product(x!);
      return [...targetsOf([rows, inner, out])].map((target, r) => {
        const row = scores.slice(r * out, (r + 1) * out);
        return target < 0 ? 0 : row[target]! - Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
      });
    },
    2,
  );
});

it('logits for decoding', () =>
  scope(() => {
    const random = new Random(6);
    const head = toBfloat16(tensor(floats(random, 50 * 40), [50, 40]));
    for (const rows of [1, 2, 3, 5, 8, 9]) {
      const hidden = tensor(floats(random, rows * 40), [rows, 40]);
      expect([...logits(hidden, head).data]).toEqual([...logits(hidden, toFloat32(head)).data]);
    }
  }));
