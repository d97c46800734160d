/** The transformer against the one in float64: logits, generation over a cache, gradients, and a published model. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { anyConfig, randomParameters } from '../../test/reference/random-model.js';
import { hasStories, storiesModelPath, storiesNote } from '../../test/reference/stories260k.js';
import { logits64, type Model64, model64, tokenLogProbs64 } from '../../test/reference/transformer64.js';
import {
  keep,
  kernels,
  memoryUse,
  parameter,
  scope,
  Tape,
  tensor,
  tokenLogProbs,
  weightedSum,
} from '../engine/index.js';
import { type ModelConfig, parameterShapes } from './config.js';
import { KvCache, readLlama2cFile, Transformer, transformerFrom } from './index.js';

function build(config: ModelConfig, values: ReadonlyMap<string, Float32Array>): Transformer {
  const tensors = [...values].map(([name, data]) => {
    return [name, parameter(keep(tensor(data, parameterShapes(config).get(name)!)))] as const;
  });
  return new Transformer(config, new Map(tensors));
}

/** Up to three sequences of random tokens, none longer than the context. */
function packed(config: ModelConfig, drawn: readonly (readonly number[])[]) {
  const sequences = drawn.map((tokens) => tokens.slice(0, config.context).map((token) => token % config.vocabSize));
  const starts = [0];
  for (const each of sequences) starts.push(starts.at(-1)! + each.length);
  return {
    sequences,
    tokens: Int32Array.from(sequences.flat()),
    positions: Int32Array.from(sequences.flatMap((each) => each.map((_, i) => i))),
    sequenceStarts: Int32Array.from(starts),
  };
}

const sequences = fc.array(fc.array(fc.nat(39), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 3 });

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)));
  return largest;
}

it('gives the logits of float64, for any config and packing', () => {
  fc.assert(
    fc.property(anyConfig, sequences, fc.nat(), (config, drawn, seed) => {
      const values = randomParameters(config, seed);
      const batch = packed(config, drawn);
      const expected = logits64(
        model64(config, (name) => values.get(name)!),
        batch.tokens,
        batch.sequenceStarts,
      );
      const before = memoryUse().buffers;
      const model = build(config, values);
      const actual = scope(() => [...model.logits(model.hidden(batch)).data]);
      model.dispose();
      expect(worst(actual, expected)).toBeLessThan(2e-4);
      expect(memoryUse().buffers).toBe(before);
    }),
    { numRuns: 60 },
  );
});

it('gives the same logits over a cache: prompts of different lengths at once, then token by token', () => {
  fc.assert(
    fc.property(anyConfig, sequences, fc.nat(), fc.nat(), (config, drawn, seed, cut) => {
      const values = randomParameters(config, seed);
      const { sequences, tokens, sequenceStarts } = packed(config, drawn);
      const expected = logits64(
        model64(config, (name) => values.get(name)!),
        tokens,
        sequenceStarts,
      );
      const model = build(config, values);
      const cache = new KvCache(config, sequences.length, config.context);
      const row = (s: number, i: number): Float64Array =>
        expected.subarray((sequenceStarts[s]! + i) * config.vocabSize, (sequenceStarts[s]! + i + 1) * config.vocabSize);
      const prompts = sequences.map((each) => 1 + (cut % each.length));
      const step = (slots: number[], from: number[], counts: number[]): void =>
        scope(() => {
          const ids = slots.flatMap((slot, i) => sequences[slot]!.slice(from[i], from[i]! + counts[i]!));
          const logits = model.logits(model.extend(Int32Array.from(ids), cache, slots, counts)).data;
          let at = 0;
          for (const [i, slot] of slots.entries())
            for (let j = 0; j < counts[i]!; j++, at++)
              expect(
                worst(logits.subarray(at * config.vocabSize, (at + 1) * config.vocabSize), row(slot, from[i]! + j)),
              ).toBeLessThan(2e-4);
        });
      const all = sequences.map((_, i) => i);
      step(
        all,
        all.map(() => 0),
        prompts,
      );
      for (let ahead = 0; ; ahead++) {
        const going = all.filter((s) => prompts[s]! + ahead < sequences[s]!.length);
        if (going.length === 0) break;
        step(
          going,
          going.map((s) => prompts[s]! + ahead),
          going.map(() => 1),
        );
      }
      cache.dispose();
      model.dispose();
    }),
    { numRuns: 40 },
  );
});

it('has the gradients of float64 in every parameter, the same bits on one and two threads', () => {
  fc.assert(
    fc.property(anyConfig, sequences, fc.nat(), (config, drawn, seed) => {
      const values = randomParameters(config, seed);
      const batch = packed(config, drawn);
      const targets = batch.tokens.map((token, i) => (i % 4 === 3 ? -1 : (token * 7 + i) % config.vocabSize));
      const weights = Float32Array.from(targets, (target, i) => (target < 0 ? 0 : 0.5 + ((i * 13) % 7) / 7));
      const loss64 = (model: Model64): number =>
        tokenLogProbs64(model, batch.tokens, batch.sequenceStarts, targets).reduce(
          (sum, x, i) => sum + (weights[i]! && weights[i]! * x),
          0,
        );
      const threads = kernels.threads();
      const [one, two] = [1, 2].map((count) => {
        kernels.setThreads(count);
        const model = build(config, values);
        scope(() => {
          const tape = new Tape();
          tape.backward(
            tape.run(() => weightedSum(tokenLogProbs(model.hidden(batch), model.head, targets).logProbs, weights)),
          );
        });
        const grads = new Map([...model.parameters].map(([name, value]) => [name, [...value.grad!.data]]));
        model.dispose();
        return grads;
      });
      kernels.setThreads(threads);
      expect(two).toEqual(one);
      const reference = model64(config, (name) => values.get(name)!);
      for (const [name, value] of reference.parameters) {
        const at = (seed * 31) % value.length;
        const original = value[at]!;
        const [high, low] = [1e-5, -1e-5].map((by) => {
          value[at] = original + by;
          return loss64(reference);
        });
        value[at] = original;
        const slope = (high! - low!) / 2e-5;
        expect(Math.abs(one!.get(name)![at]! - slope), `${name}[${at}]`).toBeLessThan(2e-3 * (1 + Math.abs(slope)));
      }
    }),
    { numRuns: 25 },
  );
});

it.skipIf(!hasStories)(`gives stories260K the log-probabilities of float64${storiesNote}`, () => {
  const stored = readLlama2cFile(storiesModelPath);
  const model = transformerFrom(stored);
  stored.close();
  const reference = model64(model.config, (name) => model.parameters.get(name)!.data);
  const tokens = Int32Array.from({ length: 200 }, (_, i) => (i === 0 ? 1 : (i * i * 31 + 7 * i) % 512));
  const targets = tokens.map((_, i) => tokens[i + 1] ?? 0);
  const positions = tokens.map((_, i) => i);
  const sequenceStarts = Int32Array.of(0, tokens.length);
  const expected = tokenLogProbs64(reference, tokens, sequenceStarts, targets);
  const actual = scope(() => [
    ...tokenLogProbs(model.hidden({ tokens, positions, sequenceStarts }), model.head, targets).logProbs.data,
  ]);
  model.dispose();
  expect(worst(actual, expected)).toBeLessThan(1e-5);
  expect(Math.min(...expected)).toBeLessThan(-5);
});
