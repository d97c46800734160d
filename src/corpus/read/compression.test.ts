import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText, compressions, folder, rawZstd, readPaths, texts } from './fixtures.js';

const { put } = folder();

/** Lines that do not compress to nothing, so that a place in the middle is a place in the middle. */
const lines = (count: number, seed = 1): string[] => {
  let state = seed;
  return Array.from({ length: count }, (_, i) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return `line ${i} ${state.toString(36)}`;
  });
};
const jsonl = (all: readonly string[]) => all.map((text) => `${JSON.stringify({ text })}\n`).join('');

describe('compressed input', () => {
  it('may have many members', async () => {
    const all = lines(60);
    for (const [name, pack] of [
      ['gz', gzipSync],
      ['zst', compressions.zstd.pack],
      ['zst', rawZstd],
    ] as const) {
      const members = [0, 1, 20, 20, 21, 60].map((_, i, cuts) =>
        pack(Buffer.from(jsonl(all.slice(cuts[i - 1] ?? 0, cuts[i])))),
      );
      expect(texts(await readPaths(put(`many.jsonl.${name}`, Buffer.concat(members)))), name).toEqual(all);
    }
    const padded = Buffer.concat([gzipSync(jsonl(all)), Buffer.alloc(1000)]);
    const read = await readPaths(put('padded.jsonl.gz', padded));
    expect([texts(read), read.problems]).toEqual([all, []]);
    const skippable = Buffer.concat([Buffer.from('502a4d1804000000ffffffff', 'hex'), rawZstd(Buffer.from(jsonl(all)))]);
    expect(texts(await readPaths(put('skippable.jsonl.zst', skippable)))).toEqual(all);
  });

  it('gives back any bytes', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(anyText(300), fc.integer({ min: 1, max: 100 }), async (t, cut) => {
        const text = `${t}.`;
        const bytes = Buffer.from(text);
        const packed = [gzipSync(bytes), compressions.zstd.pack(bytes), rawZstd(bytes, cut)];
        for (const [i, suffix] of ['gz', 'zst', 'zst'].entries())
          expect(texts(await readPaths(put(`any${n++}.txt.${suffix}`, packed[i]!)))).toEqual([text]);
      }),
      { numRuns: 20 },
    );
  });

  for (const [suffix, pack] of [
    ['gz', gzipSync],
    ['zst', compressions.zstd.pack],
  ] as const) {
    it(`keeps the lines before a cut (.${suffix})`, async () => {
      const all = lines(20_000);
      const packed = pack(Buffer.from(jsonl(all)));
      const path = put(`cut.jsonl.${suffix}`, packed.subarray(0, packed.length >> 1));
      const read = await readPaths(path);
      expect(texts(read)).toEqual(all.slice(0, read.documents.length));
      expect(read.documents.length).toBeGreaterThan(suffix === 'gz' ? 9500 : 4000);
      expect(read.problems).toEqual([
        {
          source: `${path}@${packed.length >> 1}`,
          reason: expect.stringMatching(/^skipped behind line \d+, .*cut off/),
        },
      ]);
    });

    it(`keeps the lines before a damaged place, and those of the next member (.${suffix})`, async () => {
      // Only the checksum finds other letters in the place of letters.
      const packed = suffix === 'gz' ? gzipSync(jsonl(lines(8000))) : rawZstd(Buffer.from(jsonl(lines(8000))));
      const all = lines(9000);
      const bad = Buffer.from(packed);
      // Ones are no block of deflate, nor a block of zstd.
      bad.fill(0xff, packed.length >> 1, (packed.length >> 1) + 64);
      const path = put(`bad.jsonl.${suffix}`, Buffer.concat([bad, pack(Buffer.from(jsonl(all.slice(8000))))]));
      const read = await readPaths(path);
      const before = read.documents.findIndex(({ text }, i) => text !== all[i]);
      expect(before).toBeGreaterThan(suffix === 'gz' ? 3900 : 1000);
      expect(texts(read).slice(-1000)).toEqual(all.slice(8000));
      const damage = read.problems.find(({ reason }) => reason.includes('damaged'));
      expect(damage!.source).toMatch(/@\d+$/);
      // A checksum tells of the frame that it is of, a broken stream of the place.
      expect(Number(damage!.source.split('@')[1])).toBeGreaterThanOrEqual(
        suffix === 'gz' ? (packed.length >> 1) - 40_000 : 0,
      );
    });
  }

  it('tells of checksums that do not match', async () => {
    const gz = gzipSync(jsonl(lines(10)));
    gz[gz.length - 6]! ^= 1;
    const zst = rawZstd(Buffer.from(jsonl(lines(10))));
    zst[zst.length - 1]! ^= 1;
    for (const [name, bytes] of Object.entries({ 'sum.jsonl.gz': gz, 'sum.jsonl.zst': zst })) {
      const read = await readPaths(put(name, bytes));
      expect(texts(read)).toEqual(lines(10));
      expect(read.problems[0]!.reason).toMatch(/checksum does not match/);
      const whole = await readPaths(put(name.replace('jsonl', 'txt'), bytes));
      expect(whole.documents).toEqual([]);
      expect(whole.problems[0]!.reason).toMatch(/checksum does not match/);
    }
  });

  it('finds any change of a byte, or reads the same', async () => {
    const all = lines(50);
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('gz', 'zst'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (suffix, at, change) => {
          const bytes = Buffer.from(suffix === 'gz' ? gzipSync(jsonl(all)) : rawZstd(Buffer.from(jsonl(all)), 100));
          bytes[at % bytes.length]! ^= change;
          const read = await readPaths(put(`flip${n++}.jsonl.${suffix}`, bytes));
          expect(read.problems.length > 0 || texts(read).join() === all.join()).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('does not believe a window that is too large', async () => {
    const huge = Buffer.concat([Buffer.from('28b52ffd04f8', 'hex'), Buffer.alloc(20)]);
    const read = await readPaths(put('huge.txt.zst', huge));
    expect(read.problems[0]!.reason).toMatch(/window is larger than 128 MiB/);
  });

  it('that is none of it is told of', async () => {
    for (const suffix of ['gz', 'zst']) {
      const read = await readPaths(put(`plain.txt.${suffix}`, 'this is plain text'));
      expect(read.documents).toEqual([]);
      expect(read.problems[0]!.reason).toMatch(/not a (gzip member|zstd frame) at byte 0/);
    }
  });
});
