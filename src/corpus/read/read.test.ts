import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError, RunError } from '../../io/errors.js';
import {
  compressions,
  conversion,
  folder,
  page,
  parquet,
  prose,
  readPaths,
  readUnits,
  response,
  texts,
} from './fixtures.js';
import { planUnits, readUnit } from './index.js';

const { root, put } = folder();
const two = [prose('loom'), prose('shuttle')];

await parquet(
  join(root, 'made.parquet'),
  `select unnest(['${two[0]}', '${two[1]}']) as "text", 'https://example.org/' as url, 7 as other`,
);

const firstRecord = response('https://example.org/', page([two[0]!]));

/** For each format a file with the same two texts, one where a file is one document. */
const files: Record<string, { content: string | Uint8Array; sources: string[]; meta?: Record<string, string> }> = {
  'a.txt': { content: two[0]!, sources: [''] },
  'a.md': {
    content: `---\ntitle: A loom\ntags: [a, b]\n---\n\n${two[0]!}`,
    sources: [''],
    meta: { title: 'A loom', tags: 'a, b' },
  },
  'a.html': { content: page([two[0]!]), sources: [''], meta: { title: 'A page', lang: 'en' } },
  'a.jsonl': {
    content: two.map((text) => JSON.stringify({ text, url: 'https://example.org/', other: 7 })).join('\n'),
    sources: [':1', ':2'],
    meta: { url: 'https://example.org/' },
  },
  'a.csv': {
    content: `url,text\nhttps://example.org/,"${two[0]!}"\nhttps://example.org/,"${two[1]!}"\n`,
    sources: [':2', ':3'],
    meta: { url: 'https://example.org/' },
  },
  'a.json': { content: JSON.stringify(two.map((text) => ({ text, id: 5 }))), sources: ['#1', '#2'], meta: { id: '5' } },
  'a.parquet': {
    content: readFileSync(join(root, 'made.parquet')),
    sources: ['#1', '#2'],
    meta: { url: 'https://example.org/' },
  },
  'a.warc': {
    content: Buffer.concat([firstRecord, conversion('https://example.org/', two[1]!)]),
    sources: ['@0', `PLUS${firstRecord.length}`],
    meta: { url: 'https://example.org/' },
  },
};

describe('every format in every wrapping', () => {
  for (const [name, { content, sources, meta }] of Object.entries(files))
    for (const { suffix, pack } of Object.values(compressions))
      it(`${name}${suffix}`, async () => {
        const path = put(name + suffix, pack(content));
        const read = await readPaths(path, { spoolFolder: join(root, 'spool') });
        expect(read.problems).toEqual([]);
        expect(read.documents[0]!.text).toBe(two[0]);
        expect(read.documents[0]!.meta).toMatchObject(meta ?? {});
        expect(read.documents[0]!.meta).not.toHaveProperty('other');
        expect(texts(read)).toEqual(two.slice(0, sources.length));
        expect(read.documents.map(({ source }) => source)).toEqual(
          sources.map((place) => path + place.replace('PLUS', suffix === '' ? '@' : '@0+')),
        );
      });
});

describe('readUnit', () => {
  it('tells of all bytes of a unit, whatever the format', async () => {
    for (const [name, { content }] of Object.entries(files)) {
      const path = put(`bytes/${name}`, content);
      const [unit] = await planUnits([path], { warn: () => {} });
      let bytes = 0;
      for await (const _ of readUnit(unit!, { onProblem: () => {}, onBytes: (more) => (bytes += more) }));
      expect(bytes, name).toBe(statSync(path).size);
    }
  });

  it('throws where the file changed after the plan', async () => {
    const path = put('changing.txt', 'one');
    const units = await planUnits([path], { warn: () => {} });
    writeFileSync(path, 'two!');
    await expect(readUnits(units)).rejects.toThrow(RunError);
    writeFileSync(path, 'one');
    utimesSync(path, 1, 1);
    await expect(readUnits(units)).rejects.toThrow(/changed while it was being read/);
  });

  it('skips what is empty or blank, and throws the first problem when strict', async () => {
    const units = await planUnits([put('empty.txt', ''), put('blank.md', ' \r\n\t'), put('b.jsonl', '{"text": " "}')], {
      warn: () => {},
    });
    const { documents, problems } = await readUnits(units);
    expect(documents).toEqual([]);
    expect(problems.map(({ reason }) => reason)).toEqual([
      'skipped, the file is empty',
      'skipped, its text is blank',
      'skipped, its text is blank',
    ]);
    await expect(readUnits(units, true)).rejects.toThrow(InputError);
    await expect(readUnits(units.slice(2), true)).rejects.toThrow(/b\.jsonl:1: skipped, its text is blank/);
  });

  it('keeps Markdown as it is but for its front matter', async () => {
    const markdown = '# Title\r\n\r\n- *one*\r\n\r\n---\r\n\r\n    code\r\n';
    const kept = markdown.replaceAll('\r\n', '\n');
    expect(texts(await readPaths(put('plain.md', markdown)))).toEqual([kept]);
    expect(texts(await readPaths(put('front.md', `---\r\ndate: 2026-01-02\r\n---\r\n${markdown}`)))).toEqual([kept]);
    const rule = '---\n\nNot: front matter, [for it is text.\n\n---\n';
    expect(texts(await readPaths(put('rule.md', rule)))).toEqual([rule]);
    const bomb = `---\na: &a [x, x]\nb: &b [*a, *a]\n---\ntext`;
    expect(texts(await readPaths(put('bomb.md', bomb)))).toEqual([bomb]);
  });

  it('finds texts in nested JSON by a path', async () => {
    const nested = { pages: [{ body: 'one', id: 1, parts: [{ t: 'x' }, { t: 'y' }] }, { body: 'two' }, { body: 3 }] };
    const path = put('nested.json', JSON.stringify(nested));
    expect(texts(await readPaths(path, { select: 'pages[].parts[].t' }))).toEqual(['x', 'y']);
    const read = await readPaths(path, { select: 'pages', field: 'body' });
    expect(read.documents).toEqual([
      { text: 'one', source: `${path}#1`, meta: { id: '1' } },
      { text: 'two', source: `${path}#2`, meta: {} },
    ]);
    expect(read.problems).toEqual([{ source: `${path}#3`, reason: expect.stringMatching(/neither a string nor/) }]);
    expect((await readPaths(path, { select: 'pages[0].body' })).documents).toHaveLength(1);
    expect((await readPaths(path, { select: 'nothing' })).problems[0]!.reason).toMatch(/nothing in it is at nothing/);
    await expect(readPaths(path, { select: 'pages[' })).rejects.toThrow(/not a JMESPath expression/);
    const broken = await readPaths(put('broken.json', '{"text": "a"}\n{"text": "b"}\n'));
    expect(broken.problems[0]!.reason).toMatch(/not JSON.*format jsonl/);
  });
});
