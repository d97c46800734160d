/** What must not depend on how examples are laid out: the loss and the gradient of a step. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryUse, zeroGrad } from '../engine/index.js';
import { type Adapter, initializeTransformer, newAdapter, newModelConfig, type Transformer } from '../model/index.js';
import { lossAndGradients, totalLoss } from '../train/index.js';
import { type Example, exampleBatchesOnce, layOut } from './data/index.js';

const VOCABULARY = 40;
const config = newModelConfig('llama', { vocabSize: VOCABULARY, context: 48, layers: 2, width: 16, heads: 2 });

let before: number;
let model: Transformer;
let adapter: Adapter;
beforeEach(() => {
  before = memoryUse().buffers;
  model = initializeTransformer(config, 2);
  adapter = newAdapter(model, { kind: 'prompt', virtualTokens: 3 }, { seed: 1 });
  model.attach(adapter);
});
afterEach(() => {
  adapter.dispose();
  model.dispose();
  expect(memoryUse().buffers).toBe(before);
});

/** Ragged examples with something learned in each. */
const examples = fc
  .array(fc.array(fc.tuple(fc.nat(VOCABULARY - 1), fc.nat(1)), { minLength: 2, maxLength: 20 }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((all) =>
    all.map((tokens): Example => {
      const learned = Uint8Array.from(tokens, ([, mark]) => mark);
      learned[tokens.length - 1] = 1;
      return { tokens: Int32Array.from(tokens, ([id]) => id), learned, where: 'here' };
    }),
  );

const gradients = (): Float32Array[] =>
  [...adapter.parameters.values(), ...model.parameters.values()].map(({ grad }) => Float32Array.from(grad!.data));
const clear = (): void => {
  for (const value of [...adapter.parameters.values(), ...model.parameters.values()]) zeroGrad(value);
};

describe('tuning', () => {
  it('has the same loss packed as one by one', () => {
    fc.assert(
      fc.property(examples, (all) => {
        const { virtualTokens } = model;
        let [packed, single, terms] = [0, 0, 0];
        for (const batch of exampleBatchesOnce(all, { context: 24, rowsPerBatch: 2, virtualTokens })) {
          packed += totalLoss(model, batch);
          terms += batch.scored;
        }
        for (const example of all) single += totalLoss(model, layOut([example], virtualTokens));
        expect(Math.abs(packed - single) / terms).toBeLessThan(1e-6);
      }),
      { numRuns: 30 },
    );
  });

  it('accumulates B batches of 1 example to the step of 1 batch of B', () => {
    fc.assert(
      fc.property(examples, (all) => {
        const whole = layOut(all, model.virtualTokens);
        clear();
        const loss = lossAndGradients(model, whole, whole.scored);
        const expected = gradients();
        clear();
        const parts = all.map((example) => layOut([example], model.virtualTokens));
        const sum = parts.reduce((sum, part) => sum + lossAndGradients(model, part, whole.scored), 0);
        expect(Math.abs(sum - loss)).toBeLessThan(1e-6 * (1 + loss));
        for (const [i, found] of gradients().entries()) {
          const scale = Math.max(1e-3, ...expected[i]!.map(Math.abs));
          found.forEach((value, j) => expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(2e-5 * scale));
        }
        expect(Math.max(...expected[0]!.map(Math.abs))).toBeGreaterThan(0); // the soft prompt learns too
      }),
      { numRuns: 15 },
    );
  });
});
