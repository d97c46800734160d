import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { compressions, conversion, folder, parquet, prose, readPaths, readUnits, texts } from './fixtures.js';
import { planUnits, sourceOptionsSchema } from './index.js';

const { root, put } = folder();
const at = (...names: string[]) => names.map((name) => join(root, name));
const found = async (...names: string[]) =>
  (await readPaths(at(...names))).units.map(({ path }) => relative(root, path));

describe('planUnits', () => {
  it('walks folders in byte order and leaves out what is not text', async () => {
    const names = ['README', 'a/B.text', 'a/z.md', 'b.html.gz', 'd.warc.wet.gz', 'e.csv.zst', 'f.parquet'];
    for (const name of [...names, 'c.JSON', 'x.png', 'y.tar.gz', 'z.pdf.zst', '.git/config', '.hidden', 'a/.b.txt'])
      put(join('walk', name), 'text');
    const read = await readPaths(at('walk'));
    expect(read.units.map(({ path }) => relative(join(root, 'walk'), path))).toEqual(names);
    expect(read.units.map(({ format, compression }) => `${format} ${compression}`)).toEqual([
      'text none',
      'text none',
      'markdown none',
      'html gzip',
      'warc gzip',
      'csv zstd',
      'parquet none',
    ]);
    expect(read.warnings).toEqual([
      { source: join(root, 'walk'), reason: 'skipped 4 files that are not text by name (.json, .pdf, .png, .tar)' },
    ]);
  });

  it('takes globs in byte order, hidden files left out, and each file once', async () => {
    for (const name of ['g/b.txt', 'g/a.txt', 'g/é.txt', 'g/Z.txt', 'g/.h.txt', 'g/sub/c.txt', 'g/d.md', 'g/e.png'])
      put(name, 'x');
    expect(await found('walk/*.JSON')).toEqual(['walk/c.JSON']);
    expect(await found('g/*.txt')).toEqual(['g/Z.txt', 'g/a.txt', 'g/b.txt', 'g/é.txt']);
    expect(await found('g/**/*.{md,txt}')).toEqual([
      'g/Z.txt',
      'g/a.txt',
      'g/b.txt',
      'g/d.md',
      'g/sub/c.txt',
      'g/é.txt',
    ]);
    expect(await found('g/b.txt', 'g/*.txt', 'g')).toEqual([
      'g/b.txt',
      'g/Z.txt',
      'g/a.txt',
      'g/é.txt',
      'g/d.md',
      'g/sub/c.txt',
    ]);
    await expect(found('g/*.none')).rejects.toThrow(/holds no file to read/);
    put('odd/[a]*.txt', 'x');
    expect(await found('odd/[a]*.txt')).toEqual(['odd/[a]*.txt']);
  });

  it('follows links, and ends in a loop of them', async () => {
    put('l/a/b.txt', 'x');
    put('elsewhere/c.txt', 'x');
    symlinkSync(at('l/a')[0]!, join(root, 'l/a/loop'));
    symlinkSync(at('elsewhere')[0]!, join(root, 'l/link'));
    symlinkSync(at('nowhere')[0]!, join(root, 'l/dangling'));
    const read = await readPaths(at('l'));
    expect(read.units.map(({ path }) => relative(root, path))).toEqual(['l/a/b.txt', 'l/link/c.txt']);
    expect(read.warnings).toEqual([{ source: join(root, 'l/dangling'), reason: 'skipped, a link to nothing' }]);
  });

  it('refuses what is not there and options that are wrong', async () => {
    mkdirSync(join(root, 'void'));
    for (const paths of [[], at('missing'), at('void')]) await expect(readPaths(paths)).rejects.toThrow(InputError);
    put('t.txt', 'x');
    for (const options of [{ format: 'pdf' as never }, { encoding: 'x' }, { select: '[' }])
      await expect(readPaths(at('t.txt'), options)).rejects.toThrow(InputError);
    expect(sourceOptionsSchema.safeParse({ format: 'csv', field: 'body' }).success).toBe(true);
    expect(sourceOptionsSchema.safeParse({ column: 'body' }).success).toBe(false);
  });

  it('reads a file by the format that is given', async () => {
    expect(texts(await readPaths(put('data.dat', '{"body": "x"}\n'), { format: 'jsonl', field: 'body' }))).toEqual([
      'x',
    ]);
  });
});

async function* stream(content: string | Uint8Array) {
  const bytes = Buffer.from(content);
  for (let i = 0; i < bytes.length; i += 50) yield bytes.subarray(i, i + 50);
}

describe('standard input', () => {
  it('is spooled and known by its first bytes', async () => {
    const spoolFolder = join(root, 'spool');
    const made = await parquet(join(root, 'stdin.parquet'), `select 'one' as "text"`);
    const inputs: [string | Uint8Array, string][] = [
      ['just text', 'text'],
      ['{"text": "one"}\n{"text": "two"}\n', 'jsonl'],
      ['[{"text": "one"}]', 'json'],
      ['{\n  "text": "one"\n}', 'json'],
      [`<!DOCTYPE html><html><body><p>${prose('loom')}</p></body></html>`, 'html'],
      [conversion('https://example.org/', 'one'), 'warc'],
      [execFileSync('cat', [made]), 'parquet'],
      ['{not json', 'text'],
      ['[see note 1] some text', 'text'],
    ];
    for (const [content, format] of inputs)
      for (const { pack } of Object.values(compressions)) {
        const read = await readPaths('-', { stdin: stream(pack(content)), spoolFolder });
        expect(read.units[0]).toMatchObject({ format, name: 'stdin' });
        expect(read.problems, String(content)).toEqual([]);
        expect(read.documents[0]!.source, String(content)).toMatch(/^stdin/);
      }
  });

  it('gives the same unit for the same bytes, and stands where it is named', async () => {
    const spoolFolder = join(root, 'same');
    const plan = () => planUnits(['-'], { warn: () => {}, stdin: stream('some text'), spoolFolder });
    expect(await plan()).toEqual(await plan());
    expect(readdirSync(spoolFolder)).toHaveLength(1);
    const [a, b] = [put('in/a.txt', 'a'), put('in/b.txt', 'b')];
    const read = await readPaths([a, '-', b], { stdin: stream('middle'), spoolFolder });
    expect(texts(read)).toEqual(['a', 'middle', 'b']);
    expect(read.documents[1]!.source).toBe('stdin');
  });

  it('needs a folder, and comes once', async () => {
    await expect(readPaths('-', { stdin: stream('x') })).rejects.toThrow(/needs a folder to be spooled to/);
    await expect(readPaths(['-', '-'], { stdin: stream('x'), spoolFolder: root })).rejects.toThrow(/given twice/);
  });
});

describe('Parquet', () => {
  const query = (rows: number) =>
    `select 'text ' || i as "text", 'id' || i as id, [i] as list, null::varchar as nothing from range(${rows}) t(i)`;

  it('is cut at row groups into units that give the same documents', async () => {
    const path = await parquet(join(root, 'groups.parquet'), query(20_000), ', row_group_size 2048');
    const whole = await readPaths(path);
    expect(whole.documents).toHaveLength(20_000);
    expect(whole.documents[12_345]).toEqual({ text: 'text 12345', source: `${path}#12346`, meta: { id: 'id12345' } });
    const cut = await readPaths(path, { unitBytes: 30_000 });
    expect(cut.units.length).toBeGreaterThan(2);
    expect(cut.documents).toEqual(whole.documents);
    expect(cut.units.at(-1)!.to).toBe(cut.units[0]!.bytes);
  });

  it('has a column of text, or a problem', async () => {
    const path = await parquet(join(root, "it's [a] *glob*.parquet"), query(2));
    expect(texts(await readPaths(path))).toEqual(['text 0', 'text 1']);
    expect((await readPaths(path, { field: 'body' })).problems[0]!.reason).toMatch(/no column "body" \(but text, id/);
    expect((await readPaths(path, { field: 'list' })).problems[0]!.reason).toMatch(/"list" holds BIGINT\[\], not text/);
    expect((await readPaths(path, { field: 'nothing' })).problems.map(({ source }) => source)).toEqual([
      `${path}#1`,
      `${path}#2`,
    ]);
    const blob = await parquet(
      join(root, 'blob.parquet'),
      `select unnest(['caf\\xC3\\xA9'::blob, '\\xFF'::blob]) as "text"`,
    );
    const read = await readPaths(blob);
    expect(texts(read)).toEqual(['café']);
    expect(read.problems).toEqual([{ source: `${blob}#2`, reason: 'skipped, its "text" is not UTF-8 at byte 0' }]);
  });

  it('that is cut off or damaged is told of, and other row groups are kept', async () => {
    const path = await parquet(join(root, 'whole.parquet'), query(20_000), ', row_group_size 2048, compression gzip');
    const bytes = execFileSync('cat', [path], { maxBuffer: 1 << 28 });
    for (const [name, content] of Object.entries({ cut: bytes.subarray(0, bytes.length / 2), junk: 'PAR1 junk' })) {
      const read = await readPaths(put(`${name}.parquet`, content), { unitBytes: 1000 });
      expect(read.documents).toEqual([]);
      expect(read.problems).toEqual([
        { source: expect.stringContaining(name), reason: expect.stringMatching(/not a whole Parquet/) },
      ]);
    }
    const bad = Buffer.from(bytes);
    bad.fill(0xff, bad.length >> 1, (bad.length >> 1) + 200);
    const damaged = put('damaged.parquet', bad);
    const read = await readPaths(damaged);
    expect(read.problems.length).toBeGreaterThan(0);
    expect(read.problems[0]!.source).toMatch(/damaged\.parquet#\d+$/);
    expect(read.problems[0]!.reason).toMatch(/skipped up to row \d+, the file is damaged/);
    expect(read.documents.length).toBeGreaterThan(15_000);
    expect(read.documents.at(-1)!.text).toBe('text 19999');
    await expect(readUnits(read.units, true)).rejects.toThrow(InputError);
  });

  it('wrapped as a whole is unpacked to the spool folder', async () => {
    const path = await parquet(join(root, 'inner.parquet'), query(3));
    const packed = put('outer.parquet.gz', gzipSync(execFileSync('cat', [path])));
    const read = await readPaths(packed, { spoolFolder: join(root, 'spool') });
    expect(read.documents[2]).toMatchObject({ text: 'text 2', source: `${packed}#3` });
    await expect(readPaths(packed)).rejects.toThrow(/needs a folder/);
  });
});
