/** Operations against plain float64 arithmetic: values, and gradients by central differences, at one and two threads. */
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { check, type Reference, type Row } from '../../test/reference/gradient-check.js';
import { Random } from '../io/hash-random.js';
import {
  addEmbedding,
  attention,
  embedding,
  geluMlp,
  layerNorm,
  linear,
  qkNorm,
  rmsNorm,
  rope,
  swigluMlp,
  tokenLogProbs,
} from './index.js';

/** x [rows, inner] · wᵀ [out, inner] */
const product = (x: Row, w: Row, inner: number): number[] => {
  const [rows, out] = [x.length / inner, w.length / inner];
  return Array.from({ length: rows * out }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += x[Math.floor(at / out) * inner + k]! * w[(at % out) * inner + k]!;
    return sum;
  });
};
const addRow = (x: Row, bias: Row): number[] => x.map((value, i) => value + bias[i % bias.length]!);
const plus = (a: Row, b: Row): number[] => a.map((value, i) => value + b[i]!);
const rowsOf = (x: Row, width: number): number[][] =>
  Array.from({ length: x.length / width }, (_, r) => x.slice(r * width, (r + 1) * width));
const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const silu = (x: number) => x / (1 + Math.exp(-x));
const rms = (row: Row, weight: Row) => {
  const scale = 1 / Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / row.length + 1e-5);
  return row.map((x, i) => x * scale * weight[i]!);
};

/** Each checks one operation for the sizes and the seed. */
const operations: Record<string, (rows: number, inner: number, out: number, seed: number) => void> = {
  'linear with bias and residual': (rows, inner, out, seed) =>
    check(
      [[rows, inner], [out, inner], [out], [rows, out]],
      ([x, w, b, r]) => linear(x!, w!, b!, r!),
      ([x, w, b, r]) => plus(addRow(product(x!, w!, inner), b!), r!),
      seed,
    ),
  geluMlp: (rows, inner, out, seed) =>
    check(
      [[rows, inner], [out, inner], [out], [inner, out], [inner], [rows, inner]],
      ([x, up, ub, down, db, r]) => geluMlp(x!, up!, ub!, down!, db!, r!),
      ([x, up, ub, down, db, r]) =>
        plus(addRow(product(addRow(product(x!, up!, inner), ub!).map(gelu), down!, out), db!), r!),
      seed + 1,
    ),
  swigluMlp: (rows, inner, out, seed) =>
    check(
      [
        [rows, inner],
        [out, inner],
        [out, inner],
        [inner, out],
        [rows, inner],
      ],
      ([x, gate, up, down, r]) => swigluMlp(x!, gate!, null, up!, null, down!, null, r!),
      ([x, gate, up, down, r]) => {
        const ups = product(x!, up!, inner);
        return plus(
          product(
            product(x!, gate!, inner).map((g, i) => silu(g) * ups[i]!),
            down!,
            out,
          ),
          r!,
        );
      },
      seed + 2,
    ),
  rmsNorm: (rows, inner, _out, seed) =>
    check(
      [[rows, inner], [inner]],
      ([x, w]) => rmsNorm(x!, w!, 1e-5),
      ([x, w]) => rowsOf(x!, inner).flatMap((row) => rms(row, w!)),
      seed + 3,
    ),
  layerNorm: (rows, inner, _out, seed) =>
    check(
      [[rows, inner], [inner], [inner]],
      ([x, w, b]) => layerNorm(x!, w!, b!, 1e-5),
      ([x, w, b]) =>
        rowsOf(x!, inner).flatMap((row) => {
          const mean = row.reduce((sum, v) => sum + v, 0) / inner;
          const scale = 1 / Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / inner + 1e-5);
          return row.map((v, i) => (v - mean) * scale * w![i]! + b![i]!);
        }),
      seed + 4,
    ),
  'tokenLogProbs, with and without the expected gradient, and entropy': (rows, inner, out, seed) => {
    const random = new Random(seed);
    const targets = Int32Array.from({ length: rows }, (_, i) => (i % 5 === 3 ? -1 : random.int(out)));
    const logits = (x: Row, w: Row) =>
      rowsOf(product(x, w, inner), out).map((row) => {
        const total = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
        return row.map((v) => v - total);
      });
    const values: Reference = ([x, w]) => logits(x!, w!).map((row, i) => (targets[i]! < 0 ? 0 : row[targets[i]!]!));
    const entropies: Reference = ([x, w]) =>
      logits(x!, w!).map((row) => -row.reduce((sum, v) => sum + Math.exp(v) * v, 0));
    const shapes = [
      [rows, inner],
      [out, inner],
    ];
    const other = new Float32Array(rows).fill(0.3);
    check(shapes, ([x, w]) => tokenLogProbs(x!, w!, targets).logProbs, values, seed + 5);
    check(shapes, ([x, w]) => tokenLogProbs(x!, w!, targets, { expected: other }).logProbs, values, seed + 6);
    check(shapes, ([x, w]) => tokenLogProbs(x!, w!, targets, { entropy: true }).entropy!, entropies, seed + 7);
  },
};

describe.each(Object.entries(operations))('%s', (_, operation) => {
  it.each([
    [1, 3, 5],
    [7, 17, 33],
    [33, 20, 8],
    [50, 65, 31],
  ])('%i rows, %i inputs, %i outputs', (rows, inner, out) => operation(rows, inner, out, rows * 1000 + inner));

  it('any sizes', () => {
    const size = fc.integer({ min: 1, max: 37 });
    fc.assert(fc.property(size, size, size, fc.nat(), operation), { numRuns: 12 });
  });
});

interface AttentionShape {
  heads: number;
  kvHeads: number;
  headDim: number;
  lengths: number[];
  window: number;
}

function checkAttention(t: AttentionShape, seed: number): void {
  const { heads, kvHeads, headDim, lengths, window } = t;
  const starts = Int32Array.of(0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0)));
  const [rows, stride] = [starts.at(-1)!, (heads + 2 * kvHeads) * headDim];
  const reference: Reference = ([qkv]) => {
    const out: number[] = [];
    for (let row = 0; row < rows; row++) {
      const first = starts.findLast((start) => start <= row)!;
      const low = window > 0 ? Math.max(first, row - window + 1) : first;
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor((h * kvHeads) / heads);
        const at = (r: number, head: number, d: number) => qkv![r * stride + head * headDim + d]!;
        const scores: number[] = [];
        for (let key = low; key <= row; key++) {
          let dot = 0;
          for (let d = 0; d < headDim; d++) dot += at(row, h, d) * at(key, heads + kv, d);
          scores.push(Math.exp(dot / Math.sqrt(headDim)));
        }
        const total = scores.reduce((a, b) => a + b);
        for (let d = 0; d < headDim; d++)
          out.push(scores.reduce((sum, p, i) => sum + (p / total) * at(low + i, heads + kvHeads + kv, d), 0));
      }
    }
    return out;
  };
  check([[rows, stride]], ([qkv]) => attention(qkv!, t, starts, window), reference, seed);
}

describe('attention', () => {
  it.each([
    { heads: 1, kvHeads: 1, headDim: 2, lengths: [1, 2, 1], window: 0 },
    { heads: 4, kvHeads: 2, headDim: 8, lengths: [5, 1, 33], window: 0 },
    { heads: 3, kvHeads: 1, headDim: 20, lengths: [40, 7], window: 6 },
    { heads: 2, kvHeads: 2, headDim: 64, lengths: [70], window: 17 },
  ])('$heads heads, $kvHeads kv heads of $headDim, sequences $lengths, window $window', (t) => checkAttention(t, 3));

  it('any shape', () => {
    const shape = fc.record({
      kvHeads: fc.integer({ min: 1, max: 3 }),
      group: fc.integer({ min: 1, max: 3 }),
      headDim: fc.integer({ min: 1, max: 40 }),
      lengths: fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 4 }),
      window: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(shape, fc.nat(), ({ group, ...t }, seed) => checkAttention({ ...t, heads: group * t.kvHeads }, seed)),
      { numRuns: 12 },
    );
  });

  it.each([false, true])('rotary embedding and QK-norm, interleaved %s', (interleaved) => {
    const layout = { heads: 4, kvHeads: 2, headDim: 6 };
    const [rows, stride, half] = [9, 48, 3];
    const positions = Int32Array.from({ length: rows }, (_, i) => (i * 5) % 11);
    const angle = (position: number, i: number) => position * 100 ** (-i / half);
    const table = {
      cosine: Float32Array.from({ length: 11 * half }, (_, i) => Math.cos(angle(Math.floor(i / half), i % half))),
      sine: Float32Array.from({ length: 11 * half }, (_, i) => Math.sin(angle(Math.floor(i / half), i % half))),
      interleaved,
    };
    const reference: Reference = ([qkv, q, k]) =>
      rowsOf(qkv!, stride).flatMap((row, r) =>
        rowsOf(row, 6).flatMap((head, h) => {
          if (h >= 6) return head;
          const x = rms(head, h < 4 ? q! : k!);
          const y = x.slice();
          for (let i = 0; i < half; i++) {
            const [a, b] = interleaved ? [2 * i, 2 * i + 1] : [i, i + half];
            const [c, s] = [Math.cos(angle(positions[r]!, i)), Math.sin(angle(positions[r]!, i))];
            y[a] = x[a]! * c - x[b]! * s;
            y[b] = x[a]! * s + x[b]! * c;
          }
          return y;
        }),
      );
    check(
      [[rows, stride], [6], [6]],
      ([qkv, q, k]) => rope(qkNorm(qkv!, 4, 2, q!, k!, 1e-5), layout, positions, table),
      reference,
      5,
    );
  });
});

it('learned positions', () => {
  const ids = Int32Array.of(4, 0, 1, 1, 3);
  check(
    [
      [5, 7],
      [6, 7],
    ],
    ([x, table]) => addEmbedding(x!, table!, ids),
    ([x, table]) =>
      plus(
        x!,
        [...ids].flatMap((id) => table!.slice(id * 7, id * 7 + 7)),
      ),
    9,
  );
});

it('sums embedding gradients of thousands of duplicates', () => {
  const ids = Int32Array.from({ length: 4000 }, (_, i) => (i * i) % 3);
  check(
    [[3, 70]],
    ([table]) => embedding(table!, ids),
    ([table]) => [...ids].flatMap((id) => table!.slice(id * 70, id * 70 + 70)),
    8,
  );
}, 30_000);
