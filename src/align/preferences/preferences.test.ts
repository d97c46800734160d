import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folder } from '../../corpus/read/fixtures.js';
import { InputError } from '../../io/errors.js';
import { byteTokenizer } from '../../tokenizer/index.js';
import { type Example, summarizeProblems } from '../../tune/index.js';
import {
  encodePrompt,
  FeedbackBatches,
  type Prompt,
  promptText,
  readPreferences,
  readPrompts,
  readThumbs,
  splitByPrompt,
} from './index.js';

const { put } = folder();
const tokenizer = byteTokenizer();
const options = { tokenizer, template: null, context: 512 };
const lines = (...records: unknown[]): string => records.map((record) => JSON.stringify(record)).join('\n');
const whole = ({ tokens }: Example): string => tokenizer.decode(tokens);
const learned = ({ tokens, learned }: Example): string => tokenizer.decode(tokens.filter((_, i) => learned[i] === 1));
const given = ({ tokens, learned }: Example): string => tokenizer.decode(tokens.filter((_, i) => learned[i] === 0));

const user = (content: string) => ({ role: 'user' as const, content });
const assistant = (content: string) => ({ role: 'assistant' as const, content });
const END = '<|endoftext|>';

describe('readPreferences', () => {
  it('reads texts, messages, whole conversations and transcripts', async () => {
    const path = put(
      'pairs.jsonl',
      lines(
        { prompt: 'Sky is', chosen: ' blue', rejected: ' red', margin: 2 },
        { prompt: 'Sky?', system: 'Be brief.', chosen: 'Blue', rejected: 'Red' },
        { prompt: [user('Sky?')], chosen: [assistant('Blue')], rejected: 'Red' },
        {
          chosen: [user('Hi'), assistant('Yo'), user('Sky?'), assistant('Blue')],
          rejected: [user('Hi'), assistant('Yo'), user('Sky?'), assistant('Red')],
        },
        {
          chosen: '\n\nHuman: Hi\n\nAssistant: Yo\n\nHuman: Sky?\n\nAssistant: Blue',
          rejected: '\n\nHuman: Hi\n\nAssistant: Yo\n\nHuman: Sky?\n\nAssistant: Red',
        },
      ),
    );
    const { pairs, truncated, problems } = await readPreferences([path], options);
    const chat = `${END}User: Hi\nAssistant: Yo${END}\nUser: Sky?\nAssistant:`;
    expect(
      pairs.map(({ chosen, rejected, margin }) => [given(chosen), learned(chosen), learned(rejected), margin]),
    ).toEqual([
      [`${END}Sky is`, ` blue${END}`, ` red${END}`, 2],
      [`${END}Be brief.\n\nUser: Sky?\nAssistant:`, ` Blue${END}`, ` Red${END}`, null],
      [`${END}User: Sky?\nAssistant:`, ` Blue${END}`, ` Red${END}`, null],
      [chat, ` Blue${END}`, ` Red${END}`, null],
      [chat, ` Blue${END}`, ` Red${END}`, null],
    ]);
    expect([pairs[3]!.where, truncated, problems]).toEqual([`${path}:4`, 0, []]);
  });

  it('names what is wrong with its place, or leaves it out', async () => {
    const bad: [unknown, string][] = [
      [{ prompt: 'a', chosen: 'b', rejected: 'b' }, 'equal answers'],
      [{ prompt: ' ', chosen: 'b', rejected: 'c' }, 'empty prompt'],
      [{ prompt: 'a', chosen: 'b', rejected: '' }, 'empty answer'],
      [{ prompt: 'a', chosen: 'b' }, 'unknown shape'],
      [{ prompt: 'a', chosen: 'b', rejected: 3 }, 'wrong type'],
      [{ prompt: 'a', chosen: 'b', rejected: 'c', margin: -1 }, 'wrong type'],
      [{ prompt: 'a', chosen: 'b', rejected: 'c', margin: '1' }, 'wrong type'],
      [{ chosen: [user('a'), assistant('b')], rejected: [user('x'), assistant('c')] }, 'different prompts'],
      [{ chosen: [user('a')], rejected: [user('a'), assistant('c')] }, 'wrong roles'],
      [{ chosen: 'no turns', rejected: 'at all' }, 'unknown shape'],
      [{ chosen: '\n\nHuman: a\n\nAssistant:', rejected: '\n\nHuman: a\n\nAssistant: c' }, 'empty answer'],
    ];
    const path = put('bad.jsonl', lines({ prompt: 'a', chosen: 'b', rejected: 'c' }, ...bad.map(([record]) => record)));
    const { pairs, problems } = await readPreferences([path], { ...options, skipBad: true });
    expect(pairs).toHaveLength(1);
    expect(problems.map(({ kind, where }) => [kind, where])).toEqual(
      bad.map(([, kind], i) => [kind, `${path}:${i + 2}`]),
    );
    expect(summarizeProblems(problems).length).toBe(new Set(bad.map(([, kind]) => kind)).size);
    await expect(readPreferences([path], options)).rejects.toThrow(`${path}:2: "chosen" and "rejected" are the same`);
  });

  it('shows both answers the same prompt where it is cut', async () => {
    const prompt = 'abcdefghijklmnopqrstuvwxyz'.repeat(3);
    const path = put('long.jsonl', lines({ prompt, chosen: 'yes', rejected: 'certainly not' }));
    for (const context of [40, 60, 90, 94, 200]) {
      const { pairs, truncated } = await readPreferences([path], { ...options, context });
      const [{ chosen, rejected }] = pairs as [(typeof pairs)[0]];
      expect(given(chosen)).toBe(given(rejected));
      expect(Math.max(chosen.tokens.length, rejected.tokens.length)).toBeLessThanOrEqual(context);
      expect(truncated).toBe(context < 79 + 14 ? 1 : 0);
    }
  });

  it('reads any texts back as they were', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 20 })
      .filter((s) => s.trim() !== '' && s.isWellFormed());
    await fc.assert(
      fc.asyncProperty(text, text, text, async (prompt, chosen, rejected) => {
        fc.pre(chosen !== rejected);
        const { pairs } = await readPreferences([put('any.jsonl', lines({ prompt, chosen, rejected }))], options);
        expect(pairs.map((pair) => [pair.prompt, learned(pair.chosen), learned(pair.rejected)])).toEqual([
          [prompt, chosen + END, rejected + END],
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('reads the real data of Anthropic', async (context) => {
    const path = join(process.env['TELAR_DATA'] ?? '../shared/data', 'hh-rlhf/harmless-test.jsonl.gz');
    if (!existsSync(path)) context.skip('no ../shared/data');
    const { pairs, problems } = await readPreferences([path], { ...options, context: 100_000, skipBad: true });
    expect(pairs.length + problems.length).toBe(2312);
    expect(pairs.length).toBeGreaterThan(2200);
    for (const { chosen, rejected, prompt } of pairs.slice(0, 200)) {
      expect((prompt as readonly { role: string }[]).at(-1)!.role).toBe('user');
      expect(given(chosen)).toBe(given(rejected));
    }
  });
});

describe('readThumbs and readPrompts', () => {
  it('reads thumbs, and pairs as one of each', async () => {
    const path = put(
      'thumbs.jsonl.gz',
      gzipSync(
        lines(
          { prompt: 'a', completion: ' b', label: true },
          { messages: [user('a'), assistant('c')], label: false },
          { prompt: 'a', chosen: ' d', rejected: ' e' },
        ),
      ),
    );
    const { thumbs } = await readThumbs([path], options);
    expect(thumbs.map(({ example, good }) => [learned(example), good])).toEqual([
      [` b${END}`, true],
      [` c${END}`, false],
      [` d${END}`, true],
      [` e${END}`, false],
    ]);
    const bad = put('no-label.jsonl', lines({ prompt: 'a', completion: 'b', label: 'yes' }));
    await expect(readThumbs([bad], options)).rejects.toThrow('"label" must be true or false, not "yes"');
  });

  it('counts ties, and learns nothing from them', async () => {
    const pair = { prompt: 'a', chosen: ' b', rejected: ' c' };
    const path = put('ties.jsonl', lines(pair, { prompt: 'a', tie: [' b', ' d'] }));
    expect(await readPreferences([path], options)).toMatchObject({ pairs: [{ prompt: 'a' }], ties: 1 });
    expect((await readThumbs([path], options)).thumbs).toHaveLength(2);
    for (const [record, reason] of [
      [{ prompt: 'a', tie: [' b'] }, 'not a list of two'],
      [{ prompt: 'a', tie: [' b', ' b'] }, 'are the same'],
      [{ ...pair, tie: [' b', ' c'] }, 'keep one of them'],
      [{ prompt: 'a', tie: [' b', ' c'] }, 'all judgements are ties'],
    ] as const)
      await expect(readThumbs([put('tie.jsonl', lines(record))], options)).rejects.toThrow(reason);
  });

  it('reads prompts with what rewards may need', async () => {
    const path = put(
      'prompts.jsonl',
      lines(
        { prompt: 'Capital of France?', answer: 'Paris' },
        { messages: [user('Hi'), assistant('left out')], id: 7 },
        { prompt: [user('Hi')] },
      ),
    );
    const { prompts } = await readPrompts([path], options);
    expect(
      prompts.map(({ prompt, record, tokens }) => [
        promptText(prompt),
        record['answer'] ?? record['id'],
        tokenizer.decode(tokens),
      ]),
    ).toEqual([
      ['Capital of France?', 'Paris', `${END}Capital of France?`],
      ['Hi', 7, `${END}User: Hi\nAssistant:`],
      ['Hi', undefined, `${END}User: Hi\nAssistant:`],
    ]);
    for (const [record, reason] of [
      [{ prompt: '' }, '"prompt" is empty'],
      [{ text: 'a' }, 'expected "prompt" or "messages"; it has text'],
      [{ prompt: 3 }, 'neither a text nor a list'],
      [{ messages: [] }, 'list of messages is empty'],
    ] as const)
      await expect(readPrompts([put('wrong.jsonl', lines(record))], options)).rejects.toThrow(reason);
  });

  it('cuts a text from its beginning, and refuses a conversation that is too long', () => {
    expect(tokenizer.decode(encodePrompt({ ...options, context: 5 }, 'abcdefgh'))).toBe(`${END}efgh`);
    expect(() => encodePrompt({ ...options, context: 5 }, [user('abcdefgh')])).toThrow('more than the 5');
  });

  it('encodes what an answer follows as training does', async () => {
    const { pairs } = await readPreferences(
      [
        put(
          'same.jsonl',
          lines({ prompt: [user('Hi')], chosen: 'Yo', rejected: 'No' }, { prompt: 'a', chosen: 'b', rejected: 'c' }),
        ),
      ],
      options,
    );
    for (const { prompt, chosen } of pairs) expect(tokenizer.decode(encodePrompt(options, prompt))).toBe(given(chosen));
    expect(whole(pairs[0]!.chosen)).toBe(`${END}User: Hi\nAssistant: Yo${END}`);
  });
});

describe('splitByPrompt', () => {
  const items = Array.from({ length: 60 }, (_, i) => ({ prompt: `prompt ${i % 20}` as Prompt, i }));

  it('keeps equal prompts on one side, whatever the order', () => {
    const { train, heldOut } = splitByPrompt(items, 0.2, 1);
    expect(heldOut.length).toBeGreaterThanOrEqual(12);
    const prompts = new Set(heldOut.map(({ prompt }) => prompt));
    expect(train.some(({ prompt }) => prompts.has(prompt))).toBe(false);
    expect(train.length + heldOut.length).toBe(60);
    const turned = splitByPrompt(items.toReversed(), 0.2, 1);
    expect(new Set(turned.heldOut.map(({ i }) => i))).toEqual(new Set(heldOut.map(({ i }) => i)));
    expect(splitByPrompt(items, 0.2, 2).heldOut).not.toEqual(heldOut);
  });

  it('holds nothing out of 0, and refuses what cannot be split', () => {
    expect(splitByPrompt(items, 0, 1).heldOut).toEqual([]);
    expect(() =>
      splitByPrompt(
        items.filter(({ prompt }) => prompt === 'prompt 3'),
        0.5,
        1,
      ),
    ).toThrow(InputError);
    expect(() => splitByPrompt(items, 1, 1)).toThrow(InputError);
  });
});

describe('batches', () => {
  it('keep pairs together, go through all, and continue where they were', async () => {
    const records = Array.from({ length: 30 }, (_, i) => ({
      prompt: `p${i}`,
      chosen: 'x'.repeat(i + 1),
      rejected: 'n',
    }));
    const { pairs } = await readPreferences([put('batches.jsonl', lines(...records))], options);
    const groups = pairs.map(({ chosen, rejected }) => [chosen, rejected]);
    const packing = { context: 64, rowsPerBatch: 2, seed: 3 };
    const stream = new FeedbackBatches({ groups, ...packing });
    const seen: number[] = [];
    let half: unknown;
    while (stream.epochs < 1) {
      const { batch, groups: numbers, scored } = stream.next();
      half ??= stream.state();
      expect(batch.sequenceStarts.length).toBe(2 * scored + 1);
      for (const [i, number] of numbers.entries()) {
        const [from, to] = [batch.sequenceStarts[2 * i]!, batch.sequenceStarts[2 * i + 1]!];
        expect(batch.tokens.subarray(from, to)).toEqual(pairs[number]!.chosen.tokens.subarray(0, -1));
      }
      seen.push(...numbers);
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual([...pairs.keys()]);
    const again = new FeedbackBatches({ groups, ...packing });
    again.restore(half);
    const first = new FeedbackBatches({ groups, ...packing });
    first.next();
    expect(again.next()).toEqual(first.next());
    const thumbs = new FeedbackBatches({ groups: pairs.map(({ chosen }) => [chosen]), ...packing });
    expect(thumbs.next().scored).toBeGreaterThan(0);
    expect(() => thumbs.restore(half)).toThrow(InputError);
  });
});
