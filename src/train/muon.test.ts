import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryUse, scope, tensor } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { orthogonalize } from './muon.js';

it.each([
  [5, 5],
  [4, 17],
  [33, 8],
])('gives singular values near 1 for a %i x %i matrix and keeps its singular vectors', (rows, columns) => {
  const random = new Random(rows * 100 + columns);
  const values = Array.from({ length: (rows + 2) * columns }, () => random.normal());
  const before = memoryUse().buffers;
  scope(() => {
    const x = orthogonalize(tensor(values, [rows + 2, columns]), 2, rows).data;
    const n = Math.min(rows, columns);
    const at = (i: number, k: number) => (rows <= columns ? x[i * columns + k]! : x[k * columns + i]!);
    const depth = Math.max(rows, columns);
    let trace = 0;
    for (let i = 0; i < n; i++) for (let k = 0; k < depth; k++) trace += at(i, k) ** 2;
    // Singular values between 0.68 and 1.13: their squares have a mean in between.
    expect(trace / n).toBeGreaterThan(0.45);
    expect(trace / n).toBeLessThan(1.3);
    // <X, G> is the sum of singular values of G weighted by those of X: far above that of a random direction.
    let [product, gNorm] = [0, 0];
    for (let i = 0; i < rows * columns; i++) {
      product += x[i]! * values[2 * columns + i]!;
      gNorm += values[2 * columns + i]! ** 2;
    }
    expect(product).toBeGreaterThan(0.6 * Math.sqrt(gNorm));
  });
  expect(memoryUse().buffers).toBe(before);
});

/** Five Newton-Schulz steps on X itself, in float64. */
function newtonSchulz64(values: readonly number[], rows: number, columns: number): number[] {
  const norm = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
  let x = values.map((value) => value / norm);
  const times = (a: number[], b: number[], m: number, k: number, n: number): number[] =>
    Array.from({ length: m * n }, (_, at) => {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += a[Math.floor(at / n) * k + j]! * b[j * n + (at % n)]!;
      return sum;
    });
  for (let i = 0; i < 5; i++) {
    const transposed = Array.from(
      { length: rows * columns },
      (_, at) => x[(at % rows) * columns + Math.floor(at / rows)]!,
    );
    const gram = times(x, transposed, rows, columns, rows);
    const square = times(gram, gram, rows, rows, rows);
    const polynomial = gram.map((g, at) => -4.775 * g + 2.0315 * square[at]! + (at % (rows + 1) === 0 ? 3.4445 : 0));
    x = times(polynomial, x, rows, rows, columns);
  }
  return x;
}

it('agrees with the iteration in float64, however small some singular values are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(1, 1e-2, 1e-4, 0),
      fc.nat(),
      (rows, columns, smallest, seed) => {
        const random = new Random(seed);
        // A sum of rank-one terms of falling size, at most as many as the smaller side.
        const terms = Math.min(rows, columns);
        const values = Array.from({ length: rows * columns }, () => 0);
        for (let term = 0; term < terms; term++) {
          const [u, v] = [rows, columns].map((n) => Array.from({ length: n }, () => random.normal())) as [
            number[],
            number[],
          ];
          const factor = term === 0 ? 1 : smallest;
          values.forEach((_, at) => (values[at]! += factor * u[Math.floor(at / columns)]! * v[at % columns]!));
        }
        const expected = newtonSchulz64(values.map(Math.fround), rows, columns);
        scope(() => {
          const found = orthogonalize(tensor(values, [rows, columns]), 0, rows).data;
          expected.forEach((x, at) => expect(Math.abs(found[at]! - x)).toBeLessThan(smallest === 1 ? 2e-3 : 2e-2));
        });
      },
    ),
    { numRuns: 100 },
  );
});
