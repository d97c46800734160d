/** Checks an operation's values and gradients against plain float64 arithmetic, at one and at two threads. */
import { expect } from 'vitest';
import { kernels, memoryUse, scope, Tape, type Tensor, tensor, weightedSum } from '../../src/engine/index.js';
import { Random } from '../../src/io/hash-random.js';

export type Row = readonly number[];
/** The operation in float64: values of the inputs to values of the output. */
export type Reference = (inputs: readonly Row[]) => number[];

/**
 * Compares `op` with `reference` for random inputs of the given shapes: values to 2e-4, gradients with central
 * differences of the reference to 1e-3, both threads bit by bit, and nothing left in memory.
 * @param prepare makes inputs fit the operation's domain
 */
export function check(
  shapes: readonly number[][],
  op: (inputs: Tensor[]) => Tensor,
  reference: Reference,
  seed: number,
  prepare: (x: number) => number = (x) => x,
): void {
  const threads = kernels.threads();
  const random = new Random(seed);
  const inputs = shapes.map((shape) =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(prepare(random.normal() * 0.7))),
  );
  const expected = reference(inputs);
  const weights = Float32Array.from(expected, () => random.normal());
  const objective = (values: readonly Row[]) => reference(values).reduce((sum, x, i) => sum + x * weights[i]!, 0);
  const before = memoryUse().buffers;
  const runs = [1, 2].map((count) => {
    kernels.setThreads(count);
    return scope(() => {
      const tensors = inputs.map((values, i) => tensor(values, shapes[i]!));
      for (const each of tensors) each.requiresGrad = true;
      const tape = new Tape();
      let values: number[] = [];
      const loss = tape.run(() => {
        const out = op(tensors);
        values = [...out.data];
        return weightedSum(out, weights);
      });
      tape.backward(loss);
      return { values, grads: tensors.map((each) => [...each.grad!.data]) };
    });
  });
  kernels.setThreads(threads);
  expect(runs[1]).toEqual(runs[0]);
  expect(memoryUse().buffers).toBe(before);
  const { values, grads } = runs[0]!;
  expected.forEach((x, i) => expect(Math.abs(values[i]! - x)).toBeLessThan(2e-4 * (1 + Math.abs(x))));
  for (const [which, grad] of grads.entries())
    for (let probe = 0; probe < 12; probe++) {
      const at = random.int(grad.length);
      const moved = (by: number) =>
        objective(inputs.map((values, i) => (i === which ? values.map((x, j) => (j === at ? x + by : x)) : values)));
      const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      expect(Math.abs(grad[at]! - slope), `input ${which}[${at}]`).toBeLessThan(1e-3 * (1 + Math.abs(slope)));
    }
}
