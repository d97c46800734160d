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
