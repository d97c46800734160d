import { afterAll, expect, it } from 'vitest';
import { memoryUse } from '../engine/index.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';
import {
  choiceConstraint,
  generateText,
  generateTokens,
  jsonSchemaConstraint,
  regexConstraint,
  Sampler,
  type TokenEvent,
} from './index.js';

const tokenizer = byteTokenizer();
const sizes = { vocabSize: tokenizer.vocabSize + 3, context: 96, layers: 1, width: 16, heads: 2 };
const model = initializeTransformer(newModelConfig('llama', sizes), 3);
for (const value of model.parameters.values()) value.data.forEach((x, i, all) => (all[i] = x * 3));
afterAll(() => model.dispose());

async function collect(events: AsyncGenerator<TokenEvent>): Promise<TokenEvent[]> {
  const all: TokenEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const schema = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 1 }, next: { $ref: '#' }, list: { type: 'array', items: {} } },
  required: ['name'],
};

it.each([
  { temperature: 2 },
  { temperature: 0 },
  { temperature: 1, topK: 3, repetitionPenalty: 1.3 },
  { temperature: 1, topP: 0.5, minP: 0.1 },
])('every sequence of a batch is a whole document: %o', async (sampling) => {
  const before = memoryUse().buffers;
  const constraint = jsonSchemaConstraint(schema, tokenizer);
  const prompts = ['a', 'some prompt', '', 'x'.repeat(60)];
  for (const maxTokens of [12, 40, 500]) {
    const options = { ...sampling, maxTokens, constraint };
    const together = await generateText(model, tokenizer, prompts, options);
    for (const [i, { text }] of together.entries()) {
      expect(typeof (JSON.parse(text) as { name: unknown }).name).toBe('string');
      const [alone] = i === 0 ? await generateText(model, tokenizer, [prompts[i]!], options) : [together[i]];
      expect(alone!.text).toBe(text);
    }
  }
  expect(memoryUse().buffers).toBe(before);
});

it('reports the log-probability of the model, and ends where only the end is left', async () => {
  const constraint = choiceConstraint(['no', 'yes'], tokenizer);
  const events = await collect(generateTokens(model, [[1, 2, 3]], { constraint, temperature: 1, maxTokens: 9 }));
  const free = await collect(generateTokens(model, [[1, 2, 3]], { temperature: 0, maxTokens: 1 }));
  expect(['no', 'yes']).toContain(tokenizer.decode(events.map(({ id }) => id)));
  expect(events.at(-1)!.finishReason).toBe('stop');
  expect(events[0]!.logprob).toBeLessThan(free[0]!.logprob);
  expect(events[0]!.logprob).toBeGreaterThan(-20);
});

it('the end of text comes only where the text may end', async () => {
  const constraint = regexConstraint('(ab)*c?', tokenizer);
  const prompts = Array.from({ length: 20 }, (_, i) => [i + 1]);
  const options = { constraint, temperature: 5, maxTokens: 30, stopTokens: [tokenizer.eos!] };
  const events = await collect(generateTokens(model, prompts, options));
  for (const [sequence] of prompts.entries()) {
    const ids = events.filter((event) => event.sequence === sequence).map(({ id }) => id);
    expect(tokenizer.decode(ids.filter((id) => id !== tokenizer.eos))).toMatch(/^(ab)*c?$/);
  }
  expect(events.some(({ id }) => id === tokenizer.eos)).toBe(true);
});

it('says at the start what cannot be', async () => {
  const constraint = choiceConstraint(['a long text'], tokenizer);
  await expect(generateText(model, tokenizer, ['x'], { constraint, maxTokens: 5 })).rejects.toThrow(
    /takes 11 tokens.*room for 5/,
  );
  await expect(generateText(model, tokenizer, ['x'], { constraint, stop: ['t'] })).rejects.toThrow(/stop text/);
});

it('the sampler draws from what is allowed as it would from a vocabulary of that alone', () => {
  const logits = Float32Array.of(2, 1, 0, -1, 5, 3);
  const allowed = Uint32Array.of(0b101010);
  const counts = new Map<number, number>();
  const sampler = new Sampler({ temperature: 1 }, 1);
  for (let i = 0; i < 4000; i++) {
    const { id, logprob } = sampler.next(logits, [], allowed);
    counts.set(id, (counts.get(id) ?? 0) + 1 / 4000);
    expect(logprob).toBeCloseTo(logits[id]! - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)), 5);
  }
  const total = Math.exp(1) + Math.exp(-1) + Math.exp(3);
  expect([...counts.keys()].toSorted()).toEqual([1, 3, 5]);
  for (const id of [1, 3, 5]) expect(Math.abs(counts.get(id)! - Math.exp(logits[id]!) / total)).toBeLessThan(0.03);
  expect(new Sampler({ temperature: 0 }, 1).next(logits, [], allowed).id).toBe(5);
  expect(new Sampler({ temperature: 9, topK: 1 }, 1).next(logits, [], Uint32Array.of(0b1001)).id).toBe(0);
});
