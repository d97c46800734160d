/** Adapters on the transformer against the one in float64: logits, generation over a cache, gradients. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapted64, anyAdapterConfig } from '../../../test/reference/adapted64.js';
import { anyConfig } from '../../../test/reference/random-model.js';
import { logits64, type Model64, model64, tokenLogProbs64 } from '../../../test/reference/transformer64.js';
import { kernels, memoryUse, scope, Tape, tokenLogProbs, weightedSum } from '../../engine/index.js';
import {
  type Adapter,
  type AdapterConfig,
  KvCache,
  type ModelConfig,
  type PackedTokens,
  type Transformer,
} from '../index.js';
import { frozen, logitsOf, moved, packed, worst } from './fixtures.js';

interface Case {
  config: ModelConfig;
  adapter: AdapterConfig;
}
const anyCase: fc.Arbitrary<Case> = anyConfig.chain((config) =>
  fc.record({ config: fc.constant(config), adapter: anyAdapterConfig(config) }),
);
const drawn = fc.array(fc.array(fc.nat(39), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 });

const values64 = (adapter: Adapter): Map<string, Float64Array> =>
  new Map([...adapter.parameters].map(([name, value]) => [name, Float64Array.from(value.data)]));
const base64 = (model: Transformer): Model64 => model64(model.config, (name) => model.parameters.get(name)!.data);

/** Runs with a model and a moved adapter attached, and checks that nothing is left in memory. */
function withAdapter({ config, adapter }: Case, seed: number, body: (model: Transformer, adapter: Adapter) => void) {
  const before = memoryUse().buffers;
  const model = frozen(config, seed);
  const own = moved(model, adapter, seed);
  model.attach(own);
  body(model, own);
  own.dispose();
  model.dispose();
  expect(memoryUse().buffers).toBe(before);
}

/** Logits of the rows that hold real tokens: what stands in virtual rows of a prefix is nobody's business. */
function realRows(batch: PackedTokens, logits: ArrayLike<number>, vocab: number): number[] {
  return [...batch.tokens].flatMap((id, row) =>
    id < vocab ? Array.from({ length: vocab }, (_, j) => logits[row * vocab + j]!) : [],
  );
}

describe('against float64', () => {
  it('logits, for any model, method and packing', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model, adapter) => {
          const batch = packed(model, sequences);
          const reference = adapted64(base64(model), adapter.config, values64(adapter));
          const expected = realRows(
            batch,
            logits64(reference, batch.tokens, batch.sequenceStarts),
            model.config.vocabSize,
          );
          const actual = realRows(batch, logitsOf(model, batch), model.config.vocabSize);
          expect(worst(actual, expected)).toBeLessThan(3e-4);
        }),
      ),
      { numRuns: 60 },
    );
  });

  it('logits over a cache: virtual tokens and prompts at once, then token by token', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model) => {
          const batch = packed(model, sequences);
          const { vocabSize, context } = model.config;
          const whole = logitsOf(model, batch);
          const cache = new KvCache(model.config, batch.own.length, context);
          for (const [slot, ids] of batch.own.entries()) {
            const prompt = Math.min(ids.length, model.virtualTokens.length + 1 + (seed % 3));
            for (let from = 0; from < ids.length; from = from === 0 ? prompt : from + 1) {
              const count = from === 0 ? prompt : 1;
              const rows = scope(() => [
                ...model.logits(model.extend(Int32Array.from(ids.slice(from, from + count)), cache, [slot], [count]))
                  .data,
              ]);
              const start = (batch.sequenceStarts[slot]! + from) * vocabSize;
              const own = (row: number): boolean => ids[from + Math.floor(row / vocabSize)]! < vocabSize;
              const real = rows.map((value, i) => (own(i) ? value - whole[start + i]! : 0));
              expect(worst(real, new Float32Array(real.length))).toBeLessThan(2e-3);
            }
          }
          cache.dispose();
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('gradients of every parameter, the same bits on one and two threads and with checkpoints', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model, adapter) => {
          const batch = packed(model, sequences);
          const { vocabSize } = model.config;
          const targets = batch.tokens.map((id, i) => (id >= vocabSize ? -1 : (id * 7 + i) % vocabSize));
          const weights = Float32Array.from(targets, (target, i) => (target < 0 ? 0 : 0.5 + ((i * 13) % 7) / 7));
          const threads = kernels.threads();
          const [one, two, again] = [1, 2, 2].map((count, run) => {
            kernels.setThreads(count);
            for (const value of adapter.parameters.values()) value.grad!.data.fill(0);
            scope(() => {
              const tape = new Tape();
              const loss = tape.run(() => {
                const hidden = model.hidden(batch, { checkpoint: run === 2 });
                return weightedSum(tokenLogProbs(hidden, model.head, targets).logProbs, weights);
              });
              if (loss.requiresGrad) tape.backward(loss); // an empty prompt has nothing to learn
            });
            return new Map([...adapter.parameters].map(([name, value]) => [name, [...value.grad!.data]]));
          });
          kernels.setThreads(threads);
          expect(two).toEqual(one);
          expect(again).toEqual(one);
          expect([...model.parameters.values()].filter(({ grad }) => grad !== null)).toEqual([]);
          const base = base64(model);
          const fixed = values64(adapter);
          const loss64 = (values: Map<string, Float64Array>): number => {
            const reference = adapted64(base, adapter.config, values, fixed);
            const all = tokenLogProbs64(reference, batch.tokens, batch.sequenceStarts, targets);
            return all.reduce((sum, x, i) => sum + weights[i]! * x, 0);
          };
          for (const [name, grad] of one!) {
            if (grad.length === 0) continue;
            const at = (seed * 31) % grad.length;
            const [high, low] = [1e-5, -1e-5].map((by) => {
              const values = values64(adapter);
              values.get(name)![at]! += by;
              return loss64(values);
            });
            const slope = (high! - low!) / 2e-5;
            expect(Math.abs(grad[at]! - slope), `${name}[${at}]`).toBeLessThan(3e-3 * (1 + Math.abs(slope)));
          }
        }),
      ),
      { numRuns: 30 },
    );
  });
});
