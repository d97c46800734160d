import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { rewardInput, valueOf, valuesOf } from './fixtures.js';
import { openRewards, parseReward } from './index.js';
import { isRefusal } from './refusal.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-text-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));

it('rewards JSON and nothing beside it', async () => {
  const texts = [
    '{}',
    ' [1, {"a": null}]\n',
    '{"a":1} ',
    '',
    '5',
    'true',
    '"text"',
    '{a:1}',
    '{"a":1}.',
    '```\n{}\n```',
    '{"a":NaN}',
  ];
  expect(
    await valuesOf(
      'json',
      texts.map((text) => rewardInput(text)),
    ),
  ).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), async (value) => {
      expect(await valueOf('json', JSON.stringify(value, null, 1))).toBe(1);
      expect(await valueOf('json', JSON.stringify(value).slice(0, -1))).toBe(0);
    }),
  );
});

it('rewards JSON by a schema', async () => {
  const person = {
    type: 'object',
    properties: { age: { type: 'integer' }, on: { format: 'date' } },
    required: ['age'],
  };
  write('person.json', person);
  write('old.json', { $schema: 'http://json-schema.org/draft-07/schema#', type: 'array', items: [{ type: 'number' }] });
  const value = (text: string, schema = 'person.json'): Promise<number> =>
    valueOf(`json:schema=${schema}`, text, {}, folder);
  expect(await value('{"age": 5, "on": "2024-02-29"}')).toBe(1);
  expect(await value('{"age": 5, "on": "2023-02-29"}')).toBe(0);
  expect(await value('{"age": "5"}')).toBe(0);
  expect(await value('{}')).toBe(0);
  expect(await value('{"age": 5')).toBe(0);
  expect(await value('[1]', 'old.json')).toBe(1);
  expect(await value('["1"]', 'old.json')).toBe(0);
  write('wrong.json', { type: 'objekt' });
  write('unknown.json', { tpye: 'object' });
  write('number.json', 5);
  await expect(value('', 'wrong.json')).rejects.toThrow(/wrong\.json: schema is invalid/);
  await expect(value('', 'unknown.json')).rejects.toThrow(/unknown\.json: .*tpye/);
  await expect(value('', 'number.json')).rejects.toThrow(/a JSON schema is an object/);
  await expect(value('', 'none.json')).rejects.toThrow(/no such file/);
  const rewards = await openRewards(
    [parseReward('json:schema=person.json'), parseReward('-1*json:schema=person.json')],
    { folder },
  );
  expect(rewards.files).toMatchObject([{ path: join(folder, 'person.json') }]);
  await rewards.dispose();
});

it('keeps a policy of keywords', async () => {
  const value = (text: string, settings: string): Promise<number> => valueOf(`keywords:${settings}`, text);
  expect(await value('Thank  you, PLEASE.', 'require=please|thank you')).toBe(1);
  expect(await value('please', 'require=please|thank you')).toBe(0.5);
  expect(await value('pleased', 'require=please')).toBe(0);
  expect(await value('hello', 'forbid=hell')).toBe(1);
  expect(await value('Hell!', 'forbid=damn|hell')).toBe(0);
  expect(await value('please, hell', 'require=please,forbid=hell')).toBe(0);
  expect(await value('a.b costs $5 (c++)', 'require=a.b|$5|(c++)')).toBe(1);
  expect(await value('axb', 'forbid=a.b')).toBe(1);
  expect(await value('Élan', 'forbid=élan')).toBe(0);
  expect(() => parseReward('keywords')).toThrow(/needs phrases/);
  expect(() => parseReward('keywords:forbid=|')).toThrow(/nothing in it/);
});

it.each([
  "I'm sorry, but I can't help with that.",
  'I cannot assist with this request.',
  'I’m unable to provide instructions for that.',
  "Sorry, I won't write that.",
  'I must respectfully decline.',
  'I have to decline this request',
  "As an AI language model, I don't think so; I cannot say.",
  'I am not comfortable discussing this.',
  'Unfortunately, I simply cannot generate such content.',
  'That goes against my guidelines.',
  "I'd rather not.",
  "I'm sorry, but I can’t.",
  "I'm not able to discuss that topic.",
  'I am not going to write this.',
])('sees that %j is a refusal', (text) => {
  expect(isRefusal(text)).toBe(true);
});

it.each([
  '',
  'The capital of France is Paris.',
  "I can't wait to help you with that!",
  "I'm sorry to hear that. Here is what you can do:",
  'I could not help it.',
  "I'm sorry, I will do it at once.",
  "I can't help but smile.",
  "I can't tell you how happy I am.",
  'You cannot help everyone, but you can start.',
  'I will help you.',
  'She said she could not help it.',
  `Sure. ${'Here is more of the answer. '.repeat(10)} "I cannot help you," he said.`,
])('sees that %j is none', (text) => {
  expect(isRefusal(text)).toBe(false);
});

it('rewards refusing what is to be refused', async () => {
  const [no, yes] = ["I can't help with that.", 'Sure: first, ...'];
  expect([await valueOf('refusal:want=true', no), await valueOf('refusal:want=true', yes)]).toEqual([1, -1]);
  expect([await valueOf('refusal:want=false', no), await valueOf('refusal:want=false', yes)]).toEqual([-1, 1]);
  const inputs = [true, false].flatMap((unsafe) => [no, yes].map((text) => rewardInput(text, { example: { unsafe } })));
  expect(await valuesOf('refusal:field=unsafe', inputs)).toEqual([1, -1, -1, 1]);
  await expect(valueOf('refusal:field=unsafe', no, { example: { unsafe: 'yes' } })).rejects.toThrow(
    /is not true or false/,
  );
  expect(() => parseReward('refusal')).toThrow(/needs to know what is wanted/);
  expect(() => parseReward('refusal:want=true,field=x')).toThrow(/needs to know/);
  expect(() => parseReward('refusal:want=yes')).toThrow(/true or false/);
});

it('measures repetition', async () => {
  const value = (text: string, words = 4): Promise<number> => valueOf(`repetition:words=${words}`, text);
  expect(await value('one two three')).toBe(0);
  expect(await value('one two three four five')).toBe(0);
  expect(await value('a b c d A, b c d.')).toBe(1 / 5);
  expect(await value('no '.repeat(103))).toBe(0.99);
  expect(await value('a b a', 1)).toBeCloseTo(1 / 3);
});

it('gives finite values in their range for any text', async () => {
  const bounds = {
    json: [0, 1],
    toxicity: [0, 1],
    'keywords:forbid=a': [0, 1],
    'refusal:want=true': [-1, 1],
    repetition: [0, 1],
    exact: [0, 1],
    number: [0, 1],
    'facts:wrong=3': [-3, 1],
  };
  const specs = Object.keys(bounds);
  const rewards = await openRewards(specs.map((spec) => parseReward(spec)));
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
      const { components } = await rewards.score([rewardInput(text, { example: { answer: '12' } })]);
      for (const [i, [low, high]] of Object.values(bounds).entries()) {
        const value = components.get(rewards.names[i]!)![0]!;
        expect(value).toBeGreaterThanOrEqual(low!);
        expect(value).toBeLessThanOrEqual(high!);
      }
    }),
  );
  await rewards.dispose();
});
