import { Ajv } from 'ajv';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryUse } from '../engine/index.js';
import { ChatTemplate } from '../tokenizer/index.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteModels } from './fixtures.js';
import { chooseExamples, chooseLabels, extract, labelPrompts, Reader, summarise } from './index.js';
import { passagesOf } from './passages.js';

const { gpt2, llama } = byteModels();
const { tokenizer } = gpt2;
const sizes = { vocabSize: tokenizer.vocabSize, context: 700, layers: 1, width: 16, heads: 2 };
const roomy = { tokenizer, model: initializeTransformer(newModelConfig('llama', sizes), 3) };
afterAll(() => [gpt2, llama, roomy].forEach(({ model }) => model.dispose()));
const chat = { ...roomy, template: ChatTemplate.standard };

describe('extract', () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string', maxLength: 20 }, old: { type: 'boolean' }, count: { enum: [1, 2, 3] } },
    required: ['name', 'old'],
    additionalProperties: false,
  };

  it.each([
    ['a prompt', roomy],
    ['a chat template', chat],
  ])('gives valid documents for any text, by %s', async (_, respondent) => {
    const before = memoryUse().buffers;
    const validate = new Ajv().compile(schema);
    const texts = ['Ann is old', '', 'x'.repeat(5000)];
    for (const options of [{}, { temperature: 2, seed: 5 }]) {
      const found = await extract(respondent, texts, schema, { maxTokens: 120, ...options });
      for (const { value } of found) expect(validate(value), JSON.stringify(value)).toBe(true);
      expect(found.map(({ cut }) => cut)).toEqual([false, false, true]);
    }
    expect(memoryUse().buffers).toBe(before);
  });

  it('says what a schema cannot be', async () => {
    await expect(extract(roomy, ['x'], { type: 'nothing' })).rejects.toThrow(/type/);
    await expect(extract(roomy, ['x'], schema, { maxTokens: 5 })).rejects.toThrow(/5: raise the limit/);
  });
});

it.each([
  ['a prompt', roomy],
  ['a chat template', chat],
])('writes one of the labels, by %s', async (_, respondent) => {
  const labels = ['good', 'goodish', 'bad'];
  const chosen = await chooseLabels(respondent, ['a', 'b', 'c'.repeat(3000)], labels);
  expect(chosen).toHaveLength(3);
  for (const label of chosen) expect(label).toBeLessThan(3);
});

describe('prompts for labels', () => {
  const data = {
    names: ['ham', 'spam'],
    texts: ['x1', 'x2', 'x3', 'y1', 'y2', 'y3', 'long '.repeat(99)],
    labels: Uint8Array.of(0, 0, 0, 1, 1, 1, 1),
  };

  it('shows examples of the labels in turn, then the text', () => {
    const examples = chooseExamples(data, 3, 1);
    expect([...examples.labels]).toEqual([0, 1, 0]);
    const { prompts, continuations, contentFree } = labelPrompts(roomy, ['T$&'], data.names, undefined, examples);
    const [a, b, c] = examples.texts;
    const shown = `Text: ${a}\nLabel: ham\n\nText: ${b}\nLabel: spam\n\nText: ${c}\nLabel: ham\n\n`;
    expect(prompts).toEqual([`${shown}Text: T$&\nLabel:`]);
    expect(continuations).toEqual([' ham', ' spam']);
    expect(contentFree[0]).toBe(`${shown}Text: N/A\nLabel:`);
  });

  it('cuts a text that does not fit, never within a character', () => {
    const { prompts, cut } = labelPrompts(gpt2, ['short', '🙂'.repeat(40)], data.names, '{text}|');
    expect(cut).toBe(1);
    expect(prompts[1]).toMatch(/^(🙂)+\|$/u);
    expect(tokenizer.encode(prompts[1]!).length).toBeGreaterThan(40);
  });

  it('refuses a form without text, and examples that leave no room', () => {
    expect(() => labelPrompts(gpt2, ['x'], data.names, 'Label:')).toThrow('must have {text} in it');
    expect(() => labelPrompts(gpt2, ['x'], data.names, undefined, data)).toThrow('take fewer or shorter examples');
  });
});

it('passages are the text, end where it has breaks, and fit', () => {
  const text = fc
    .array(fc.constantFrom('word', 'w', ' ', '. ', '\n\n', '\n', 'ü', '🙂', 'x'.repeat(30)), { maxLength: 60 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.integer({ min: 4, max: 40 }), (whole, most) => {
      const passages = passagesOf(whole, tokenizer, most);
      expect(passages.join('')).toBe(whole.trim() === '' ? '' : whole.slice(0, passages.join('').length));
      expect(whole.slice(passages.join('').length).trim()).toBe('');
      for (const passage of passages) expect(tokenizer.encode(passage).length).toBeLessThanOrEqual(most);
    }),
    { numRuns: 100 },
  );
  expect(passagesOf('One two. Three four. Five', tokenizer, 12)).toEqual(['One two. ', 'Three four. ', 'Five']);
});

describe.each([
  ['a prompt', roomy],
  ['a chat template', chat],
])('by %s', (_, respondent) => {
  it('sums up a text of any length', async () => {
    const long = 'A sentence about ships. '.repeat(300);
    const before = memoryUse().buffers;
    const seen: number[] = [];
    const summary = await summarise(respondent, long, { maxTokens: 12, onProgress: (done) => seen.push(done) });
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(12 * 3); // a byte alone reads U+FFFD
    expect(seen.length).toBeGreaterThan(2);
    expect(memoryUse().buffers).toBe(before);
  });

  it('answers from the passages that are nearest', async () => {
    const texts = ['The zebra lives in zones. '.repeat(9), 'Ships sail the seas. '.repeat(9)];
    const reader = await Reader.of(respondent, texts, { passageTokens: 40, maxTokens: 8 });
    const [first] = await reader.nearest('The zebra lives in zones.', 1);
    expect(first!.text).toBe(0);
    const { passages } = await reader.answer('The zebra lives in zones. Where?');
    expect(passages.map(({ text }) => text)).toEqual(passages.map(({ text }) => text).sort());
    expect(passages.some(({ text }) => text === 0)).toBe(true);
    expect(passages.length).toBeGreaterThan(3);
  });
});
