import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { byteTokenizer, type Tokenizer } from '../tokenizer/index.js';
import { heldOutBatches } from './held-out-batches.js';
import { shardsInMemory } from './memory-shards.js';
import type { PackedBatch } from './packing.js';
import { TrainingBatches } from './training-batches.js';

const tokenizer = byteTokenizer();
const END = 256;
const texts = fc.array(fc.string({ unit: fc.constantFrom(...'abcdefgé'), minLength: 1, maxLength: 40 }), {
  minLength: 1,
  maxLength: 12,
});

/** Every scored prediction as "input>target", sorted. */
const predictions = (batches: PackedBatch[]) =>
  batches
    .flatMap(({ tokens, targets }) =>
      [...tokens].map((token, i) => (targets[i] === -1 ? '' : `${token}>${targets[i]}`)),
    )
    .filter((pair) => pair !== '')
    .sort();
const expected = (documents: string[]) =>
  documents
    .flatMap((text) => {
      const ids = [...tokenizer.encode(text)];
      return [END, ...ids].map((token, i) => `${token}>${ids[i] ?? END}`);
    })
    .sort();
const textBytes = (documents: string[]) => documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Checks what holds for every batch. */
function check(batch: PackedBatch, context: number, documents: string[]): void {
  const { tokens, targets, positions, sequenceStarts, scored, bytes } = batch;
  const streams = documents.map((text) => [END, ...tokenizer.encode(text), END].join(','));
  expect(sequenceStarts[0]).toBe(0);
  expect(sequenceStarts.at(-1)).toBe(tokens.length);
  expect(scored).toBe(targets.filter((target) => target >= 0).length);
  expect(bytes).toBe(targets.filter((target) => target >= 0 && target < 256).length);
  for (let s = 0; s + 1 < sequenceStarts.length; s++) {
    const [from, to] = [sequenceStarts[s]!, sequenceStarts[s + 1]!];
    expect(to - from).toBeGreaterThan(0);
    expect(to - from).toBeLessThanOrEqual(context);
    const piece = [...tokens.subarray(from, to), targets[to - 1]!].join(',');
    expect(streams.some((stream) => `,${stream},`.includes(`,${piece},`))).toBe(true);
    for (let i = from; i < to; i++) {
      expect(positions[i]).toBe(i - from);
      const follows = i + 1 < to ? tokens[i + 1] : targets[i];
      expect([-1, follows]).toContain(targets[i]);
    }
  }
}

describe('TrainingBatches', () => {
  it('predicts every token once an epoch, in pieces of one document', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (train, c, rows, seed) => {
          const shards = shardsInMemory(tokenizer, { train });
          const context = Math.min(c, shards.train.tokens);
          const batches = new TrainingBatches({ shards, context, rowsPerBatch: 1, seed });
          for (let epoch = 0; epoch < 2; epoch++) {
            const all = Array.from({ length: batches.rowsPerEpoch }, () => batches.next());
            for (const batch of all) check(batch, context, train);
            expect(predictions(all)).toEqual(expected(train));
            expect(all.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(textBytes(train));
            expect(all.filter(({ tokens }) => tokens.length !== context).length).toBeLessThanOrEqual(1);
            expect(batches.epochs).toBe(epoch + 1);
          }
          const wide = new TrainingBatches({ shards, context, rowsPerBatch: rows, seed });
          const narrow = new TrainingBatches({ shards, context, rowsPerBatch: 1, seed });
          for (let i = 0; i < 4; i++) {
            const parts = Array.from({ length: rows }, () => narrow.next());
            expect([...wide.next().tokens]).toEqual(parts.flatMap(({ tokens }) => [...tokens]));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('continues from any state with the same batches', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 4 }), fc.nat(40), fc.nat(), (train, rowsPerBatch, taken, seed) => {
        const shards = shardsInMemory(tokenizer, { train });
        const options = { shards, context: Math.min(7, shards.train.tokens), rowsPerBatch, seed };
        const [a, b] = [new TrainingBatches(options), new TrainingBatches(options)];
        for (let i = 0; i < taken; i++) a.next();
        b.restore(JSON.parse(JSON.stringify(a.state())));
        for (let i = 0; i < 6; i++) expect(b.next()).toEqual(a.next());
        expect(b.state()).toEqual(a.state());
      }),
      { numRuns: 60 },
    );
  });

  it('orders each epoch and each seed in its own way', () => {
    const train = Array.from({ length: 40 }, (_, i) => `document number ${i} has some text`);
    const shards = shardsInMemory(tokenizer, { train });
    const epochs = (seed: number) => {
      const batches = new TrainingBatches({ shards, context: 16, rowsPerBatch: 1, seed });
      const epoch = () => Array.from({ length: batches.rowsPerEpoch }, () => batches.next().tokens.join()).join();
      return [epoch(), epoch()];
    };
    expect(epochs(1)).toEqual(epochs(1));
    expect(new Set([...epochs(1), ...epochs(2)]).size).toBe(4);
  });

  it('refuses a context longer than the corpus, odd sizes, and states of other runs', () => {
    const shards = shardsInMemory(tokenizer, { train: ['some text'] });
    const make = (context: number, rowsPerBatch = 1, seed = 1) =>
      new TrainingBatches({ shards, context, rowsPerBatch, seed });
    expect(() => make(11)).toThrow(/10 tokens, fewer than one context of 11/);
    for (const [context, rows] of [
      [0, 1],
      [1.5, 1],
      [4, 0],
      [NaN, 1],
    ] as const)
      expect(() => make(context, rows)).toThrow(InputError);
    const batches = make(4);
    for (const state of [null, {}, { ...batches.state(), row: 99 }, { ...batches.state(), epoch: -1 }])
      expect(() => batches.restore(state)).toThrow(/no valid position/);
    expect(() => batches.restore(make(5).state())).toThrow(/other training data, context or seed/);
    expect(() => batches.restore(make(4, 1, 2).state())).toThrow(InputError);
  });
});

describe('heldOutBatches', () => {
  it('scores every token once, with all bytes of the text, at any stride', () => {
    fc.assert(
      fc.property(
        texts,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        (heldOut, context, rowsPerBatch, s) => {
          const shards = shardsInMemory(tokenizer, { train: [], heldOut });
          for (const stride of [context, 1 + (s % context)]) {
            const batches = [...heldOutBatches({ shards, context, rowsPerBatch, stride })];
            for (const batch of batches) {
              check(batch, context, heldOut);
              expect(batch.tokens.length).toBeLessThanOrEqual(rowsPerBatch * context);
            }
            expect(predictions(batches)).toEqual(expected(heldOut));
            expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(textBytes(heldOut));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives each prediction at least context - stride tokens before it', () => {
    const shards = shardsInMemory(tokenizer, { train: [], heldOut: ['abcdefghijklmnopqrstuvwxyz'.repeat(4)] });
    const places: number[] = [];
    for (const { targets, positions } of heldOutBatches({ shards, context: 16, rowsPerBatch: 2, stride: 4 }))
      places.push(...positions.filter((_, i) => targets[i] !== -1));
    expect(places.filter((place) => place < 12).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('stops after maxTokens, with text from many documents', () => {
    const heldOut = Array.from({ length: 50 }, (_, i) => `${i} `.repeat(40));
    const shards = shardsInMemory(tokenizer, { train: [], heldOut });
    const scored = (maxTokens?: number) =>
      [...heldOutBatches({ shards, context: 10, rowsPerBatch: 4, ...(maxTokens && { maxTokens }) })].reduce(
        (n, b) => n + b.scored,
        0,
      );
    expect(scored(500)).toBeGreaterThanOrEqual(500);
    expect(scored(500)).toBeLessThan(510);
    expect(scored()).toBe(shards.heldOut.tokens);
    expect(() => [...heldOutBatches({ shards, context: 10, rowsPerBatch: 1, stride: 11 })]).toThrow(InputError);
  });

  it('counts bytes of text, not of tokens, where the tokenizer changes text', () => {
    const padding = new Proxy(tokenizer, {
      get: (target, name: keyof Tokenizer) => {
        if (name === 'encode') return (text: string) => target.encode(`  ${text}`);
        const value = target[name];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const shards = shardsInMemory(padding, { train: [], heldOut: ['some text', 'more'] });
    const batches = [...heldOutBatches({ shards, context: 4, rowsPerBatch: 1 })];
    expect(batches.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(13);
  });
});
