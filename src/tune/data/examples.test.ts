import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folder, parquet } from '../../corpus/read/fixtures.js';
import { InputError } from '../../io/errors.js';
import { byteTokenizer } from '../../tokenizer/index.js';
import { type Example, readExamples, type ReadExamplesOptions } from './examples.js';
import { duplicateKey } from './json-record.js';
import { summarizeProblems } from './problem.js';

const { root, put } = folder();
const tokenizer = byteTokenizer();
const options: ReadExamplesOptions = { tokenizer, template: null, context: 512 };
const lines = (...records: unknown[]): string =>
  records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join('\n');
const whole = ({ tokens }: Example): string => tokenizer.decode(tokens);
const learned = ({ tokens, learned }: Example): string => tokenizer.decode(tokens.filter((_, i) => learned[i] === 1));

const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });
const good = { messages: [user('Hi'), assistant('Yo')] };

describe('readExamples', () => {
  it('reads conversations, prompts of messages, and texts that go on', async () => {
    const path = put(
      'all.jsonl',
      `\ufeff${lines(
        { messages: [{ role: 'system', content: 'Be brief.' }, ...good.messages, user('And?'), assistant('No')] },
        { prompt: [user('Hi')], completion: [assistant('Yo')], system: 'Be kind.' },
        '',
        { prompt: '2 + 2 =', completion: ' 4' },
        { prompt: '2 + 2 =', completion: '4', system: 'Add.', id: 7 },
      )}\r\n`,
    );
    const { examples, problems, truncated } = await readExamples([path], options);
    expect(examples.map((example) => [example.where, whole(example), learned(example)])).toEqual([
      [
        `${path}:1`,
        '<|endoftext|>Be brief.\n\nUser: Hi\nAssistant: Yo<|endoftext|>\nUser: And?\nAssistant: No<|endoftext|>',
        ' Yo<|endoftext|> No<|endoftext|>',
      ],
      [`${path}:2`, '<|endoftext|>Be kind.\n\nUser: Hi\nAssistant: Yo<|endoftext|>', ' Yo<|endoftext|>'],
      [`${path}:4`, '<|endoftext|>2 + 2 = 4<|endoftext|>', ' 4<|endoftext|>'],
      [`${path}:5`, '<|endoftext|>Add.\n\nUser: 2 + 2 =\nAssistant: 4<|endoftext|>', ' 4<|endoftext|>'],
    ]);
    expect([problems, truncated]).toEqual([[], 0]);
  });

  it('gives conversations a system message that have none', async () => {
    const own = { messages: [{ role: 'system', content: 'Own.' }, ...good.messages] };
    const path = put('system.jsonl', lines(good, own));
    const { examples } = await readExamples([path], { ...options, systemPrompt: 'Given.' });
    expect(examples.map(whole).map((text) => text.slice(13, 19))).toEqual(['Given.', 'Own.\n\n']);
  });

  it('reads the same from .gz and from Parquet', async () => {
    const records = [good, { messages: [user('é'), assistant('ü\n'), user('b'), assistant('c')] }];
    const plain = await readExamples([put('same.jsonl', lines(...records))], options);
    const packed = await readExamples([put('same.jsonl.gz', gzipSync(lines(...records)))], options);
    const rows = records.map(
      ({ messages }) =>
        `select [${messages.map(({ role, content }) => `{'role': '${role}', 'content': '${content}'}`).join(', ')}] as messages, 1 as id`,
    );
    const path = await parquet(join(root, 'same.parquet'), rows.join(' union all '));
    const table = await readExamples([path], options);
    for (const other of [packed, table])
      expect(other.examples.map(({ tokens, learned }) => [tokens, learned])).toEqual(
        plain.examples.map(({ tokens, learned }) => [tokens, learned]),
      );
    expect(table.examples[1]!.where).toBe(`${path}#2`);
    const texts = await parquet(join(root, 'texts.parquet'), "select 'a' as prompt, null as completion");
    await expect(readExamples([texts], options)).rejects.toThrow(
      /texts\.parquet#1: expected "messages", or "prompt" and "completion"; it has prompt/,
    );
    const wrong = await parquet(join(root, 'wrong.parquet'), "select 'a' as text");
    await expect(readExamples([wrong], options)).rejects.toThrow(/wrong\.parquet#1: .*; it has text/);
    await expect(readExamples([put('damaged.parquet', 'PAR1 not')], options)).rejects.toThrow(
      /damaged\.parquet#1: not read from here on/,
    );
  });
});

const bad: [string, string, unknown, RegExp][] = [
  [
    'an unknown role',
    'wrong roles',
    { messages: [user('a'), { role: 'bot', content: 'b' }] },
    /message 2 of "messages" has the unknown role "bot"/,
  ],
  [
    'two answers in a row',
    'wrong roles',
    { messages: [user('a'), assistant('b'), assistant('c')] },
    /messages 2 and 3 are both by the assistant: join them/,
  ],
  [
    'two questions in a row',
    'wrong roles',
    { messages: [user('a'), user('b'), assistant('c')] },
    /messages 1 and 2 are both by the user/,
  ],
  [
    'a question last',
    'wrong roles',
    { messages: [user('a'), assistant('b'), user('c')] },
    /the last message is by the user/,
  ],
  ['an answer first', 'wrong roles', { messages: [assistant('b')] }, /before a user has asked/],
  [
    'the system in the middle',
    'wrong roles',
    { messages: [user('a'), { role: 'system', content: 'c' }, assistant('b')] },
    /message 2 is by the system/,
  ],
  [
    'the system twice',
    'wrong roles',
    { system: 'a', messages: [{ role: 'system', content: 'c' }, ...good.messages] },
    /"system" and a system message/,
  ],
  ['no messages', 'wrong roles', { messages: [] }, /"messages" is an empty list/],
  ['an empty answer', 'empty answer', { messages: [user('a'), assistant(' \n')] }, /message 2 \(assistant\) is empty/],
  ['an empty completion', 'empty answer', { prompt: 'a', completion: '' }, /"completion" is empty/],
  ['an empty question', 'empty prompt', { messages: [user(''), assistant('b')] }, /message 1 \(user\) is empty/],
  ['an empty prompt', 'empty prompt', { prompt: ' ', completion: 'a' }, /"prompt" is empty/],
  [
    'an empty system message',
    'empty prompt',
    { system: '', ...good },
    /message 0 \(system\) is empty|"system" is empty/,
  ],
  ['what is not JSON', 'not JSON', '{"prompt": "a", "completion": "b"', /it is not JSON: /],
  ['a list', 'not an object', '[1]', /not an object/],
  [
    'a key twice',
    'duplicate key',
    '{"prompt": "a", "completion": "b", "pr\\u006fmpt": "c"}',
    /the key "prompt" stands twice/,
  ],
  [
    'a key twice, inside',
    'duplicate key',
    '{"messages": [{"role": "user", "content": "a", "content": "b"}]}',
    /the key "content" stands twice/,
  ],
  [
    'a number for a text',
    'wrong type',
    { messages: [user(7), assistant('b')] },
    /the content of message 1 of "messages" is a number, not a text/,
  ],
  ['a text for messages', 'wrong type', { messages: 'a' }, /"messages" is not a list/],
  ['a message without role', 'wrong type', { messages: [{ content: 'a' }] }, /message 1 of "messages" has no "role"/],
  [
    'a prompt of two kinds',
    'wrong type',
    { prompt: 'a', completion: [assistant('b')] },
    /must both be texts, or both lists/,
  ],
  [
    'tool calls',
    'unknown shape',
    { messages: [user('a'), { role: 'assistant', tool_calls: [1] }] },
    /"tool_calls" of message 2 of "messages" is not supported/,
  ],
  ['another shape', 'unknown shape', { instruction: 'a', output: 'b' }, /rename "instruction" to "prompt"/],
  ['two shapes', 'unknown shape', { ...good, prompt: 'a', completion: 'b' }, /both "messages" and "prompt"/],
  ['half a character', 'half a character', '{"prompt": "a", "completion": "\\ud800"}', /half a surrogate pair/],
  [
    'an answer without room',
    'over-long answer',
    { prompt: 'a', completion: 'x'.repeat(600) },
    /has 601 tokens, which with any prompt do not fit the context of 512/,
  ],
  [
    'an answer in a conversation without room',
    'over-long answer',
    { messages: [user('a'), assistant('x'.repeat(600))] },
    /has 602 tokens/,
  ],
];

describe('bad examples', () => {
  it.each(bad)('%s', async (_, kind, record, message) => {
    const path = put('one.jsonl', `${lines(good, '', record, good)}\n`);
    const failed = readExamples([path], options);
    await expect(failed).rejects.toThrow(InputError);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(`${path}:3: `);
    const told: string[] = [];
    const { examples, problems } = await readExamples([path], {
      ...options,
      skipBad: true,
      onProblem: (problem) => told.push(problem.where),
    });
    expect(examples).toHaveLength(2);
    expect(problems).toMatchObject([{ where: `${path}:3`, kind }]);
    expect(told).toEqual([`${path}:3`]);
  });

  it('bytes that are not UTF-8', async () => {
    const path = put('latin.jsonl', Buffer.from('{"prompt": "a", "completion": "\xe9"}\n', 'latin1'));
    await expect(readExamples([path], options)).rejects.toThrow(`${path}:1: it is not UTF-8`);
  });

  it('a file that was cut off', async () => {
    const packed = gzipSync(
      lines(...Array.from({ length: 2000 }, (_, i) => ({ prompt: `${i * 7919} =`, completion: `${i}` }))),
    );
    const path = put('cut.jsonl.gz', packed.subarray(0, packed.length - 100));
    await expect(readExamples([path], options)).rejects.toThrow(/cut\.jsonl\.gz:\d+: not read from here on/);
    const { examples } = await readExamples([path], { ...options, skipBad: true });
    expect(examples.length).toBeGreaterThan(0);
  });

  it('are all told of, up to ten, and counted by kind', async () => {
    const path = put('many.jsonl', lines(...bad.map(([, , record]) => record)));
    const error = await readExamples([path], options).then(
      () => new Error('none'),
      (error: Error) => error,
    );
    expect(error.message.split('\n')).toHaveLength(11);
    expect(error.message).toContain('the first 10 bad examples (--skip-bad leaves them out)');
    await expect(readExamples([path], { ...options, skipBad: true })).rejects.toThrow(
      `no good example in ${path}: all ${bad.length} are bad`,
    );
    const { problems } = await readExamples([put('some.jsonl', lines(...bad.map(([, , record]) => record), good))], {
      ...options,
      skipBad: true,
    });
    expect(summarizeProblems(problems)[0]).toMatch(/^8 wrong roles: .*some\.jsonl:1, .*:2, .*:3, \.\.\.$/);
  });

  it('are not confused with files that are none', async () => {
    await expect(readExamples([join(root, 'nowhere.jsonl')], options)).rejects.toThrow(/cannot read .*no such file/);
    await expect(readExamples([put('a.txt', 'text')], options)).rejects.toThrow(/a\.txt: expected JSON lines/);
    await expect(readExamples([put('empty.jsonl', '\n')], options)).rejects.toThrow(/no example in/);
  });
});

it('duplicateKey finds what JSON.parse hides', () => {
  const key = fc.constantFrom('a', 'b', '"', 'é', '{', '\\');
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.jsonValue())), fc.jsonValue(), (entries, other) => {
      const text = `[${JSON.stringify(other)}, {${entries.map(([key, value]) => `${JSON.stringify(key)} : ${JSON.stringify(value)}`).join(',')}}]`;
      expect(duplicateKey(text) !== null).toBe(new Set(entries.map(([key]) => key)).size < entries.length);
    }),
  );
});

describe('truncation', () => {
  const long = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      ...Array.from({ length: 5 }, (_, i) => [user(`question ${i}`), assistant(`answer ${i}`)]).flat(),
    ],
  };
  const read = async (record: unknown, context: number) => {
    const { examples, truncated } = await readExamples([put('long.jsonl', lines(record))], { ...options, context });
    expect(examples).toHaveLength(1);
    expect(examples[0]!.tokens.length).toBeLessThanOrEqual(context);
    return { text: whole(examples[0]!), answers: learned(examples[0]!), truncated };
  };

  it('leaves out the oldest turns whole', async () => {
    const { text, answers, truncated } = await read(long, 110);
    expect(text).toMatch(/^<\|endoftext\|>Be brief\.\n\nUser: question 3\n/);
    expect(answers).toBe(' answer 3<|endoftext|> answer 4<|endoftext|>');
    expect(truncated).toBe(1);
  });

  it('then cuts the beginning of the last question, then leaves out the system message', async () => {
    expect((await read(long, 48)).text).toBe(
      '<|endoftext|>Be brief.\n\nUser: uestion 4\nAssistant: answer 4<|endoftext|>',
    );
    expect((await read(long, 39)).text).toBe('<|endoftext|>User: question 4\nAssistant: answer 4<|endoftext|>');
    expect((await read(long, 29)).text).toBe('<|endoftext|>User: 4\nAssistant: answer 4<|endoftext|>');
    await expect(read(long, 28)).rejects.toThrow(/its answer has 10 tokens, .* the context of 28/);
  });

  it('cuts the beginning of a prompt, not its start token', async () => {
    const record = { prompt: 'abcdefgh', completion: 'ij' };
    expect(await read(record, 8)).toEqual({
      text: '<|endoftext|>efghij<|endoftext|>',
      answers: 'ij<|endoftext|>',
      truncated: 1,
    });
    expect((await read(record, 5)).text).toBe('<|endoftext|>hij<|endoftext|>');
    await expect(read(record, 4)).rejects.toThrow(/its answer has 3 tokens/);
  });
});
