import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { RunError } from '../../io/errors.js';
import { sha256 } from '../../io/files.js';
import { dedupConfigSchema, FingerprintReader, FingerprintWriter, type Fingerprint } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-'));
afterAll(() => rmSync(folder, { recursive: true }));

const options = dedupConfigSchema.parse({ near: { bands: 3 } });
const word = fc.nat({ max: 2 ** 32 - 1 });
const words = (length: number) =>
  fc.array(word, { minLength: length, maxLength: length }).map((w) => Uint32Array.from(w));
const fingerprint: fc.Arbitrary<Fingerprint> = fc
  .tuple(fc.boolean(), fc.nat({ max: 4 }))
  .chain(([hasBands, paragraphs]) =>
    fc.record({
      exact: words(2),
      bands: words(hasBands ? 6 : 0),
      paragraphs: words(2 * paragraphs),
      paragraphIndexes: words(paragraphs),
    }),
  );

function write(path: string, fingerprints: readonly Fingerprint[]): void {
  const writer = new FingerprintWriter(path, options);
  for (const fingerprint of fingerprints) writer.add(fingerprint);
  writer.finish();
}

function read(path: string, wanted = options): Fingerprint[] {
  const reader = new FingerprintReader(path, wanted);
  try {
    const result: Fingerprint[] = [];
    while (reader.next()) {
      const { words, exactAt, bandsAt, paragraphsAt, paragraphCount } = reader;
      const pick = (count: number, at: (i: number) => number) =>
        Uint32Array.from({ length: count }, (_, i) => words[at(i)]!);
      result.push({
        exact: words.slice(exactAt, exactAt + 2),
        bands: bandsAt < 0 ? new Uint32Array(0) : words.slice(bandsAt, bandsAt + 6),
        paragraphs: pick(2 * paragraphCount, (i) => paragraphsAt + 3 * (i >> 1) + (i & 1)),
        paragraphIndexes: pick(paragraphCount, (i) => paragraphsAt + 3 * i + 2),
      });
    }
    return result;
  } finally {
    reader.close();
  }
}

describe('fingerprint files', () => {
  const path = join(folder, 'deep', 'unit.fp');

  it('give back what was written', () => {
    fc.assert(
      fc.property(fc.array(fingerprint, { maxLength: 20 }), (fingerprints) => {
        write(path, fingerprints);
        expect(read(path)).toEqual(fingerprints);
      }),
      { numRuns: 50 },
    );
  });

  it('hold documents larger than a buffer', () => {
    const count = 30_000;
    const large = {
      exact: Uint32Array.of(1, 2),
      bands: Uint32Array.of(1, 2, 3, 4, 5, 6),
      paragraphs: new Uint32Array(2 * count).map((_, i) => i),
      paragraphIndexes: new Uint32Array(count).map((_, i) => i),
    };
    const small = { ...large, paragraphs: new Uint32Array(0), paragraphIndexes: new Uint32Array(0) };
    const documents = [small, large, small, large, small];
    write(path, documents);
    const flat = (all: Fingerprint[]) =>
      all.map((f) =>
        Object.values(f).map((a: Uint32Array) => sha256(new Uint8Array(a.buffer, a.byteOffset, a.byteLength))),
      );
    expect(flat(read(path))).toEqual(flat(documents));
  });

  it('are refused when they were cut short, changed anywhere, or made with other options', () => {
    write(path, fc.sample(fingerprint, { numRuns: 8, seed: 1 }));
    const bytes = readFileSync(path);
    const damaged = join(folder, 'damaged.fp');
    for (let length = 0; length < bytes.length; length += 7) {
      writeFileSync(damaged, bytes.subarray(0, length));
      expect(() => read(damaged)).toThrow(RunError);
    }
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      writeFileSync(damaged, changed);
      expect(() => read(damaged)).toThrow(RunError);
    }
    writeFileSync(damaged, Buffer.concat([bytes, Buffer.alloc(4)]));
    expect(() => read(damaged)).toThrow(RunError);
    expect(() => read(path, dedupConfigSchema.parse({ near: { bands: 3, rows: 4 } }))).toThrow(/other options/);
    expect(() => read(join(folder, 'absent.fp'))).toThrow(/no such file/);
  });

  it('appear only when they are finished', () => {
    const unfinished = join(folder, 'unfinished', 'unit.fp');
    const writer = new FingerprintWriter(unfinished, options);
    writer.add(fc.sample(fingerprint, 1)[0]!);
    expect(existsSync(unfinished)).toBe(false);
    writer.abandon();
    expect(readdirSync(join(folder, 'unfinished'))).toEqual([]);
  });
});
