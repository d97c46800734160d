import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { promptFile } from './fixtures.js';
import { parsePromptFile, readPromptFile } from './prompt-file.js';
import { renderParts, renderPrompt } from './render.js';
import { checkValues, parseAssignments } from './values.js';
import { exampleRow, formatPromptFile } from './write-prompt.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-prompt-'));
afterAll(() => rmSync(folder, { recursive: true }));
const word = (text: string) => new Map([['word', text]]);

it('writes examples and question in the same way, labels in their words', () => {
  const file = promptFile('{ items: [{ word: oak, answer: plant }, { word: fox, answer: animal }] }');
  expect(renderParts(file, word('fern'), file.pool)).toEqual({
    text: 'Sort.\n\nWord: oak\nKind: green\n\nWord: fox\nKind: red\n\nWord: fern\nKind:',
    lead: ' ',
  });
});

it('puts what stands before {{turn}} once, between examples and question', () => {
  const file = promptFile(
    '{ items: [{ word: oak, answer: plant }], separator: "\\n" }',
    '{{examples}}\nNow one of: {{labels}}.\n{{turn}}\n{{word}} is {{answer}}!',
  );
  expect(renderPrompt(file, word('{{word}}'), file.pool)).toBe('oak is green!\nNow one of: green, red.\n{{word}} is');
});

it.each([
  ['Hello', /:1: a prompt file begins with "---"/],
  ['---\na: 1', /:1: the settings do not end/],
  ['---\n---\n', /there is no prompt/],
  ['---\ninput: {a: string\n---\n{{a}}', /f:\d: not YAML/],
  ['---\na: 1\na: 2\n---\nx', /f:3: not YAML: Map keys must be unique/],
  ['---\nmodel: x\ntemprature: 1\n---\nx', /f:3: temprature: is not known here/],
  ['---\nsampling:\n  temperature: hot\n---\nx', /f:3: sampling\.temperature: .*expected number/],
  ['---\nsampling:\n  temperature: 1\n  topk: 1\n---\nx', /f:4: sampling\.topk: is not known here/],
  ['---\ninput:\n  a:\n    type: text\n---\n{{a}}', /f:4: input\.a\.type/],
  ['---\ninput:\n  answer: string\n---\nx', /cannot be called "answer"/],
  ['---\ninput: {a: string}\n---\n\nx {{a}}\n{{b}}', /f:6: \{\{b\}\} is not an input; there are: \{\{a\}\}/],
  ['---\ninput: {a: string}\n---\nx', /"a" is declared and the prompt does not use it/],
  ['---\noutput: {labels: [one]}\n---\n{{answer}}', /f:2: output\.labels: at least two/],
  ['---\noutput: {labels: {a: x, b: x}}\n---\n{{answer}}', /written alike/],
  ['---\noutput: {labels: [a, b]}\n---\nx', /needs \{\{answer\}\}/],
  ['---\n---\n{{answer}}\n{{examples}}', /f:3: \{\{answer\}\} must stand after/],
  ['---\n---\n{{examples}}\n{{examples}}', /f:4: \{\{examples\}\} stands twice/],
  ['---\n---\n{{turn}}', /needs \{\{examples\}\}/],
  ['---\nexamples: {items: [{answer: x}]}\n---\nx', /examples need \{\{examples\}\}/],
  ['---\nexamples: {count: 2}\n---\n{{examples}}{{answer}}', /2 examples are asked for and none/],
  ['---\nexamples: {from: none.jsonl}\n---\n{{examples}}{{answer}}', /no such file/],
  [
    '---\ninput: {a: string}\nexamples: {items: [{a: x}]}\n---\n{{examples}}{{a}}{{answer}}',
    /example 1: the answer is missing/,
  ],
  ['---\na: &a [x]\nb: [*a, *a, *a]\nc: *d\n---\nx', /f:\d: not YAML/],
])('refuses %j', (text, message) => {
  expect(() => parsePromptFile(text, 'f')).toThrow(message);
  expect(() => parsePromptFile(text, 'f')).toThrow(InputError);
});

it('names the line of an example file that does not fit', () => {
  const examples = join(folder, 'examples.jsonl');
  const read = (lines: string) => {
    writeFileSync(examples, lines);
    const path = join(folder, 'x.prompt.md');
    writeFileSync(
      path,
      '---\ninput: {n: integer}\noutput: {labels: [a, b]}\nexamples: {from: examples.jsonl}\n---\n{{examples}}\n{{n}}: {{answer}}',
    );
    return () => readPromptFile(path);
  };
  expect(read('{"n":1,"answer":"a"}\n\n{"n":2,"id":7,"answer":"b"}\n')().pool.map(({ where }) => where)).toEqual([
    `${examples}:1`,
    `${examples}:3`,
  ]);
  expect(read('{"n":1,"answer":"a"}\n{"n":1.5,"answer":"a"}\n')).toThrow(
    /jsonl:2: the input "n" must be a whole number/,
  );
  expect(read('{"n":1,"answer":"c"}\n')).toThrow(/jsonl:1: "c" is not a label; there are: a, b/);
  expect(read('{"n":1,"answer":""}\n')).toThrow(/jsonl:1: the answer is empty/);
  expect(read('{"n":1,"m":2,"answer":"a"}\n')).toThrow(/jsonl:1: "m" is not an input; there are: n/);
  expect(read('{"n":1,\n')).toThrow(/jsonl:1: not JSON/);
});

describe('values', () => {
  const { settings } = parsePromptFile(
    '---\ninput: {s: string, n: {type: number, default: 3}, l: {type: strings, required: false}, b: boolean}\n---\n{{s}}{{n}}{{l}}{{b}}',
    'f',
  );
  const check = (...list: string[]) =>
    Object.fromEntries(checkValues(parseAssignments(list, settings.input), settings.input, 'here'));
  it('reads them as their types and adds defaults', () => {
    expect(check('s=a=b', 'b=true')).toEqual({ s: 'a=b', n: '3', l: '', b: 'true' });
    expect(check('s=', 'b=false', 'n=1e3', 'l=x, y')).toEqual({ s: '', n: '1000', l: '- x\n- y', b: 'false' });
  });
  it.each([
    [['b=true'], /here: the input "s" is missing/],
    [['s=x', 'b=yes'], /"b" must be a boolean, not "yes"/],
    [['s=x', 'b=true', 'n=many'], /"n" must be a number/],
    [['s=x', 'b=true', 'q=1'], /"q" is not an input; there are: s, n, l, b/],
    [['s=x', 's=y'], /given twice/],
    [['s'], /name=value/],
    [['s=x', 'b=true', '__proto__=1'], /is not an input|name=value/],
  ])('refuses %j', (list, message) => {
    expect(() => check(...list)).toThrow(message);
  });
});

const shipped = fileURLToPath(new URL('../../prompts/', import.meta.url));

it.each(readdirSync(shipped))('prompts/%s renders, and reads again as it is written', (name) => {
  const file = readPromptFile(join(shipped, name));
  const [first, ...others] = file.pool;
  expect(others.length + 1).toBeGreaterThan(0);
  const text = renderPrompt(file, first!.values, others);
  for (const value of first!.values.values()) expect(text).toContain(value);
  const again = parsePromptFile(formatPromptFile(file, { notes: ['a\nnote'] }), file.path);
  expect(again.settings.input).toEqual(file.settings.input);
  expect(again.settings.output).toEqual(file.settings.output);
  expect(again.settings.sampling).toEqual(file.settings.sampling);
  expect(again.pool.map((each) => exampleRow(each, file.settings))).toEqual(
    file.pool.map((each) => exampleRow(each, file.settings)),
  );
  expect(renderParts(again, first!.values, again.pool)).toEqual(renderParts(file, first!.values, file.pool));
});
