import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RunError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import {
  dedupConfigSchema,
  findDuplicates,
  Fingerprinter,
  FingerprintWriter,
  type DedupOptions,
  type Duplicates,
  type Fingerprint,
} from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-'));
const workFolder = join(folder, 'work');
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = dedupConfigSchema.parse({});

/** Writes fingerprints to as many files as there are lists. */
function writeFiles(options: DedupOptions, lists: readonly (readonly Fingerprint[])[]): string[] {
  return lists.map((list, i) => {
    const path = join(folder, `${i}.fp`);
    const writer = new FingerprintWriter(path, options);
    for (const fingerprint of list) writer.add(fingerprint);
    writer.finish();
    return path;
  });
}

async function search(
  fingerprints: readonly Fingerprint[],
  options: DedupOptions,
  { memoryBytes, files = 1 }: { memoryBytes?: number; files?: number } = {},
): Promise<Duplicates> {
  const length = Math.ceil(fingerprints.length / files);
  const lists = Array.from({ length: files }, (_, i) => fingerprints.slice(i * length, (i + 1) * length));
  const duplicates = await findDuplicates(writeFiles(options, lists), {
    ...options,
    workFolder,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  });
  return duplicates;
}

const cutsOf = ({ cutStarts, cut }: Duplicates, d: number) => [...cut.subarray(cutStarts[d], cutStarts[d + 1])];

/** The rules, in the plainest words: what findDuplicates must come to. */
function bruteForce(fingerprints: readonly Fingerprint[], options: DedupOptions) {
  const n = fingerprints.length;
  const same = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number) =>
    a[2 * i] === b[2 * j] && a[2 * i + 1] === b[2 * j + 1];
  const clusters = Array.from({ length: n }, (_, i) => i);
  const verdicts = clusters.map(() => 0);
  const merge = (i: number, j: number) => {
    const [a, b] = [Math.min(clusters[i]!, clusters[j]!), Math.max(clusters[i]!, clusters[j]!)];
    clusters.forEach((c, k) => (clusters[k] = c === b ? a : c));
  };
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < j; i++) {
      const [a, b] = [fingerprints[i]!, fingerprints[j]!];
      const equal = options.exact && same(a.exact, 0, b.exact, 0);
      if (equal) verdicts[j] = 1;
      const meet = a.bands.some((_, k) => k % 2 === 0 && k < b.bands.length && same(a.bands, k / 2, b.bands, k / 2));
      if (equal || (options.near && meet)) merge(i, j);
    }
  }
  if (options.near && options.near.drop)
    clusters.forEach((c, i) => (verdicts[i] = verdicts[i] === 0 && c !== i ? 2 : verdicts[i]!));
  const seen = new Set<string>();
  const cuts = fingerprints.map(({ paragraphs, paragraphIndexes }, d) =>
    verdicts[d] !== 0 || !options.paragraphs
      ? []
      : [...paragraphIndexes].filter((_, p) => {
          const key = `${paragraphs[2 * p]} ${paragraphs[2 * p + 1]}`;
          return seen.has(key) || !seen.add(key);
        }),
  );
  return { verdicts, clusters, cuts };
}

/** Well spread 64-bit keys from a few numbers, one family a band. */
function key(family: number, n: number): [number, number] {
  const random = new Random(n, family);
  return [random.uint32(), random.uint32()];
}

/** Documents over few keys, so that many meet; equal exact hashes go with equal bands, as in fingerprints of texts. */
const corpus = (bands: number) =>
  fc
    .array(
      fc.record({
        exact: fc.nat({ max: 40 }),
        bands: fc.option(fc.array(fc.nat({ max: 60 }), { minLength: bands, maxLength: bands })),
        paragraphs: fc.array(fc.nat({ max: 30 }), { maxLength: 4 }),
      }),
      { maxLength: 60, size: 'max' },
    )
    .map((documents): Fingerprint[] => {
      const first = new Map(documents.toReversed().map((document) => [document.exact, document.bands]));
      return documents.map(({ exact, paragraphs }) => ({
        exact: Uint32Array.from(key(100, exact)),
        bands: Uint32Array.from((first.get(exact) ?? []).flatMap((n, band) => key(band, n))),
        paragraphs: Uint32Array.from(paragraphs.flatMap((n) => key(101, n))),
        paragraphIndexes: Uint32Array.from(paragraphs, (_, i) => 3 * i + 1),
      }));
    });

describe('findDuplicates', () => {
  it('joins what shares a key and nothing else, keeps the first, and does not depend on memory or files', async () => {
    const options = fc.record({
      exact: fc.boolean(),
      paragraphs: fc.constantFrom(false as const, { minCharacters: 100 }),
      near: fc.constantFrom(false as const, ...[true, false].map((drop) => ({ ngram: 5, bands: 3, rows: 2, drop }))),
    });
    await fc.assert(
      fc.asyncProperty(options, corpus(3), fc.integer({ min: 1, max: 4 }), async (options, made, files) => {
        const fingerprints = options.near ? made : made.map((f) => ({ ...f, bands: new Uint32Array(0) }));
        const expected = bruteForce(fingerprints, options);
        for (const memoryBytes of [1 << 20, 512]) {
          const found = await search(fingerprints, options, { memoryBytes, files });
          expect([...found.verdicts]).toEqual(expected.verdicts);
          expect([...found.clusters]).toEqual(expected.clusters);
          expect(fingerprints.map((_, d) => cutsOf(found, d))).toEqual(expected.cuts);
        }
      }),
      { numRuns: 40 },
    );
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it('goes by the disk for many documents, with keys that very many share, and comes to the same', async () => {
    const random = new Random(3);
    const options = dedupConfigSchema.parse({ near: { bands: 4 } });
    const fingerprints = Array.from({ length: 10_000 }, (_, i): Fingerprint => {
      const shared = i % 3 === 0;
      return {
        exact: Uint32Array.of(random.uint32(), random.uint32()),
        bands: Uint32Array.from([
          ...key(0, shared ? 0 : random.int(15_000)),
          ...Array.from({ length: 6 }, () => random.uint32()),
        ]),
        paragraphs: Uint32Array.from([...key(1, random.int(3)), ...key(1, random.int(1e5))]),
        paragraphIndexes: Uint32Array.of(0, 1),
      };
    });
    const whole = await search(fingerprints, options);
    expect(await search(fingerprints, options, { memoryBytes: 1 << 16, files: 3 })).toEqual(whole);
    const near = whole.verdicts.filter((v) => v === 2).length;
    expect(near).toBeGreaterThan(10_000 / 3);
    expect(near).toBeLessThan(6000);
  });

  it('tells how far it is, can be stopped, and leaves no files', async () => {
    const fingerprints = Array.from({ length: 5000 }, (_, i) => new Fingerprinter(defaults).of(`text ${i}`));
    const files = writeFiles(defaults, [fingerprints]);
    const seen: number[] = [];
    let total = 0;
    const onProgress = (done: number, of: number) => {
      seen.push(done);
      total = of;
    };
    await findDuplicates(files, { ...defaults, workFolder, memoryBytes: 1 << 14, onProgress });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(total);
    const signal = AbortSignal.abort(new Error('stopped'));
    const slow = { ...defaults, workFolder, memoryBytes: 1 << 14, signal, onProgress: () => wait(60) };
    await expect(findDuplicates(files, slow)).rejects.toThrow('stopped');
    expect(readdirSync(workFolder)).toEqual([]);
  });

  it('refuses a damaged file', async () => {
    const files = writeFiles(defaults, [[new Fingerprinter(defaults).of('one two three four five six')]]);
    const bytes = readFileSync(files[0]!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(files[0]!, bytes);
    await expect(findDuplicates(files, { ...defaults, workFolder })).rejects.toThrow(RunError);
  });
});

function wait(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
