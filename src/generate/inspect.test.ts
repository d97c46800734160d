import { expect, it } from 'vitest';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';
import { generateText, inspectText } from './index.js';

const tokenizer = byteTokenizer();
const sizes = { vocabSize: tokenizer.vocabSize, context: 32, layers: 2, width: 16, heads: 4, kvHeads: 2 };

it('shows the probabilities that generation uses, and attention that sums to one', async () => {
  const model = initializeTransformer(newModelConfig('llama', { ...sizes, slidingWindow: 5 }), 1);
  const { tokens, next, attention, neighbours } = inspectText(model, tokenizer, 'a loom', 300);
  expect(tokens.map((token) => token.text).slice(1).join('')).toBe('a loom'); // prettier-ignore
  const [greedy] = await generateText(model, tokenizer, ['a loom'], { temperature: 0, maxTokens: 1 });
  expect(next[0]!.id).toBe(greedy!.tokens[0]!.id);
  expect(Math.log(next[0]!.probability)).toBeCloseTo(greedy!.tokens[0]!.logprob, 4);
  for (const list of [next, tokens[3]!.expected]) {
    expect(list.reduce((sum, each) => sum + each.probability, 0)).toBeCloseTo(1, 9);
    expect(list.map((each) => each.probability)).toEqual(
      list.map((each) => each.probability).toSorted((a, b) => b - a),
    );
  }
  expect(tokens[3]!.expected.find((each) => each.id === tokens[3]!.id)!.probability).toBe(tokens[3]!.probability);
  expect(attention.map((heads) => heads.length)).toEqual([4, 4]);
  for (const row of attention.flat()) {
    expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    expect(row.slice(0, -5).every((weight) => weight === 0)).toBe(true);
  }
  expect(neighbours.every(({ id, cosine }) => id !== tokens.at(-1)!.id && cosine <= 1)).toBe(true);
  model.dispose();
});
