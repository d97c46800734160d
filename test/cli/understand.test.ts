import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { initializeTransformer, newModelConfig, saveTransformer } from '../../src/model/index.js';
import { byteTokenizer, saveTokenizer } from '../../src/tokenizer/index.js';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const model = at('model');

// eslint-disable-next-line typescript/no-explicit-any -- what a test reads of it is what it checks
async function json(args: string[]): Promise<any> {
  const { code, stdout, stderr } = await telar([...args, '--model', model, '--json']);
  expect(stderr).not.toContain('telar:');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(() => {
  const tokenizer = byteTokenizer();
  const sizes = { vocabSize: tokenizer.vocabSize, context: 96, layers: 1, width: 16, heads: 2 };
  const tiny = initializeTransformer(newModelConfig('llama', sizes), 1);
  saveTransformer(tiny, model, { addFiles: (temporary) => saveTokenizer(tokenizer, temporary) });
  tiny.dispose();
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? 'zz' : 'aa'}${'bcdefghij'[i % 9]!.repeat(1 + (i % 7))}`);
  writeFileSync(
    at('texts.csv'),
    `text,label\n${rows.map((text, i) => `${text},${i % 2 ? 'late' : 'early'}`).join('\n')}\n`,
  );
  writeFileSync(at('plain.txt'), 'aab\n\nzzb\nzzc\n');
  writeFileSync(at('bad.jsonl'), '{"text":"a","label":"early"}\n{"text":"b","label":"noon"}\n');
  writeFileSync(at('schema.json'), '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}');
});

describe('telar embed', () => {
  it('prints vectors, and what is nearest', async () => {
    const { embeddings } = await json(['embed', 'one', 'two']);
    expect(embeddings).toHaveLength(2);
    expect(Math.hypot(...embeddings[0])).toBeCloseTo(1, 4);
    const { nearest } = await json(['embed', '--data', at('plain.txt'), '--nearest', 'zzb', '--count', '2']);
    expect(nearest[0]).toMatchObject({ line: 3, text: 'zzb' });
    expect(nearest).toHaveLength(2);
    const { code } = await telar(['embed', '--model', model, '--data', at('plain.txt'), '--out', at('out.jsonl')]);
    expect(code).toBe(0);
    expect(readFileSync(at('out.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
  });
});

describe('telar label', () => {
  it.each(['likelihood', 'generation'])('by %s', async (by) => {
    const args = ['label', '--labels', 'early,late', '--by', by];
    const { texts, quality } = await json([...args, '--data', at('texts.csv')]);
    expect(texts).toHaveLength(40);
    expect(texts[0].line).toBe(2);
    expect(quality.texts).toBe(40);
    const unknown = await json([...args, '--data', at('plain.txt')]);
    expect(unknown.texts.map(({ line }: { line: number }) => line)).toEqual([1, 3, 4]);
    expect(unknown.quality).toBeUndefined();
  });

  it.each([
    ['head', []],
    ['head and adapter', ['--lora', '2', '--epochs', '1']],
  ])('trains a %s, keeps it, and uses it', async (name, more) => {
    const out = at(name.replaceAll(' ', '-'));
    const train = ['label', '--by', 'head', '--train', at('texts.csv'), '--out', out, ...more];
    const trained = await json([...train, '--data', at('plain.txt')]);
    expect(trained.labels).toEqual(['early', 'late']);
    const used = await telar(['label', '--by', 'head', '--model', out, '--data', at('plain.txt'), '--json']);
    expect(JSON.parse(used.stdout).texts).toEqual(trained.texts);
    const shown = await telar(['label', '--by', 'head', '--model', out, '--data', at('texts.csv')]);
    expect(shown.stdout).toContain('macro-F1');
  });
});

it('telar extract prints documents of the schema', async () => {
  const found = await json(['extract', '--schema', at('schema.json'), '--data', at('plain.txt'), '--max-tokens', '30']);
  for (const { value } of found) expect(Number.isInteger(value.n)).toBe(true);
  expect(found).toHaveLength(3);
});

it.each([
  [['label', '--labels', 'early,late', '--data', at('bad.jsonl')], 'bad.jsonl:2: label "noon" is none of early, late'],
  [
    ['label', '--labels', 'early,late', '--by', 'head', '--train', at('bad.jsonl'), '--out', at('x')],
    'bad.jsonl:2: label "noon"',
  ],
  [['label', '--labels', 'early', '--data', at('plain.txt')], '1 labels'],
  [['label', '--data', at('plain.txt')], 'give --labels'],
  [['label', '--labels', 'a,b'], 'give --data'],
  [['label', '--by', 'head', '--data', at('plain.txt')], 'has no head over labels'],
  [['label', '--labels', 'a,b', '--data', at('plain.txt'), '--prompt', 'no place'], 'must have {text} in it'],
  [['embed'], 'give texts, or --data'],
  [['embed', 'x', '--pooling', 'max'], 'no pooling "max"'],
  [['extract', '--schema', at('texts.csv'), 'x'], 'cannot read'],
  [['extract', '--schema', at('schema.json'), 'x', '--max-tokens', '2'], 'schema.json'],
] as [string[], string][])('%j is refused: %s', async (args, message) => {
  const { code, stdout, stderr } = await telar([...args, '--model', model]);
  expect(stderr).toContain(message);
  expect([code, stdout]).toEqual([2, '']);
});
