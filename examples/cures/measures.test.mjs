import { initializeTransformer, newModelConfig } from 'telar/model';
import { byteTokenizer } from 'telar/tokenizer';
import { totalLoss } from 'telar/train';
import { afterAll, expect, it } from 'vitest';
import { bitsPerByte, bootstrap, distinct, rise, textBits, tokenLikelihoods, wilson } from './measures.mjs';

const tokenizer = byteTokenizer();
const model = initializeTransformer(
  newModelConfig('llama', { vocabSize: tokenizer.vocabSize, context: 32, layers: 1, width: 16, heads: 2 }),
  1,
);
afterAll(() => model.dispose());

it('has the intervals of Wilson', () => {
  const none = wilson(0, 10);
  expect([none.value, none.low]).toEqual([0, 0]);
  expect(none.high).toBeCloseTo(0.2775, 4);
  const half = wilson(5, 10);
  expect(half.low).toBeCloseTo(0.2366, 4);
  expect(half.high).toBeCloseTo(0.7634, 4);
});

it('draws items again for an interval, the same every time', () => {
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  const items = Array.from({ length: 400 }, (_, i) => i % 2);
  const one = bootstrap(items, mean);
  expect(one.value).toBe(0.5);
  expect(one.low).toBeCloseTo(0.45, 1);
  expect(one.high).toBeCloseTo(0.55, 1);
  expect(bootstrap(items, mean)).toEqual(one);
});

it('counts different n-grams', () => {
  expect(distinct(['A rose is a rose.'], 1)).toBe(3 / 5);
  expect(distinct(['a rose is', 'a rose'], 2)).toBe(2 / 3);
  expect(distinct(['...'], 1)).toBe(0);
});

it('scores every token of packed texts as if the texts were alone', async () => {
  const texts = ['one two', 'x', 'three, four and five'];
  const scored = await tokenLikelihoods({ model, tokenizer }, texts, { batchTokens: 20 });
  for (const [i, text] of texts.entries()) {
    const ids = Int32Array.from([tokenizer.bos ?? tokenizer.eos, ...tokenizer.encode(text)]);
    const batch = {
      tokens: ids.subarray(0, -1),
      targets: ids.slice(1),
      positions: Int32Array.from({ length: ids.length - 1 }, (_, j) => j),
      sequenceStarts: Int32Array.of(0, ids.length - 1),
    };
    expect(Array.from(scored[i].ids)).toEqual(Array.from(ids.subarray(1)));
    expect(scored[i].logProbs.reduce((a, b) => a + b, 0)).toBeCloseTo(-totalLoss(model, batch), 4);
  }
});

it('leaves out texts that do not fit, and sees a rise in bits', async () => {
  const bits = await textBits({ model, tokenizer }, ['short', 'x'.repeat(100)]);
  expect(bits.map(({ bytes }) => bytes)).toEqual([5]);
  expect(bitsPerByte(bits)).toBeCloseTo(8.006 * (6 / 5), 0);
  const twice = bits.map(({ bits, bytes }) => ({ bits: 2 * bits, bytes }));
  expect(rise(bits, twice).value).toBeCloseTo(1, 9);
});
