/** Models loaded in bfloat16: what they compute, what they take, and what is written from them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { anyConfig, randomParameters } from '../../test/reference/random-model.js';
import { hasStories, storiesModelPath, storiesNote } from '../../test/reference/stories260k.js';
import {
  keep,
  kernels,
  memoryUse,
  scope,
  Tape,
  tensor,
  toBfloat16,
  toFloat32,
  weightedSum,
  zeros,
} from '../engine/index.js';
import { type ModelConfig, parameterShapes } from './config.js';
import { KvCache, loadTransformer, readLlama2cFile, saveTransformer, Transformer, transformerFrom } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-storage-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A model with random parameters; matrices rounded to bfloat16 on request. */
function build(config: ModelConfig, seed: number, rounded: boolean): Transformer {
  const values = [...randomParameters(config, seed)].map(([name, data]) => {
    const shape = parameterShapes(config).get(name)!;
    const value = scope(() => {
      const exact = tensor(data, shape);
      return keep(rounded && shape.length === 2 ? toFloat32(toBfloat16(exact)) : exact);
    });
    return [name, value] as const;
  });
  return new Transformer(config, new Map(values));
}

/** Everything a model computes: logits of two sequences at once, over a cache, and a gradient that went through all layers. */
function outputs(model: Transformer): number[][] {
  const length = Math.min(model.config.context, 5);
  const tokens = Int32Array.from({ length: 2 * length }, (_, i) => (i * 3 + 1) % model.config.vocabSize);
  const positions = tokens.map((_, i) => i % length);
  const sequenceStarts = Int32Array.of(0, length, 2 * length);
  const cache = new KvCache(model.config, 2, length);
  const first = model.parameters.get('layers.0.norm1.weight')!;
  try {
    return scope(() => {
      const whole = [...model.logits(model.hidden({ tokens, positions, sequenceStarts })).data];
      const steps = Array.from(
        { length },
        (_, i) =>
          model.logits(model.extend(Int32Array.of(tokens[i]!, tokens[length + i]!), cache, [0, 1], [1, 1])).data,
      );
      first.requiresGrad = true;
      first.grad = zeros(first.shape);
      const tape = new Tape();
      tape.backward(
        tape.run(() => {
          const hidden = model.hidden({ tokens, positions, sequenceStarts });
          return weightedSum(
            hidden,
            Float32Array.from({ length: hidden.size }, (_, i) => 1 + (i % 5)),
          );
        }),
      );
      const gradient = [...first.grad.data];
      first.requiresGrad = false;
      first.grad = null;
      return [whole, steps.flatMap((step) => [...step]), gradient];
    });
  } finally {
    cache.dispose();
  }
}

const matrixBytes = (model: Transformer): number =>
  [...model.parameters.values()]
    .filter(({ shape }) => shape.length === 2)
    .reduce((sum, { storage }) => sum + storage.capacity * 4, 0);

describe.each(['F32', 'BF16'] as const)('from %s', (dtype) => {
  it('is the rounded float32 model to the bit, for any config, on one thread and on two', () => {
    const threads = kernels.threads();
    fc.assert(
      fc.property(anyConfig, fc.nat(), fc.constantFrom(1, 2), (config, seed, count) => {
        kernels.setThreads(count);
        const { buffers } = memoryUse();
        const at = join(folder, dtype);
        const exact = build(config, seed, false);
        saveTransformer(exact, at, { dtype });
        exact.dispose();
        const rounded = dtype === 'BF16' ? loadTransformer(at) : build(config, seed, true);
        const half = loadTransformer(at, { dtype: 'bf16' });
        for (const { shape, dtype } of half.parameters.values())
          expect(dtype).toBe(shape.length === 2 ? 'bf16' : 'f32');
        expect(outputs(half)).toEqual(outputs(rounded));
        for (const model of [half, rounded]) model.dispose();
        expect(memoryUse().buffers).toBe(buffers);
      }),
      { numRuns: 12 },
    );
    kernels.setThreads(threads);
  });
});

it('is written as the values it has, whatever the type of the file', () => {
  fc.assert(
    fc.property(anyConfig, fc.nat(), fc.constantFrom('F32' as const, 'BF16' as const), (config, seed, dtype) => {
      const [from, to] = [join(folder, 'from'), join(folder, 'to')];
      const exact = build(config, seed, false);
      saveTransformer(exact, from, { dtype });
      const half = loadTransformer(from, { dtype: 'bf16' });
      saveTransformer(half, to, { dtype });
      const again = loadTransformer(to);
      for (const [name, value] of again.parameters)
        expect([...value.data], name).toEqual(scope(() => [...toFloat32(half.parameters.get(name)!).data]));
      for (const model of [exact, half, again]) model.dispose();
    }),
    { numRuns: 8 },
  );
});

it.skipIf(!hasStories)(`reads llama2.c files, interleaved or not${storiesNote}`, () => {
  for (const interleaved of [false, true]) {
    const stored = readLlama2cFile(storiesModelPath, { interleaved });
    const [model, half] = [transformerFrom(stored), transformerFrom(stored, { dtype: 'bf16' })];
    stored.close();
    for (const [name, value] of half.parameters)
      scope(() => {
        const expected =
          value.dtype === 'bf16' ? toFloat32(toBfloat16(model.parameters.get(name)!)) : model.parameters.get(name)!;
        const actual = toFloat32(value).data;
        expect(
          actual.every((x, i) => x === expected.data[i]),
          name,
        ).toBe(true);
      });
    expect(matrixBytes(half)).toBeLessThan(0.6 * matrixBytes(model));
    for (const each of [model, half]) each.dispose();
  }
});
