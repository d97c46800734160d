import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { normaliseAnswer } from './answers.js';
import { valueOf } from './fixtures.js';
import { openRewards, parseReward } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-answers-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));
const fails = (promise: Promise<unknown>, message: RegExp): Promise<void> =>
  expect(promise).rejects.toThrow(
    expect.objectContaining({ name: 'InputError', message: expect.stringMatching(message) }),
  );

it.each([
  ['The  Eiffel Tower!', 'eiffel tower'],
  ['São Tomé', 'sao tome'],
  ["Côte d'Ivoire", 'cote divoire'],
  ['Côte d’Ivoire', 'cote divoire'],
  ['1,200 people', '1200 people'],
  ['66.6 million', '66600000'],
  ['$5.50', '5.5'],
  ['45 percent', '45%'],
  ['Well-known', 'well known'],
  ['A', 'a'],
  ['the a', 'the a'],
  ['C++', 'c'],
  [' +-+ ', '+-+'],
  ['नमस्ते', 'नमस्ते'],
  ['', ''],
])('writes %j as %j', (text, plain) => {
  expect(normaliseAnswer(text)).toBe(plain);
});

const word = fc.stringMatching(/^[a-z]{2,8}$/).filter((word) => !['an', 'the', 'percent'].includes(word));

it('lets case, punctuation, articles and spaces not count, and words count', () => {
  const noise = fc.constantFrom(' ', '  ', ', ', '\n', '. The ', ' a ', ' – ');
  fc.assert(
    fc.property(fc.array(fc.tuple(word, noise), { minLength: 1, maxLength: 6 }), word, (pairs, other) => {
      const plain = pairs.map(([word]) => word).join(' ');
      const noisy = pairs.map(([word, noise], i) => (i % 2 ? word.toUpperCase() : word) + noise).join('');
      expect(normaliseAnswer(noisy)).toBe(plain);
      expect(normaliseAnswer(`${noisy}${other}`)).not.toBe(plain);
    }),
  );
});

it('rewards the exact answer', async () => {
  const example = { answer: ['Washington, D.C.', 'Washington'], year: 1790, flag: true, empty: [], none: null };
  const value = (spec: string, completion: string): Promise<number> =>
    valueOf(spec, completion, { example, where: 'f:3' });
  expect(await value('exact', ' the washington.\n')).toBe(1);
  expect(await value('exact', 'Washington DC')).toBe(0);
  expect(await value('exact', 'Washington d. c.')).toBe(1);
  expect(await value('exact', 'New York')).toBe(0);
  expect(await value('exact', '')).toBe(0);
  expect(await value('exact:field=year', '1,790')).toBe(1);
  expect(await value('exact:field=flag', 'True')).toBe(1);
  expect(await value('exact:strict=true', ' Washington\n')).toBe(1);
  expect(await value('exact:strict=true', 'washington')).toBe(0);
  await fails(
    value('exact:field=anwser', ''),
    /exact needs the field "anwser", which the prompt at f:3 does not have; it has: answer, year, flag/,
  );
  await fails(value('exact:field=empty', ''), /"empty" of the prompt at f:3 is no answer/);
  await fails(value('exact:field=none', ''), /is no answer/);
  await fails(valueOf('exact', 'x', { prompt: 'Who?' }), /the prompt "Who\?" does not have; it has none/);
  await fails(valueOf('exact:field=toString', 'x'), /needs the field/);
});

it('rewards the right last number', async () => {
  const value = (answer: unknown, completion: string, settings = ''): Promise<number> =>
    valueOf(`number${settings}`, completion, { example: { answer } });
  expect(await value(42, '6 times 7 is 42.')).toBe(1);
  expect(await value(42, '42 is 6 times 7')).toBe(0);
  expect(await value('She has 6 * 7 = 42 apples.\n#### 42', 'So: $42.00')).toBe(1);
  expect(await value(1234567, 'about 1,234,567 people')).toBe(1);
  expect(await value(-3, 'minus: -3')).toBe(1);
  expect(await value(0.45, 'It is 45%')).toBe(1);
  expect(await value('45%', '0.45')).toBe(1);
  expect(await value('45%', '45 percent')).toBe(1);
  expect(await value('45%', '0.45%')).toBe(0);
  expect(await value(45, '45%')).toBe(1);
  expect(await value([1, 2], 'two: 2')).toBe(1);
  expect(await value(5, 'five')).toBe(0);
  expect(await value(5, '')).toBe(0);
  expect(await value(3.14159, '3.14', ':tolerance=0.01')).toBe(1);
  expect(await value(3.14159, '3.16', ':tolerance=0.01')).toBe(0);
  expect(await value(66.6e6, '67 million', ':relative=0.01')).toBe(1);
  expect(await value(66.6e6, '68 million', ':relative=0.01')).toBe(0);
  await fails(value('many', '5'), /"answer" of .* has no number in it: many/);
});

it('rewards what is true, lets abstaining be, and punishes what is wrong', async () => {
  const table = {
    'What is the capital of France?': ['Paris', 'Paris, France'],
    'How many live there?': '66.6 million',
  };
  write('facts.json', table);
  const value = (completion: string, settings = '', prompt = 'what is the capital of France'): Promise<number> =>
    valueOf(`facts:table=facts.json,wrong=2${settings}`, completion, { prompt }, folder);
  expect(await value('PARIS.')).toBe(1);
  expect(await value('Lyon')).toBe(-2);
  expect(await value('')).toBe(-2);
  expect(await value("I don't know.")).toBe(0);
  expect(await value('Well, I don’t know that')).toBe(0);
  expect(await value("I don't know, perhaps Paris", ',contains=true')).toBe(0);
  expect(await value('The capital is Paris.')).toBe(-2);
  expect(await value('The capital is Paris.', ',contains=true')).toBe(1);
  expect(await value('Parisian things', ',contains=true')).toBe(-2);
  expect(await value('No answer', ',abstain=no answer|pass')).toBe(0);
  expect(await value("I don't know", ',abstain=no answer|pass')).toBe(-2);
  const population = (completion: string, settings = ''): Promise<number> =>
    value(completion, settings, 'How many live there?');
  expect(await population('About 66,600,000 people.')).toBe(1);
  expect(await population('67 million')).toBe(-2);
  expect(await population('67 million', ',relative=0.01')).toBe(1);
  expect(await population('66.6 million or 70 million')).toBe(-2);
  const prompt = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello' },
    { role: 'user', content: 'What is the capital of France?' },
  ] as const;
  expect(await valueOf('facts:table=facts.json', 'paris', { prompt }, folder)).toBe(1);
  const example = { q: 'What is the capital of France?', answer: 'Rome' };
  expect(await valueOf('facts:table=facts.json,question=q', 'Lyon', { example }, folder)).toBe(-1);
  expect(await valueOf('facts', 'Rome', { example })).toBe(1);
  expect(await valueOf('facts:field=answer,wrong=0', 'Paris', { example })).toBe(0);
  await fails(value('Rome', '', 'What is the capital of Italy?'), /facts\.json has no answer to .*Italy/);
});

it('never pays for a hedge', () => {
  const completion = fc.array(fc.constantFrom('Paris', 'Lyon', 'or', "I don't know", '.'), { maxLength: 6 });
  return fc.assert(
    fc.asyncProperty(completion, async (parts) => {
      const text = parts.join(' ');
      const value = await valueOf('facts:contains=true', text, { example: { answer: 'Paris' } });
      expect(value).toBe(text.includes('know') ? 0 : text.includes('Paris') ? 1 : -1);
    }),
    { numRuns: 50 },
  );
});

it('looks through the prompts before any is answered', async () => {
  write('facts.json', { 'Who?': 'me' });
  const check = async (spec: string, ...records: Record<string, unknown>[]): Promise<void> => {
    const rewards = await openRewards([parseReward('end'), parseReward(spec)], { folder });
    const prompts = records.map((record, i) => ({
      prompt: 'Who?',
      tokens: Int32Array.of(1),
      record,
      where: `f:${i + 1}`,
    }));
    rewards.check(prompts);
  };
  await check('exact', { answer: 'x' }, { answer: 1 });
  await fails(check('exact', { answer: 'x' }, {}), /exact needs the field "answer", which the prompt at f:2/);
  await fails(check('number', { answer: 5 }, { answer: 'five' }), /f:2 has no number in it: five/);
  await fails(check('refusal:field=bad', { bad: true }, { bad: 1 }), /f:2 is not true or false/);
  await fails(check('facts', { answer: [] }), /f:1 is no answer/);
  await check('facts:table=facts.json', {});
  await fails(
    check('facts:table=facts.json,question=q', { q: 'who' }, { q: 'what' }),
    /has no answer to the prompt at f:2: "what"/,
  );
});

it('says what is wrong with a table of facts', async () => {
  const value = (spec: string): Promise<number> => valueOf(spec, 'x', {}, folder);
  write('list.json', [1]);
  write('none.json', {});
  write('nested.json', { 'Who?': { is: 'it' } });
  write('twice.json', { 'Who?': 'a', who: 'b' });
  writeFileSync(join(folder, 'broken.json'), '{');
  await fails(value('facts:table=absent.json'), /absent\.json: no such file/);
  await fails(value('facts:table=list.json'), /must be an object of questions/);
  await fails(value('facts:table=none.json'), /no questions/);
  await fails(value('facts:table=nested.json'), /"Who\?" must have a text/);
  await fails(value('facts:table=twice.json'), /there twice/);
  await fails(value('facts:table=broken.json'), /it is not JSON/);
  expect(() => parseReward('facts:table=a.json,field=b')).toThrow(/give one of them/);
  expect(() => parseReward('facts:question=b')).toThrow(/no table/);
  expect(() => parseReward('facts:wrong=-1')).toThrow(/write wrong=2/);
});
