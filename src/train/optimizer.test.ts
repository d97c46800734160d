/** One update at a time against float64; Muon against what defines it. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dispose, keep, memoryUse, parameter, type Tensor, tensor } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { Optimizer, type OptimizerConfig } from './optimizer.js';

const config: OptimizerConfig = {
  kind: 'adamw',
  learningRate: 0.01,
  matrixLearningRate: 0.02,
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-8,
  weightDecay: 0.1,
  momentum: 0.9,
  clip: 1,
};

function parameters(shapes: Record<string, number[]>, random: Random): Map<string, Tensor> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b);
      return [
        name,
        parameter(
          keep(
            tensor(
              Array.from({ length: size }, () => random.normal()),
              shape,
            ),
          ),
        ),
      ];
    }),
  );
}

function setGradients(all: ReadonlyMap<string, Tensor>, random: Random, scale: number): void {
  for (const value of all.values()) for (let i = 0; i < value.size; i++) value.grad!.data[i] = scale * random.normal();
}

describe('AdamW', () => {
  it('makes the updates of Loshchilov & Hutter in float64: decay on matrices alone, one clip for all', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.01, 1, 30), fc.integer({ min: 1, max: 40 }), (seed, scale, n) => {
        const random = new Random(seed);
        const before = memoryUse().buffers;
        const all = parameters({ 'embed.weight': [3, n], 'finalNorm.weight': [n] }, random);
        const optimizer = new Optimizer(all, config);
        const state = new Map([...all].map(([name, { data }]) => [name, Array.from(data, (w) => ({ w, m: 0, v: 0 }))]));
        for (let step = 1; step <= 4; step++) {
          setGradients(all, random, scale);
          const gradients = [...all.values()].flatMap((value) => [...value.grad!.data]);
          const norm = Math.sqrt(gradients.reduce((sum, g) => sum + g * g, 0));
          expect(optimizer.gradNorm() / norm).toBeCloseTo(1, 5);
          const [clip, rate] = [Math.min(1, config.clip / norm), 1 / step];
          for (const [name, weights] of state)
            weights.forEach((each, i) => {
              const g = all.get(name)!.grad!.data[i]! * clip;
              each.m = 0.9 * each.m + 0.1 * g;
              each.v = 0.95 * each.v + 0.05 * g * g;
              if (name === 'embed.weight') each.w *= 1 - 0.01 * rate * 0.1;
              each.w -= (0.01 * rate * (each.m / (1 - 0.9 ** step))) / (Math.sqrt(each.v / (1 - 0.95 ** step)) + 1e-8);
            });
          optimizer.step(step, rate, optimizer.gradNorm());
          for (const [name, weights] of state)
            weights.forEach(({ w }, i) => expect(Math.abs(all.get(name)!.data[i]! - w)).toBeLessThan(2e-5));
          for (const value of all.values()) expect(value.grad!.data.every((g) => g === 0)).toBe(true);
        }
        optimizer.dispose();
        for (const value of all.values()) dispose(value);
        expect(memoryUse().buffers).toBe(before);
      }),
      { numRuns: 20 },
    );
  });
});

describe('Muon', () => {
  const [rows, columns] = [24, 10];
  const muon = { ...config, kind: 'muon' as const };

  /** The update in units of the learning rate, after one step with these gradients. */
  function update(
    name: string,
    shape: number[],
    seed: number,
    scale: number,
    blocks?: Map<string, [number, number][]>,
  ) {
    const all = parameters({ [name]: shape }, new Random(seed));
    const value = all.get(name)!;
    const before = [...value.data];
    const optimizer = new Optimizer(all, muon, blocks);
    setGradients(all, new Random(seed + 1), scale);
    optimizer.step(1, 1, optimizer.gradNorm());
    const moved = before.map((w, i) => (w * (1 - 0.02 * 0.1) - value.data[i]!) / 0.02);
    const states = [...optimizer.state().keys()];
    optimizer.dispose();
    dispose(value);
    return { moved, states };
  }

  /** Xᵀ X of [rows, columns]. */
  const gram = (x: readonly number[], width: number): number[] =>
    Array.from({ length: width * width }, (_, at) => {
      let sum = 0;
      for (let r = 0; r < x.length / width; r++)
        sum += x[r * width + Math.floor(at / width)]! * x[r * width + (at % width)]!;
      return sum;
    });

  it('moves a matrix in an orthogonal direction, as far for small gradients as for large ones', () => {
    const { moved, states } = update('layers.0.mlp.up.weight', [rows, columns], 1, 1e-3);
    expect(states).toEqual(['layers.0.mlp.up.weight.m']);
    const scaled = moved.map((x) => x / Math.sqrt(rows / columns));
    gram(scaled, columns).forEach((x, i) => {
      const diagonal = i % (columns + 1) === 0;
      expect(x).toBeGreaterThan(diagonal ? 0.4 : -0.3);
      expect(x).toBeLessThan(diagonal ? 1.6 : 0.3);
    });
    const large = update('layers.0.mlp.up.weight', [rows, columns], 1, 1e-1).moved;
    large.forEach((x, i) => expect(Math.abs(x - moved[i]!)).toBeLessThan(2e-2));
  });

  it('treats the parts of a fused projection as matrices of their own', () => {
    const name = 'layers.0.attn.qkv.weight';
    const blocks = new Map([[name, [[0, 8], [8, 16]] as [number, number][]]]); // prettier-ignore
    const { moved } = update(name, [24, 10], 3, 1, blocks);
    const first = moved.slice(0, 80);
    const wide = Array.from({ length: 80 }, (_, at) => first[(at % 8) * 10 + Math.floor(at / 8)]!); // transposed: [10, 8]
    gram(wide, 8).forEach((x, i) => expect(Math.abs(x - (i % 9 === 0 ? 1 : 0))).toBeLessThan(0.6));
  });

  it('leaves embeddings, the head and vectors to AdamW', () => {
    for (const [name, shape] of [
      ['embed.weight', [4, 5]],
      ['head.weight', [4, 5]],
      ['layers.0.norm1.weight', [5]],
    ] as const)
      expect(update(name, [...shape], 4, 1).states).toEqual([`${name}.m`, `${name}.v`]);
  });
});
