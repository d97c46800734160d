/** Checkpointed stacks against the same stacks without: gradients to the bit, memory, and the edges of what fn may be. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../../io/hash-random.js';
import {
  attention,
  checkpoint,
  dispose,
  geluMlp,
  layerNorm,
  linear,
  memoryUse,
  parameter,
  resetPeak,
  scope,
  Tape,
  type Tensor,
  tensor,
  weightedSum,
} from '../index.js';

const random = (seed: number, shape: readonly number[], factor = 0.3): Tensor => {
  const stream = new Random(seed);
  return tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal() * factor),
    shape,
  );
};

type Wrap = (inputs: Tensor[], fn: () => Tensor) => Tensor;
const plain: Wrap = (_, fn) => fn();

/** A stack of blocks of attention and MLP of which each is wrapped, and what its parameters are. */
function stack(layers: number, width: number, rows: number, seed: number) {
  const parameters = Array.from({ length: layers }, (_, layer) =>
    [[width], [3 * width, width], [width, width], [2 * width, width], [width, 2 * width]].map((shape, i) =>
      parameter(random(seed + layer * 10 + i, shape)),
    ),
  );
  const layout = { heads: 2, kvHeads: 2, headDim: width / 2 };
  const forward = (wrap: Wrap, input: Tensor): Tensor => {
    let x = input;
    for (const [norm, qkv, out, up, down] of parameters) {
      const from = x;
      x = wrap([from], () => {
        const normed = layerNorm(from, norm!, null, 1e-5);
        const attended = attention(linear(normed, qkv!), layout, Int32Array.of(0, rows));
        const middle = linear(attended, out!, null, from);
        return geluMlp(layerNorm(middle, norm!, null, 1e-5), up!, null, down!, null, middle);
      });
    }
    return x;
  };
  return { parameters: parameters.flat(), forward };
}

/** Loss, gradients of the parameters and of the input where it wants one, and the bytes at the peak beyond those before. */
function run(wrap: Wrap, { layers = 2, width = 4, rows = 5, seed = 1, inputWantsGradient = true } = {}) {
  const { parameters, forward } = stack(layers, width, rows, seed);
  const { bytes } = memoryUse();
  const result = scope(() => {
    const x = random(seed + 1000, [rows, width], 1);
    x.requiresGrad = inputWantsGradient;
    const weights = Float32Array.from(random(seed + 2000, [rows * width]).data);
    resetPeak();
    const tape = new Tape();
    const loss = tape.run(() => weightedSum(forward(wrap, x), weights));
    const value = loss.item();
    tape.backward(loss);
    const gradients = [...parameters.map((each) => [...each.grad!.data]), x.grad ? [...x.grad.data] : []];
    return { value, gradients, peak: memoryUse().peakBytes - bytes };
  });
  for (const each of parameters) dispose(each);
  return result;
}

it('has the gradients of the stack without it to the bit, for any sizes, and leaves nothing behind', () => {
  fc.assert(
    fc.property(
      fc.record({
        layers: fc.integer({ min: 1, max: 4 }),
        width: fc.constantFrom(2, 4, 10, 34),
        rows: fc.integer({ min: 1, max: 30 }),
        seed: fc.nat(1 << 20),
        inputWantsGradient: fc.boolean(),
      }),
      (sizes) => {
        const before = memoryUse().buffers;
        const [without, checkpointed] = [run(plain, sizes), run(checkpoint, sizes)];
        expect(checkpointed.value).toBe(without.value);
        expect(checkpointed.gradients).toEqual(without.gradients);
        expect(checkpointed.gradients.at(-1)!.length).toBe(sizes.inputWantsGradient ? sizes.width * sizes.rows : 0);
        expect(memoryUse().buffers).toBe(before);
      },
    ),
    { numRuns: 25 },
  );
});

it('checkpoints within checkpoints', () => {
  const twice: Wrap = (inputs, fn) => checkpoint(inputs, () => checkpoint(inputs, fn));
  expect(run(twice, { layers: 3 }).gradients).toEqual(run(plain, { layers: 3 }).gradients);
});

it('holds a fraction of the memory of a deep stack', () => {
  const sizes = { layers: 12, width: 32, rows: 64 };
  const [without, checkpointed] = [run(plain, sizes), run(checkpoint, sizes)];
  expect(checkpointed.gradients).toEqual(without.gradients);
  expect(checkpointed.peak).toBeLessThan(0.3 * without.peak);
});

it('passes through functions that do nothing, that carry no gradient, and that are not recorded', () => {
  scope(() => {
    const x = random(1, [3, 2]);
    const weights = new Float32Array(6).fill(2);
    expect(checkpoint([x], () => x)).toBe(x); // nothing wants a gradient
    const frozen = checkpoint([x], () => linear(x, random(2, [2, 2])));
    expect(frozen.requiresGrad).toBe(false);
    expect(frozen.data.every(Number.isFinite)).toBe(true);
    x.requiresGrad = true;
    const untaped = checkpoint([x], () => linear(x, random(2, [2, 2])));
    expect([...untaped.data]).toEqual([...frozen.data]);
    const tape = new Tape();
    tape.backward(
      tape.run(() =>
        weightedSum(
          checkpoint([x], () => x),
          weights,
        ),
      ),
    );
    expect([...x.grad!.data]).toEqual([...weights]);
  });
});

it('backward takes a gradient of any shape as its seed, and refuses one of another size', () => {
  scope(() => {
    const x = random(1, [3, 2]);
    x.requiresGrad = true;
    const weight = random(2, [4, 2]);
    const seed = random(3, [3, 4]);
    const weights = Float32Array.from(seed.data);
    const tape = new Tape();
    const out = tape.run(() => linear(x, weight));
    expect(() => tape.backward(out, random(3, [3, 2]))).toThrow(/seed \[3,2\] for an output \[3,4\]/);
    expect(() => tape.backward(out)).toThrow(/one number/);
    tape.backward(out, seed);
    const expected = [...x.grad!.data];
    x.grad = null;
    const scalar = new Tape();
    scalar.backward(scalar.run(() => weightedSum(linear(x, weight), weights)));
    expect([...x.grad!.data]).toEqual(expected);
  });
});

it('frees what it holds when the function fails, in either pass', () => {
  const before = memoryUse().buffers;
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => scope(() => checkpoint([], () => (random(1, [9]), fail())))).toThrow('no');
  expect(memoryUse().buffers).toBe(before);
  scope(() => {
    const x = random(1, [3, 2]);
    x.requiresGrad = true;
    let calls = 0;
    const tape = new Tape();
    const loss = tape.run(() =>
      weightedSum(
        checkpoint([x], () => (calls++ > 0 ? fail() : linear(x, random(2, [2, 2])))),
        new Float32Array(6),
      ),
    );
    expect(() => tape.backward(loss)).toThrow('no');
  });
  expect(memoryUse().buffers).toBe(before);
});
