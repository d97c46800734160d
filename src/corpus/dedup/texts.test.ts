import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cutParagraphs,
  dedupConfigSchema,
  findDuplicates,
  Fingerprinter,
  FingerprintWriter,
  type DedupOptions,
  type Duplicates,
} from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-'));
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = dedupConfigSchema.parse({});

async function search(texts: readonly string[], options: DedupOptions): Promise<Duplicates> {
  const path = join(folder, 'texts.fp');
  const writer = new FingerprintWriter(path, options);
  const fingerprinter = new Fingerprinter(options);
  for (const text of texts) writer.add(fingerprinter.of(text));
  writer.finish();
  return findDuplicates([path], { ...options, workFolder: folder });
}

const cutsOf = ({ cutStarts, cut }: Duplicates, d: number) => [...cut.subarray(cutStarts[d], cutStarts[d + 1])];

describe('a corpus of texts', () => {
  const long = (subject: string) =>
    `${subject} is told of here at some length, so that the line is long enough to be compared with all the others.`;
  const texts = [
    `${long('The sea')}\n\n${long('The land')}`,
    `${long('THE SEA')}\n\n  ${long('the land')}\n`,
    `A preface.\n\n${long('The sea')}\n\nAnd then:\n\n${long('The sky')}\n\n${long('The sky')}`,
    'short',
    'Short',
  ];

  it('loses copies, and paragraphs that were there before', async () => {
    const found = await search(texts, defaults);
    expect([...found.verdicts]).toEqual([0, 1, 0, 0, 1]);
    expect([...found.clusters]).toEqual([0, 0, 2, 3, 3]);
    expect(texts.map((_, d) => cutsOf(found, d))).toEqual([[], [], [2, 8], [], []]);
    expect(cutParagraphs(texts[2]!, cutsOf(found, 2))).toBe(`A preface.\n\nAnd then:\n\n${long('The sky')}\n`);
  });

  it('keeps near-duplicates that are not to be dropped, and knows their clusters', async () => {
    const options = dedupConfigSchema.parse({ near: { drop: false } });
    const one = Array.from({ length: 200 }, (_, i) => `word${i}`).join(' ');
    const found = await search(['something else that has nothing to do with it', one, `${one} end`], options);
    expect([...found.verdicts]).toEqual([0, 0, 0]);
    expect([...found.clusters]).toEqual([0, 1, 1]);
  });

  it('loses every exact copy and nothing else', async () => {
    const piece = fc.constantFrom('a', 'A', 'b', '.', ' ', '\n');
    const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
    const normal = (s: string) => s.trim().split(/\s+/u).join(' ').toLowerCase();
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 40, size: 'max' }), async (texts) => {
        const { verdicts, clusters } = await search(texts, defaults);
        const firsts = texts.map((text) => texts.findIndex((other) => normal(other) === normal(text)));
        expect([...clusters]).toEqual(firsts);
        expect([...verdicts]).toEqual(firsts.map((first, d) => (first === d ? 0 : 1)));
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the first of equal paragraphs, and loses all others', async () => {
    const line = fc.oneof(
      fc.constantFrom('', 'short'),
      fc.nat({ max: 12 }).map((n) => long(`Thing ${n}`)),
    );
    const text = fc.array(line, { maxLength: 8, size: 'max' }).map((lines) => lines.join('\n'));
    const options = dedupConfigSchema.parse({ near: false, exact: false });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 12, size: 'max' }), async (texts) => {
        const found = await search(texts, options);
        const rest = texts.flatMap((text, d) => cutParagraphs(text, cutsOf(found, d)).split('\n'));
        const all = texts.flatMap((text) => text.split('\n'));
        const isLong = (line: string) => line.length >= 100;
        expect(rest.filter(isLong)).toEqual([...new Set(all.filter(isLong))]);
        expect(rest.filter((line) => line === 'short')).toEqual(all.filter((line) => line === 'short'));
      }),
      { numRuns: 40 },
    );
  });
});
