import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryUse } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { initializeTransformer, newModelConfig } from '../../model/index.js';
import { lossAndGradients, totalLoss } from '../../train/index.js';
import { ExampleBatches, exampleBatchesOnce } from './batches.js';
import type { Example } from './examples.js';
import { type ExampleBatch, firstFit } from './packing.js';
import { splitExamples } from './split.js';

const VOCABULARY = 50;

/** Examples of 2 to 12 tokens, of which at least the last is learned and the first is not. */
const anyExample: fc.Arbitrary<Example> = fc
  .array(fc.tuple(fc.nat(VOCABULARY - 1), fc.boolean()), { minLength: 2, maxLength: 12 })
  .map((entries) => ({
    tokens: Int32Array.from(entries, ([id]) => id),
    learned: Uint8Array.from(entries, ([, mark], i) => Number(i > 0 && (mark || i === entries.length - 1))),
    where: 'a.jsonl:1',
  }));
const anyExamples = fc.array(anyExample, { minLength: 1, maxLength: 30 });
const sizes = fc.record({ context: fc.integer({ min: 14, max: 40 }), rowsPerBatch: fc.integer({ min: 1, max: 4 }) });
const virtual = fc.constantFrom(
  new Int32Array(0),
  Int32Array.of(VOCABULARY),
  Int32Array.of(VOCABULARY, VOCABULARY + 1),
);

/** The sequences of a batch, as text that names tokens and targets. */
function sequences({ tokens, targets, positions, sequenceStarts }: ExampleBatch): string[] {
  return Array.from({ length: sequenceStarts.length - 1 }, (_, s) => {
    const [from, to] = [sequenceStarts[s]!, sequenceStarts[s + 1]!];
    expect([...positions.subarray(from, to)]).toEqual(Array.from({ length: to - from }, (_, i) => i));
    return `${tokens.subarray(from, to).join(' ')} > ${targets.subarray(from, to).join(' ')}`;
  });
}

const expected = ({ tokens, learned }: Example, virtualTokens: Int32Array): string => {
  const targets = Array.from(tokens.subarray(1), (id, i) => (learned[i + 1] ? id : -1));
  return `${[...virtualTokens, ...tokens.subarray(0, -1)].join(' ')} > ${[...virtualTokens.map(() => -1), ...targets].join(' ')}`;
};

describe('ExampleBatches', () => {
  it('has every example once an epoch, alone in its sequence, in another order each time', () => {
    fc.assert(
      fc.property(anyExamples, sizes, virtual, fc.nat(), (examples, size, virtualTokens, seed) => {
        const all = examples.map((example) => expected(example, virtualTokens)).sort();
        const batches = new ExampleBatches({ examples, ...size, seed, virtualTokens });
        for (let epoch = 0; epoch < 2; epoch++) {
          const seen: ExampleBatch[] = [];
          do seen.push(batches.next());
          while (batches.epochs < epoch + 1);
          expect(batches.epochs).toBe(epoch + 1);
          expect(seen.flatMap(sequences).sort()).toEqual(all);
          for (const { tokens, targets, scored } of seen) {
            expect(tokens.length).toBeLessThanOrEqual(size.context * size.rowsPerBatch);
            expect(scored).toBe(targets.filter((target) => target >= 0).length);
          }
        }
        const once = [...exampleBatchesOnce(examples, { ...size, virtualTokens })];
        expect(once.flatMap(sequences)).toEqual(examples.map((example) => expected(example, virtualTokens)));
      }),
    );
  });

  it('goes on exactly from a saved state', () => {
    fc.assert(
      fc.property(anyExamples, sizes, fc.nat(), fc.nat(20), (examples, size, seed, done) => {
        const batches = new ExampleBatches({ examples, ...size, seed });
        for (let i = 0; i < done; i++) batches.next();
        const continued = new ExampleBatches({ examples, ...size, seed });
        continued.restore(JSON.parse(JSON.stringify(batches.state())));
        expect(continued.epochs).toBe(batches.epochs);
        for (let i = 0; i < 5; i++) expect(continued.next()).toEqual(batches.next());
        expect(continued.state()).toEqual(batches.state());
      }),
    );
  });

  const one: Example = { tokens: Int32Array.of(1, 2, 3), learned: Uint8Array.of(0, 0, 1), where: 'a.jsonl:7' };
  it('refuses a state of other data, and examples that do not fit', () => {
    const make = (seed: number) => new ExampleBatches({ examples: [one], context: 8, rowsPerBatch: 1, seed });
    expect(() => make(1).restore(make(2).state())).toThrow(/other examples, another context, batch size or seed/);
    expect(() => make(1).restore({ epoch: -1 })).toThrow(InputError);
    expect(() => make(1).restore({ ...make(1).state(), batch: 2 })).toThrow(/no valid position/);
    const tight = { examples: [one], context: 2, rowsPerBatch: 1, seed: 0 };
    expect(new ExampleBatches(tight).next().tokens).toEqual(Int32Array.of(1, 2));
    expect(() => new ExampleBatches({ ...tight, virtualTokens: Int32Array.of(9) })).toThrow(
      'a.jsonl:7: 3 tokens (1 of them virtual) are more than the context of 2',
    );
    expect(() => new ExampleBatches({ ...tight, examples: [] })).toThrow('there is no example');
    expect(() => new ExampleBatches({ ...tight, rowsPerBatch: 0 })).toThrow(/whole number of rows/);
  });

  it('packs first-fit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 60 }), (lengths) => {
        const plain: number[][] = [];
        const sum = (bin: readonly number[]) => bin.reduce((total, item) => total + lengths[item]!, 0);
        for (const item of lengths.keys()) {
          const bin = plain.find((bin) => sum(bin) + lengths[item]! <= 10);
          if (bin) bin.push(item);
          else plain.push([item]);
        }
        expect(firstFit(lengths, Uint32Array.from(lengths.keys()), 10)).toEqual(plain);
      }),
    );
  });
});

describe('packed examples', () => {
  it.each(['llama', 'gpt2'] as const)('%s: have the loss that they have one by one', (family) => {
    const before = memoryUse().buffers;
    const config = newModelConfig(family, { vocabSize: VOCABULARY, context: 40, layers: 2, width: 32, heads: 2 });
    const model = initializeTransformer(config, 3);
    try {
      fc.assert(
        fc.property(anyExamples, (examples) => {
          const all = { context: 40, rowsPerBatch: examples.length };
          const [packed] = exampleBatchesOnce(examples, all);
          const alone = examples.map((example) => [...exampleBatchesOnce([example], all)][0]!);
          const sum = alone.reduce((total, batch) => total + totalLoss(model, batch), 0);
          expect(packed!.scored).toBe(alone.reduce((total, { scored }) => total + scored, 0));
          expect(Math.abs(totalLoss(model, packed!) / sum - 1)).toBeLessThan(1e-6);
        }),
        { numRuns: 20 },
      );
    } finally {
      model.dispose();
    }
    expect(memoryUse().buffers).toBe(before);
  });

  it('have the gradient that they have one by one', () => {
    const config = newModelConfig('llama', { vocabSize: VOCABULARY, context: 40, layers: 1, width: 32, heads: 2 });
    const model = initializeTransformer(config, 3);
    const examples = fc.sample(anyExample, { numRuns: 6, seed: 1 });
    const gradients = (batches: Iterable<ExampleBatch>, scored: number): Float64Array => {
      for (const batch of batches) lossAndGradients(model, batch, scored);
      const values: number[] = [];
      for (const parameter of model.parameters.values()) {
        values.push(...parameter.grad!.data);
        parameter.grad!.data.fill(0);
      }
      return Float64Array.from(values);
    };
    const [packed] = exampleBatchesOnce(examples, { context: 40, rowsPerBatch: 6 });
    const together = gradients([packed!], packed!.scored);
    const alone = gradients(
      examples.flatMap((example) => [...exampleBatchesOnce([example], { context: 40, rowsPerBatch: 1 })]),
      packed!.scored,
    );
    const size = Math.max(...together.map(Math.abs));
    expect(size).toBeGreaterThan(0);
    for (const [i, value] of together.entries()) expect(Math.abs(value - alone[i]!)).toBeLessThan(1e-5 * size);
    model.dispose();
  });
});

describe('splitExamples', () => {
  it('keeps what is the same on one side, and everything somewhere', () => {
    const few = fc.array(fc.nat(8), { minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(few, fc.double({ min: 0.01, max: 0.9, noNaN: true }), fc.nat(), (numbers, fraction, seed) => {
        const examples = numbers.map((id, i): Example => ({
          tokens: Int32Array.of(0, id),
          learned: Uint8Array.of(0, 1),
          where: `${i}`,
        }));
        if (new Set(numbers).size < 2) {
          expect(() => splitExamples(examples, fraction, seed)).toThrow(/no two different examples/);
          return;
        }
        const { train, validation } = splitExamples(examples, fraction, seed);
        const ids = (side: Example[]) => new Set(side.map(({ tokens }) => tokens[1]));
        expect([...ids(train)].some((id) => ids(validation).has(id))).toBe(false);
        expect(Math.min(train.length, validation.length)).toBeGreaterThan(0);
        expect([...train, ...validation].map(({ where }) => Number(where)).sort((a, b) => a - b)).toEqual([
          ...numbers.keys(),
        ]);
        // Which examples are held out is a matter of content: their order changes nothing.
        expect(ids(splitExamples(examples.toReversed(), fraction, seed).validation)).toEqual(ids(validation));
      }),
    );
  });

  it('takes about the part that is asked for', () => {
    const examples = Array.from({ length: 1000 }, (_, i): Example => ({
      tokens: Int32Array.of(0, i),
      learned: Uint8Array.of(0, 1),
      where: '',
    }));
    expect(splitExamples(examples, 0.1, 5).validation).toHaveLength(100);
    expect(splitExamples(examples, 0, 5).validation).toHaveLength(0);
    expect(splitExamples(examples, 0.1, 5)).not.toEqual(splitExamples(examples, 0.1, 6));
    expect(() => splitExamples(examples, 1, 5)).toThrow(InputError);
  });
});
