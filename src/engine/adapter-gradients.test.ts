/** Operations of adapters against plain float64 arithmetic: values and gradients, ragged shapes, one and two threads. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, type Reference, type Row } from '../../test/reference/gradient-check.js';
import {
  doraNorms,
  doraWeight,
  geluMlp,
  linear,
  type LowRank,
  prefixKeysValues,
  promptEmbedding,
  scope,
  swigluMlp,
  Tape,
  type Tensor,
  tensor,
  virtualRows,
  weightedSum,
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
const plus = (a: Row, b: Row): number[] => a.map((value, i) => value + b[i]!);
const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const silu = (x: number) => x / (1 + Math.exp(-x));

/** Rows [first, first + count) of an [.., inner] matrix with scale · b · a added. */
function merged(w: Row, inner: number, parts: { a: Row; b: Row; scale: number; firstRow: number }[]): number[] {
  const out = [...w];
  for (const { a, b, scale, firstRow } of parts) {
    const rank = a.length / inner;
    for (let i = 0; i < b.length / rank; i++)
      for (let j = 0; j < inner; j++)
        for (let r = 0; r < rank; r++) out[(firstRow + i) * inner + j]! += scale * b[i * rank + r]! * a[r * inner + j]!;
  }
  return out;
}
const part = (a: Tensor | undefined, b: Tensor | undefined, scale: number, firstRow = 0): LowRank => ({
  a: a!,
  b: b!,
  scale,
  firstRow,
});
const part64 = (a: Row | undefined, b: Row | undefined, scale: number, firstRow = 0) => ({
  a: a!,
  b: b!,
  scale,
  firstRow,
});

type Sizes = [rows: number, inner: number, out: number, rank: number];
const operations: Record<string, (sizes: Sizes, seed: number) => void> = {
  'linear with one part': ([rows, inner, out, rank], seed) =>
    check(
      [[rows, inner], [out, inner], [out], [rows, out], [rank, inner], [out, rank]],
      ([x, w, bias, residual, a, b]) => linear(x!, w!, bias!, residual!, [part(a, b, 0.7)]),
      ([x, w, bias, residual, a, b]) =>
        plus(
          product(x!, merged(w!, inner, [part64(a, b, 0.7)]), inner).map((value, i) => value + bias![i % out]!),
          residual!,
        ),
      seed,
    ),
  'linear with parts for some rows, apart and overlapping': ([rows, inner, out, rank], seed) => {
    const first = out;
    const second = 2 * out + 1;
    for (const from of [second, first - 1])
      // the second part begins after a gap, or within the first
      check(
        [
          [rows, inner],
          [3 * out + 1, inner],
          [rank, inner],
          [out, rank],
          [rank + 1, inner],
          [out, rank + 1],
        ],
        ([x, w, a1, b1, a2, b2]) => linear(x!, w!, null, null, [part(a1, b1, 0.7), part(a2, b2, -1.3, from)]),
        ([x, w, a1, b1, a2, b2]) =>
          product(x!, merged(w!, inner, [part64(a1, b1, 0.7), part64(a2, b2, -1.3, from)]), inner),
        seed,
      );
  },
  geluMlp: ([rows, inner, out, rank], seed) =>
    check(
      [[rows, inner], [out, inner], [out], [inner, out], [rows, inner], [rank, inner], [out, rank], [rank, out], [inner, rank]],
      ([x, up, bias, down, residual, ua, ub, da, db]) =>
        geluMlp(x!, up!, bias!, down!, null, residual!, { up: [part(ua, ub, 0.5)], down: [part(da, db, 2)] }),
      ([x, up, bias, down, residual, ua, ub, da, db]) => {
        const before = product(x!, merged(up!, inner, [part64(ua, ub, 0.5)]), inner);
        const after = before.map((value, i) => gelu(value + bias![i % out]!));
        return plus(product(after, merged(down!, out, [part64(da, db, 2)]), out), residual!);
      },
      seed,
    ), // prettier-ignore
  swigluMlp: ([rows, inner, out, rank], seed) =>
    check(
      [[rows, inner], [out, inner], [out, inner], [inner, out], [rows, inner],
       [rank, inner], [out, rank], [rank, inner], [out, rank], [rank, out], [inner, rank]],
      ([x, gate, up, down, residual, ga, gb, ua, ub, da, db]) =>
        swigluMlp(x!, gate!, null, up!, null, down!, null, residual!, {
          gate: [part(ga, gb, 0.5)],
          up: [part(ua, ub, -0.5)],
          down: [part(da, db, 2)],
        }),
      ([x, gate, up, down, residual, ga, gb, ua, ub, da, db]) => {
        const gates = product(x!, merged(gate!, inner, [part64(ga, gb, 0.5)]), inner);
        const ups = product(x!, merged(up!, inner, [part64(ua, ub, -0.5)]), inner);
        const inside = gates.map((g, i) => silu(g) * ups[i]!);
        return plus(product(inside, merged(down!, out, [part64(da, db, 2)]), out), residual!);
      },
      seed,
    ), // prettier-ignore
};

describe.each(Object.entries(operations))('%s', (_, operation) => {
  it.each<Sizes>([
    [1, 3, 5, 1],
    [7, 17, 33, 2],
    [33, 20, 8, 4],
  ])('%i rows, %i inputs, %i outputs, rank %i', (...sizes) => operation(sizes, sizes[0] * 100 + sizes[3]));

  it('any sizes', () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(fc.property(fc.tuple(size, size, size, fc.integer({ min: 1, max: 9 })), fc.nat(), operation), {
      numRuns: 8,
    });
  });
});

describe('frozen weights', () => {
  /** Gradients of a loss where only some inputs train. */
  function gradients(inputs: Tensor[], trained: number[], op: (inputs: Tensor[]) => Tensor): (number[] | null)[] {
    for (const i of trained) inputs[i]!.requiresGrad = true;
    const tape = new Tape();
    const loss = tape.run(() => {
      const out = op(inputs);
      return weightedSum(
        out,
        Float32Array.from({ length: out.size }, (_, i) => Math.sin(i)),
      );
    });
    tape.backward(loss);
    return inputs.map(({ grad }) => (grad ? [...grad.data] : null));
  }
  const values = (shape: number[], seed: number): Tensor =>
    tensor(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + seed * 7.3 + i * i)),
      shape,
    );

  it('get no gradient, and the rest the same one to the bit', () => {
    const shapes = [[9, 6], [11, 6], [11], [6, 11], [6], [9, 6], [2, 6], [11, 2]];
    const op = ([x, up, ub, down, db, r, a, b]: Tensor[]): Tensor =>
      geluMlp(x!, up!, ub!, down!, db!, r!, { up: [part(a, b, 1.5)] });
    const all = scope(() => gradients(shapes.map(values), [0, 1, 2, 3, 4, 5, 6, 7], op));
    for (const trained of [[6, 7], [0, 6, 7], [4], [1, 7], [5]]) {
      const some = scope(() => gradients(shapes.map(values), trained, op));
      some.forEach((grad, i) => expect(grad, `${i} of ${trained}`).toEqual(trained.includes(i) ? all[i] : null));
    }
  });

  it('get none in SwiGLU either', () => {
    const shapes = [[9, 6], [11, 6], [11, 6], [6, 11], [6], [9, 6], [2, 6], [11, 2]];
    const op = ([x, gate, up, down, db, r, a, b]: Tensor[]): Tensor =>
      swigluMlp(x!, gate!, null, up!, null, down!, db!, r!, { gate: [part(a, b, 1.5)] });
    const all = scope(() => gradients(shapes.map(values), [0, 1, 2, 3, 4, 5, 6, 7], op));
    for (const trained of [[6, 7], [0], [4], [2, 7], [5]]) {
      const some = scope(() => gradients(shapes.map(values), trained, op));
      some.forEach((grad, i) => expect(grad, `${i} of ${trained}`).toEqual(trained.includes(i) ? all[i] : null));
    }
  });

  it('a part with b = 0 changes no bit', () => {
    scope(() => {
      const [x, w, bias, a] = [[40, 17], [35, 17], [35], [3, 17]].map(values) as [Tensor, Tensor, Tensor, Tensor];
      const b = tensor(new Float32Array(20 * 3), [20, 3]);
      const plain = linear(x, w, bias);
      expect([...linear(x, w, bias, null, [part(a, b, 4, 7)]).data]).toEqual([...plain.data]);
    });
  });

  it('a part that does not fit is refused', () => {
    scope(() => {
      const [x, w, a, b] = [
        [4, 6],
        [5, 6],
        [2, 6],
        [3, 2],
      ].map(values) as [Tensor, Tensor, Tensor, Tensor];
      expect(() => linear(x, w, null, null, [part(a, b, 1, 3)])).toThrow(/does not fit \[5, 6\]/);
      expect(() => linear(x, w, null, null, [part(b, a, 1)])).toThrow(/does not fit/);
    });
  });
});

describe('doraWeight', () => {
  /** The norms count as constants: `at` is where they are taken. */
  const reference =
    (inner: number, firstRow: number, at: readonly Row[]): Reference =>
    ([w, a, b, m]) => {
      const v = merged(w!, inner, [part64(a, b, 0.8, firstRow)]);
      const fixed = merged(at[0]!, inner, [part64(at[1], at[2], 0.8, firstRow)]);
      return v.map((value, j) => {
        const row = Math.floor(j / inner);
        if (row < firstRow || row >= firstRow + m!.length) return value;
        const norm = Math.hypot(...fixed.slice(row * inner, (row + 1) * inner));
        return (m![row - firstRow]! / norm) * value;
      });
    };

  it('has the values and gradients of float64, with the norms held fixed', () => {
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 5 }), fc.nat(4), fc.nat(), (inner, rows, rank, gap, seed) => {
        let first: readonly Row[] | null = null; // check asks for the values at the inputs themselves first
        check(
          [[rows + 2 * gap, inner], [rank, inner], [rows, rank], [rows]],
          ([w, a, b, m]) => doraWeight(w!, [{ ...part(a, b, 0.8, gap), magnitude: m! }]),
          (inputs) => reference(inner, gap, (first ??= inputs))(inputs),
          seed,
          (x) => x + Math.sign(x), // keeps row norms away from 0
        );
      }),
      { numRuns: 15 },
    );
  });

  it('changes no bit with b = 0 and the lengths of the rows', () => {
    scope(() => {
      const w = tensor(
        Array.from({ length: 9 * 13 }, (_, i) => Math.sin(i * i)),
        [9, 13],
      );
      const a = tensor(
        Array.from({ length: 26 }, (_, i) => Math.cos(i)),
        [2, 13],
      );
      const b = tensor(new Float32Array(8), [4, 2]);
      const lowRank = part(a, b, 2, 3);
      const changed = doraWeight(w, [{ ...lowRank, magnitude: tensor(doraNorms(w, lowRank)) }]);
      expect([...changed.data]).toEqual([...w.data]);
    });
  });
});

describe('soft prompts', () => {
  const tokens = Int32Array.of(7, 8, 9, 2, 2, 0, 7, 8, 9, 6, 8, 1);
  const at = virtualRows(tokens, 7);
  it('promptEmbedding looks up both tables', () =>
    check(
      [
        [7, 5],
        [3, 5],
      ],
      ([table, prompt]) => promptEmbedding(table!, prompt!, at),
      ([table, prompt]) =>
        [...tokens].flatMap((id) =>
          id < 7 ? table!.slice(id * 5, id * 5 + 5) : prompt!.slice((id - 7) * 5, (id - 6) * 5),
        ),
      3,
    ));

  it('promptEmbedding without a prompt leaves zeros', () =>
    check(
      [[7, 5]],
      ([table]) => promptEmbedding(table!, null, at),
      ([table]) => [...tokens].flatMap((id) => (id < 7 ? table!.slice(id * 5, id * 5 + 5) : [0, 0, 0, 0, 0])),
      4,
    ));

  it('prefixKeysValues replaces keys and values of virtual rows', () => {
    const layout = { heads: 2, kvHeads: 1, headDim: 3 };
    check(
      [
        [12, 12],
        [3, 6],
      ],
      ([qkv, prefix]) => prefixKeysValues(linear(qkv!, tensor(identity(12), [12, 12])), layout, prefix!, at),
      ([qkv, prefix]) =>
        [...tokens].flatMap((id, row) => {
          const own = qkv!.slice(row * 12, row * 12 + 12);
          return id < 7 ? own : [...own.slice(0, 6), ...prefix!.slice((id - 7) * 6, (id - 6) * 6)];
        }),
      5,
    );
  });

  it('a batch of nothing but virtual tokens works', () =>
    check(
      [
        [7, 5],
        [2, 5],
      ],
      ([table, prompt]) => promptEmbedding(table!, prompt!, virtualRows(Int32Array.of(7, 8, 7), 7)),
      ([, prompt]) => [...prompt!, ...prompt!.slice(0, 5)],
      6,
    ));
});

function identity(n: number): number[] {
  return Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}
