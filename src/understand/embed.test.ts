import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../test/reference/gradient-check.js';
import { memoryUse, rangeMeans, scope } from '../engine/index.js';
import { promptTokens } from '../generate/index.js';
import { byteModels } from './fixtures.js';
import { centred, embedTexts, nearestEmbeddings } from './index.js';

const models = byteModels();
afterAll(() => Object.values(models).forEach(({ model }) => model.dispose()));
const texts = ['one', 'a second text', '', 'ü', 'x'.repeat(55), 'a long one '.repeat(12)];

describe.each(Object.entries(models))('%s', (_, lm) => {
  it.each(['mean', 'last'] as const)('the same %s embedding in any batch', async (pooling) => {
    const before = memoryUse().buffers;
    const together = await embedTexts(lm, texts, { pooling });
    for (const batchTokens of [1, 60]) {
      const others = await embedTexts(lm, texts, { pooling, batchTokens });
      others.forEach((vector, i) =>
        vector.forEach((x, j) => expect(Math.abs(x - together[i]![j]!)).toBeLessThan(1e-5)),
      );
    }
    for (const vector of together) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(memoryUse().buffers).toBe(before);
  });

  it('is the hidden state of the last token, or the mean over the tokens of the text', async () => {
    const tokens = Int32Array.from(promptTokens(lm.tokenizer, 'abc'));
    const positions = tokens.map((__, i) => i);
    const rows = scope(() => lm.model.hidden({ tokens, positions, sequenceStarts: Int32Array.of(0, 4) }).data.slice());
    const [last] = await embedTexts(lm, ['abc'], { pooling: 'last', normalize: false });
    const [mean] = await embedTexts(lm, ['abc'], { normalize: false });
    for (let j = 0; j < 16; j++) {
      expect(last![j]).toBeCloseTo(rows[3 * 16 + j]!, 5);
      expect(mean![j]).toBeCloseTo((rows[16 + j]! + rows[32 + j]! + rows[48 + j]!) / 3, 5);
    }
  });

  it('reads all windows of a long text for the mean, its end for the last token', async () => {
    const options = { normalize: false, context: 11 } as const;
    const [whole, first, second] = await embedTexts(lm, ['abcdefghijklmnopqrst', 'abcdefghij', 'klmnopqrst'], options);
    whole!.forEach((x, j) => expect(x).toBeCloseTo((first![j]! + second![j]!) / 2, 5));
    const [end, alone] = await embedTexts(lm, ['abcdefghijklm', 'defghijklm'], { ...options, pooling: 'last' });
    expect(end).toEqual(alone);
  });
});

it('finds what is nearest', async () => {
  const embeddings = await embedTexts(models.gpt2, texts);
  const nearest = nearestEmbeddings(embeddings[1]!, embeddings, 3);
  expect(nearest[0]).toMatchObject({ index: 1 });
  expect(nearest[0]!.cosine).toBeCloseTo(1, 5);
  expect(nearest[1]!.cosine).toBeGreaterThanOrEqual(nearest[2]!.cosine);
  const sum = centred(embeddings.slice(0, 2)).reduce((total, vector) => total + vector[3]!, 0);
  expect(sum).toBeCloseTo(0, 4); // two texts lie opposite one another around their mean
});

it('means of row ranges: values and gradients', () => {
  const from = Int32Array.of(0, 3, 3);
  const to = Int32Array.of(2, 7, 4);
  check(
    [[8, 5]],
    ([x]) => rangeMeans(x!, from, to),
    ([x]) =>
      [...from].flatMap((first, s) =>
        Array.from({ length: 5 }, (_, j) => {
          let sum = 0;
          for (let row = first; row < to[s]!; row++) sum += x![row * 5 + j]!;
          return sum / (to[s]! - first);
        }),
      ),
    4,
  );
});
