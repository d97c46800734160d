/** `telar prompt` as a process. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeModelDirectory } from '../../src/model/formats/directory.js';
import { initializeTransformer, newModelConfig } from '../../src/model/index.js';
import { byteTokenizer } from '../../src/tokenizer/index.js';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const rows = (from: number, to: number): string =>
  Array.from(
    { length: to - from },
    (_, i) => `${JSON.stringify({ word: `w${from + i}`, answer: i % 2 ? 'a' : 'b' })}\n`,
  ).join('');

beforeAll(() => {
  const tokenizer = byteTokenizer();
  const config = newModelConfig('llama', {
    vocabSize: tokenizer.vocabSize,
    context: 192,
    layers: 1,
    width: 16,
    heads: 2,
  });
  const model = initializeTransformer(config, 1);
  writeModelDirectory(at('model'), config, (name) => model.parameters.get(name)!.data);
  model.dispose();
  writeFileSync(join(at('model'), 'tokenizer.json'), JSON.stringify(tokenizer.toJSON()));
  writeFileSync(
    at('kind.prompt.md'),
    `---\nmodel: ${at('model')}\ninput: { word: string }\noutput: { labels: [a, b] }\n---\nSort.\n\n{{examples}}\n{{word}}: {{answer}}\n`,
  );
  writeFileSync(at('dev.jsonl'), rows(0, 40));
  writeFileSync(at('test.jsonl'), rows(40, 64));
});

describe('telar prompt', () => {
  it('shows a prompt and counts its tokens', async () => {
    const { code, stdout } = await telar(['prompt', 'show', at('kind.prompt.md'), '--input', 'word=oak', '--json']);
    expect({ code, ...(JSON.parse(stdout) as object) }).toEqual({
      code: 0,
      prompt: 'Sort.\n\noak:',
      tokens: expect.any(Number) as number,
      examples: 0,
    });
  });

  it('runs one question and a file of them', async () => {
    const one = await telar(['prompt', 'run', at('kind.prompt.md'), '--input', 'word=oak', '--json']);
    const { answer, probabilities } = JSON.parse(one.stdout) as {
      answer: string;
      probabilities: Record<string, number>;
    };
    expect(['a', 'b']).toContain(answer);
    expect(probabilities['a']! + probabilities['b']!).toBeCloseTo(1, 9);
    const many = await telar(['prompt', 'run', at('kind.prompt.md'), '--data', at('dev.jsonl')]);
    expect(many.stdout.trim().split('\n')).toHaveLength(40);
  });

  it('gives JSON that fulfils the schema, even from a model that knows nothing', async () => {
    const schema = '{ type: object, properties: { n: { type: integer } }, required: [n], additionalProperties: false }';
    writeFileSync(
      at('number.prompt.md'),
      `---\nmodel: ${at('model')}\ninput: { word: string }\nsampling: { temperature: 2, max-tokens: 24 }\noutput: { schema: ${schema} }\n---\n{{word}}: {{answer}}\n`,
    );
    const { code, stdout } = await telar(['prompt', 'run', at('number.prompt.md'), '--input', 'word=oak', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ value: { n: expect.any(Number) as number } });
  });

  it('optimises, never over the seed unless told to', async () => {
    const seed = readFileSync(at('kind.prompt.md'), 'utf8');
    const args = ['prompt', 'optimize', at('kind.prompt.md'), '--data', at('dev.jsonl'), '--test', at('test.jsonl')];
    const { code, stdout, stderr } = await telar([...args, '--out', at('out'), '--json']);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as { winner: { text: string }; test: object };
    for (const name of ['winner.prompt.md', 'report.html', 'report.json', 'outcomes.jsonl'])
      expect(existsSync(join(at('out'), name)), name).toBe(true);
    expect(readFileSync(at('kind.prompt.md'), 'utf8')).toBe(seed);
    const shown = await telar(['prompt', 'show', join(at('out'), 'winner.prompt.md'), '--input', 'word=oak']);
    expect(shown.code, shown.stderr).toBe(0);
    await telar([...args, '--out', at('out'), '--write']); // goes on with what is scored
    expect(readFileSync(at('kind.prompt.md'), 'utf8')).toBe(report.winner.text);
    writeFileSync(at('kind.prompt.md'), seed);
  });

  it.each([
    [['show', 'none.prompt.md'], /cannot read none\.prompt\.md: no such file/],
    [['show', 'kind.prompt.md', '--input', 'wrod=x'], /"wrod" is not an input; there are: word/],
    [['run', 'kind.prompt.md'], /give either --input/],
    [['run', 'kind.prompt.md', '--input', 'word=x', '--model', 'none'], /none/],
    [['optimize', 'kind.prompt.md', '--data', 'test.jsonl', '--out', 'x', '--test', 'test.jsonl'], /not held out/],
    [['optimize', 'kind.prompt.md', '--data', 'dev.jsonl', '--out', 'x', '--metric', 'exact'], /does not suit/],
  ])('%j ends with 2 and one line', async (args, message) => {
    const { code, stderr, stdout } = await telar([
      'prompt',
      ...args.map((arg) => (/\.(md|jsonl)$/.test(arg) && !arg.startsWith('none') ? at(arg) : arg)),
    ]);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(message);
  });
});
