import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countWords } from './count-words.js';
import { patternPresets } from './pattern.js';
import { presetScanner } from './scan.js';
import { forEachPiece, patternSplitter } from './split.js';
import { utf8 } from './utf8.js';
import { WordCounts } from './word-counts.js';

function asMap(counts: WordCounts): Map<string, number> {
  const { bytes, starts, counts: numbers } = counts.counted();
  return new Map(
    Array.from(numbers, (count, i) => [Buffer.from(bytes.subarray(starts[i], starts[i + 1])).toString(), count]),
  );
}

function naive(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts)
    forEachPiece(text, [patternSplitter(patternPresets.telar)], (piece) => {
      if (utf8(piece).length > 1) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    });
  return counts;
}

/** More text than is counted without threads: words of which some are frequent, and some come once. */
function lines(): string[] {
  const rest = 'of the people, by the people, for the people: ☃ '.repeat(20);
  return Array.from({ length: 5000 }, (_, i) => `The ${i % 7} words of line w${(i * i).toString(36)} are ${rest}.\n`);
}

describe('WordCounts', () => {
  it('counts as the regular expression cuts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', ' ', '.', '1', '\n'), maxLength: 30 })),
        (texts) => {
          const counts = new WordCounts(presetScanner('telar'));
          for (const text of texts) counts.add(utf8(text));
          expect(asMap(counts)).toEqual(naive(texts));
        },
      ),
    );
  });

  it('forgets the rarest words when there are too many, and says how many times', () => {
    const counts = new WordCounts(presetScanner('telar'), 100);
    for (let i = 0; i < 500; i++) {
      counts.add(utf8(`often often w${'abcdefghij'[i % 10]}${'klmnopqrst'[((i / 10) % 10) | 0]}x`));
      if (i % 50 === 49) counts.prune();
    }
    expect(counts.words.size).toBeLessThanOrEqual(100);
    expect(asMap(counts).get(' often')).toBe(500);
    const kept = [...asMap(counts).values()].reduce((sum, count) => sum + count, 0);
    expect(kept + counts.forgotten).toBe(1500);
  });

  it('adds up to far more than 2^32', () => {
    const counts = new WordCounts(presetScanner('telar'));
    const one = { bytes: Uint8Array.from(utf8('ab')), starts: Uint32Array.of(0, 2), counts: Float64Array.of(2 ** 40) };
    for (let i = 0; i < 1000; i++) counts.addCounted(one);
    counts.add(utf8('ab'));
    expect(asMap(counts).get('ab')).toBe(1000 * 2 ** 40 + 1);
  });
});

describe('countWords', () => {
  it('counts the same with any number of threads, small documents or one large', async () => {
    const texts = lines();
    const sorted = (counts: WordCounts): string => JSON.stringify([...asMap(counts)].sort());
    const expected = sorted(await countWords({ texts, pattern: 'telar', threads: 1 }));
    for (const documents of [texts, [texts.join('')]])
      expect(sorted(await countWords({ texts: documents, pattern: 'telar', threads: 2 })) === expected).toBe(true);
  });

  it('forgets the same with any number of threads', async () => {
    const texts = lines();
    const one = await countWords({ texts, pattern: 'telar', threads: 1, maxWords: 2000 });
    const two = await countWords({ texts, pattern: 'telar', threads: 2, maxWords: 2000 });
    expect(one.forgotten).toBeGreaterThan(1000);
    expect(asMap(two)).toEqual(asMap(one));
  });

  it('cuts a word without an end in parts', async () => {
    const counts = await countWords({ texts: ['a'.repeat(5_000_000)], pattern: 'telar', threads: 2 });
    expect(Math.max(...[...asMap(counts).keys()].map((word) => word.length))).toBe(4096);
  });

  it('fails as the texts fail', async () => {
    const texts = function* (): Generator<string> {
      yield* lines();
      throw new Error('no more');
    };
    await expect(countWords({ texts: texts(), pattern: 'telar', threads: 2 })).rejects.toThrow('no more');
  });
});
