import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryUse, scope, tokenLogProbs } from '../engine/index.js';
import { type LanguageModel, promptTokens } from '../generate/index.js';
import { byteModels } from './fixtures.js';
import { labelLikelihoods } from './index.js';

const models = byteModels();
afterAll(() => Object.values(models).forEach(({ model }) => model.dispose()));

/** Σ log p of the last `tail` tokens of a text, from one forward pass over the whole of it. */
function direct({ model, tokenizer }: LanguageModel, text: string, tail: number): number {
  const tokens = Int32Array.from(promptTokens(tokenizer, text));
  const targets = Int32Array.from(tokens, (_, i) => (i + 1 >= tokens.length - tail ? (tokens[i + 1] ?? -1) : -1));
  return scope(() => {
    const positions = tokens.map((_, i) => i);
    const hidden = model.hidden({ tokens, positions, sequenceStarts: Int32Array.of(0, tokens.length) });
    return tokenLogProbs(hidden, model.head, targets).logProbs.data.reduce((sum, x) => sum + x, 0);
  });
}

describe.each(Object.entries(models))('%s', (_, lm) => {
  it('gives the log-probabilities of a pass over the whole', async () => {
    const word = fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme-ascii' }).filter((s) => s.trim() !== '');
    const before = memoryUse().buffers;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(word, { minLength: 2, maxLength: 4 }),
        fc.constantFrom('', 'the same words at the beginning: '),
        fc.constantFrom(20, 2048),
        async (ends, labels, start, batchTokens) => {
          const prompts = ends.map((end) => start + end);
          const scores = await labelLikelihoods(lm, prompts, labels, { batchTokens });
          for (const [i, prompt] of prompts.entries())
            for (const [k, label] of labels.entries())
              expect(scores[i]![k]).toBeCloseTo(direct(lm, prompt + label, Buffer.byteLength(label)), 3);
        },
      ),
      { numRuns: 15 },
    );
    expect(memoryUse().buffers).toBe(before);
  });

  it('divides by tokens or bytes', async () => {
    const [sum] = await labelLikelihoods(lm, ['x'], ['a', 'bcd']);
    const [token] = await labelLikelihoods(lm, ['x'], ['a', 'bcd'], { normalize: 'token' });
    const [byte] = await labelLikelihoods(lm, ['x'], ['a', 'bcd'], { normalize: 'byte' });
    expect([...token!]).toEqual([sum![0], sum![1]! / 3]);
    expect(byte).toEqual(token); // a byte is a token here
  });
});

describe('calibration', () => {
  const lm = models['gpt2']!;
  const total = (logs: Float64Array) => logs.reduce((sum, x) => sum + Math.exp(x), 0);

  it('content-free: a text like the empty one has equal probabilities', async () => {
    const [row] = await labelLikelihoods(lm, ['N/A'], ['yes', 'no', 'so'], {
      calibrate: 'content-free',
      contentFree: ['N/A'],
    });
    for (const x of row!) expect(x).toBeCloseTo(Math.log(1 / 3), 6);
  });

  it('prior: takes the batch mean away and sums to 1', async () => {
    const prompts = ['a', 'bb', 'cc', 'zz'];
    const raw = await labelLikelihoods(lm, prompts, ['yes', 'no']);
    const rows = await labelLikelihoods(lm, prompts, ['yes', 'no'], { calibrate: 'prior' });
    for (const row of rows) expect(total(row)).toBeCloseTo(1, 9);
    const odds = (row: Float64Array) => row[0]! - row[1]!;
    const shift = odds(rows[0]!) - odds(raw[0]!);
    rows.forEach((row, i) => expect(odds(row) - odds(raw[i]!)).toBeCloseTo(shift, 6));
    expect(Math.abs(shift)).toBeGreaterThan(1e-3);
  });
});

it('says what is wrong', async () => {
  const lm = models['gpt2']!;
  await expect(labelLikelihoods(lm, ['x'], ['a'])).rejects.toThrow('1 labels: at least 2');
  await expect(labelLikelihoods(lm, ['x'], ['a', 'a'])).rejects.toThrow('label "a" is there twice');
  await expect(labelLikelihoods(lm, ['x'], ['a', ' '])).rejects.toThrow('label 2 is empty');
  await expect(labelLikelihoods(lm, ['ok', 'x'.repeat(60)], ['a', 'b'])).rejects.toThrow('prompt 2 has 62 tokens');
  await expect(labelLikelihoods(lm, ['x'], ['a', 'b'], { calibrate: 'content-free' })).rejects.toThrow('contentFree');
  expect(await labelLikelihoods(lm, [], ['a', 'b'], { calibrate: 'prior' })).toEqual([]);
});
