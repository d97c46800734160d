/** `telar corpus` as a person runs it: from files to shards, stopped and resumed, and on to pretraining. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/io/files.js';
import { Random } from '../../src/io/hash-random.js';
import { start, telar, temporaryFolder } from './telar.js';

const root = temporaryFolder();
const at = (...path: string[]): string => join(root, ...path);

/** Prose of `words` words that passes for English, different for each seed. */
function prose(seed: number, words: number): string {
  const random = new Random(seed, 7);
  const list =
    'the of and to in that is was for it with as his on be at by had not are but from or have an they which one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through back years where much your way well down should because each just those people how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three'.split(
      ' ',
    );
  const sentences: string[] = [];
  for (let left = words; left > 0;) {
    const length = 8 + random.int(10);
    const sentence = Array.from({ length }, () => list[random.int(list.length)]!).join(' ');
    sentences.push(`${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`);
    left -= length;
  }
  const paragraphs: string[] = [];
  for (let i = 0; i < sentences.length; i += 6) paragraphs.push(sentences.slice(i, i + 6).join(' '));
  return paragraphs.join('\n\n');
}

/** SHA-256 of every file in a folder of shards. */
function contents(corpus: string): Record<string, string> {
  const names = readdirSync(join(corpus, 'data')).sort();
  return Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(corpus, 'data', name)))]));
}

const config = `
name: test corpus
sources:
  - { name: books, paths: "books/*.txt", licence: ours }
  - { name: more, paths: [more/a, more/b] }
  - { name: letters, paths: more/c }
  - name: pages
    paths: ["pages/*.jsonl.gz"]
    weight: 2
clean:
  language: { languages: [en], minConfidence: 0 }
  toxicity: { threshold: 1 }
tokenizer: { vocab: 400 }
heldOut: 0.1
`;

const original = prose(1, 400);

beforeAll(() => {
  mkdirSync(at('pages'));
  for (const [n, name] of ['books', 'more/a', 'more/b', 'more/c'].entries()) {
    mkdirSync(at(name), { recursive: true });
    for (let i = 0; i < 3; i++) writeFileSync(at(name, `${i}.txt`), prose(100 + 10 * n + i, 3000));
  }
  writeFileSync(at('books', 'short.txt'), 'Too short to be of use.');
  writeFileSync(at('books', 'copy.txt'), original);
  for (let i = 0; i < 6; i++) {
    const lines = Array.from({ length: 20 }, (_, j) => JSON.stringify({ text: prose(1000 + 20 * i + j, 200) }));
    if (i === 3) lines.push(JSON.stringify({ text: original }), '{"text": "broken');
    if (i === 4) lines.push(JSON.stringify({ text: `${original} My address is jane.roe@example.com today.` }));
    writeFileSync(at('pages', `${i}.jsonl.gz`), gzipSync(`${lines.join('\n')}\n`));
  }
  writeFileSync(at('corpus.yaml'), config);
});

describe('telar corpus', () => {
  it('makes a corpus whose report adds up, and pretraining takes it', async () => {
    const made = await telar(['corpus', at('corpus.yaml'), '--out', at('corpus'), '--json']);
    expect(made.stderr + made.code).toMatch(/0$/);
    const summary = JSON.parse(made.stdout) as { train: { tokens: number }; problems: number };
    expect(summary.problems).toBe(1);
    const inspected = await telar(['corpus', 'inspect', at('corpus'), '--json', '--verify', '--samples', '2']);
    const { report, samples } = JSON.parse(inspected.stdout) as {
      report: {
        read: { documents: number; bytes: number };
        removals: { kind: string; rule: string; documents: number; bytes: number }[];
        train: { documents: number; bytes: number; tokens: number };
        heldOut: { documents: number; bytes: number; tokens: number };
        personalData: { counts: Record<string, number> };
        sources: { name: string; epochs: number; tokens: number; kept: { documents: number } }[];
      };
      samples: { text: string }[];
    };
    const { read, removals, train, heldOut, sources } = report;
    for (const what of ['documents', 'bytes'] as const)
      expect(read[what] - removals.reduce((sum, removal) => sum + removal[what], 0), what).toBe(
        train[what] + heldOut[what],
      );
    const removed = (kind: string): number =>
      removals.filter((removal) => removal.kind === kind).reduce((sum, { documents }) => sum + documents, 0);
    expect(read.documents).toBe(14 + 6 * 20 + 2);
    expect([removed('cleaning'), removed('exact'), removed('near')]).toEqual([1, 1, 1]);
    expect(report.personalData.counts['email']).toBe(1);
    expect(sources.map(({ name, epochs }) => [name, epochs])).toEqual([
      ['books', 1],
      ['more', 1],
      ['letters', 1],
      ['pages', 2],
    ]);
    expect(sources.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(train.tokens + heldOut.tokens);
    expect(heldOut.documents).toBeGreaterThan(0);
    expect(samples).toHaveLength(2);
    expect(readFileSync(at('corpus', 'report.html'), 'utf8')).toContain('test corpus');
    expect(readFileSync(at('corpus', 'datasheet.md'), 'utf8')).toContain('ours');

    const trained = await telar(
      ['pretrain', at('corpus'), '--out', at('run'), '--steps', '2', '--json'].concat(
        '--width 32 --heads 1 --layers 1 --context 64 --batch-tokens 128'.split(' '),
      ),
    );
    expect(trained.stderr + trained.code).toMatch(/0$/);
    expect(readFileSync(at('run', 'final', 'README.md'), 'utf8')).toContain('ours');
    expect(existsSync(at('run', 'data'))).toBe(false);
  });

  it('gives the same shards at any number of threads, and after kill -9', async () => {
    const one = await telar(['corpus', at('corpus.yaml'), '--out', at('one'), '--threads', '1']);
    expect(one.code).toBe(0);
    expect(contents(at('one'))).toEqual(contents(at('corpus')));

    const { process: killed, outcome } = start(['corpus', at('corpus.yaml'), '--out', at('killed'), '--threads', '1']);
    const finished = (): string[] =>
      existsSync(at('killed', 'clean'))
        ? readdirSync(at('killed', 'clean')).filter((name) => name.endsWith('.json'))
        : [];
    while (finished().length < 3 && killed.exitCode === null) await setTimeout(2);
    killed.kill('SIGKILL');
    await outcome;
    const before = finished().map((name) => [name, readFileSync(at('killed', 'clean', name), 'utf8')]);
    expect(existsSync(at('killed', 'report.json'))).toBe(false);
    const resumed = await telar(['corpus', at('corpus.yaml'), '--out', at('killed'), '--resume']);
    expect(resumed.stderr + resumed.code).toMatch(/0$/);
    expect(contents(at('killed'))).toEqual(contents(at('corpus')));
    // Tallies hold the seconds a unit took: a unit that was done again would have others.
    for (const [name, text] of before) expect(readFileSync(at('killed', 'clean', name!), 'utf8')).toBe(text);
  });

  it('refuses what cannot be meant, in one line', async () => {
    const refused = async (text: string, args: string[] = []): Promise<string> => {
      writeFileSync(at('bad.yaml'), text);
      const { code, stderr } = await telar(['corpus', at('bad.yaml'), '--out', at('bad'), ...args]);
      expect([code, stderr.trim().split('\n').length], stderr).toEqual([2, 1]);
      return stderr;
    };
    expect(await refused('sources: []')).toMatch(/sources/);
    expect(await refused('sources: [{name: a, paths: nowhere}]')).toMatch(/nowhere/);
    expect(await refused('sources: [{name: a, paths: books}]\nheldOut: 2')).toMatch(/heldOut/);
    expect(await refused('sources: [{name: a, paths: books}]\nclean: {gophre: true}')).toMatch(/gophre/);
    expect(await refused('sources: [{name: a, paths: books}, {name: a, paths: pages}]')).toMatch(/one name/);
    expect(await refused('sources: [{name: a, paths: pages}]', ['--strict'])).toMatch(/3\.jsonl\.gz.*22/);
    const again = await telar(['corpus', at('corpus.yaml'), '--out', at('corpus')]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('--resume')]);
  });
});
