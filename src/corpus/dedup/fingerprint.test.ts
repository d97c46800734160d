import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addon } from '../../io/addon.js';
import { Random } from '../../io/hash-random.js';
import { dedupConfigSchema, Fingerprinter } from './index.js';
import { WordScanner } from './words.js';

const options = dedupConfigSchema.parse({});
const fingerprinter = new Fingerprinter(options);
const exact = (text: string) => fingerprinter.of(text).exact.join();
const bands = (text: string) => fingerprinter.of(text).bands.join();

/** Words as the scanner cuts them, over all windows. */
function wordsOf(text: string, overlap = 0): string[] {
  const scanner = new WordScanner(overlap);
  const words: string[] = [];
  scanner.begin(text);
  for (let count = scanner.next(), first = 0; count > 0; count = scanner.next(), first = overlap)
    for (let i = first; i < count; i++) words.push(text.slice(scanner.starts[i], scanner.ends[i]));
  return words;
}

describe('options', () => {
  it('are on by default, and true stands for the defaults', () => {
    const defaults = {
      exact: true,
      paragraphs: { minCharacters: 100 },
      near: { ngram: 5, bands: 14, rows: 8, drop: true },
    };
    expect(options).toEqual(defaults);
    expect(dedupConfigSchema.parse({ paragraphs: true, near: true })).toEqual(defaults);
    expect(dedupConfigSchema.parse({ exact: false, paragraphs: false, near: { rows: 4 } })).toEqual({
      exact: false,
      paragraphs: false,
      near: { ngram: 5, bands: 14, rows: 4, drop: true },
    });
    expect(dedupConfigSchema.safeParse({ near: { row: 4 } }).success).toBe(false);
  });
});

describe('words', () => {
  it.each([
    ["Don't — stop, at 3.14!", ["Don't", 'stop', 'at', '3', '14']],
    ["'Tis the dogs' day", ['Tis', 'the', "dogs'", 'day']],
    ['naïve café', ['naïve', 'café']],
    ['我们 like 東京タワー', ['我', '们', 'like', '東', '京', 'タ', 'ワ', 'ー']],
    ['smile😀face 𝒳𝒴 𠀀𠀁', ['smile', 'face', '𝒳𝒴', '𠀀', '𠀁']],
    ['...', []],
  ])('of %j', (text, words) => expect(wordsOf(text)).toEqual(words));

  it('are the same through windows', () => {
    const words = Array.from({ length: 10_000 }, (_, i) => `w${i}`);
    for (const overlap of [0, 1, 4, 12, 1000]) expect(wordsOf(words.join(' '), overlap)).toEqual(words);
  });
});

describe('exact hash', () => {
  it('does not see white space and case', () => {
    expect(exact('  The quick\n\n brown\tFOX. ')).toBe(exact('the QUICK brown fox.'));
    expect(exact('the quick brown fox.')).not.toBe(exact('the quick brown fox'));
    expect(exact('thequick brown fox.')).not.toBe(exact('the quick brown fox.'));
    expect(exact('ÀÉ 漢')).toBe(exact('àé\u3000漢'));
  });

  it('sees everything else', () => {
    const piece = fc.constantFrom('a', 'b', 'ab', 'ba', '.', ' ', '\n', 'é', '漢', '😀', '0');
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const normal = (s: string) => s.trim().split(/\s+/u).join(' ').toLowerCase();
    fc.assert(
      fc.property(text, text, (a, b) => void expect(exact(a) === exact(b)).toBe(normal(a) === normal(b))),
      { numRuns: 2000 },
    );
  });

  it('has halves without collisions beyond chance, on texts that differ little', () => {
    const [low, high] = [new Set<number>(), new Set<number>()];
    const count = 100_000;
    const fingerprinter = new Fingerprinter({ ...options, near: false });
    for (let i = 0; i < count; i++) {
      const [a, b] = fingerprinter.of(`item ${i.toString(13)}`).exact as unknown as [number, number];
      low.add(a);
      high.add(b);
    }
    // 1.2 pairs of 100,000 meet in 32 bits by chance
    expect(count - low.size).toBeLessThan(9);
    expect(count - high.size).toBeLessThan(9);
  });
});

describe('paragraphs', () => {
  const long = (letter: string, length = 100) => `${letter} `.repeat(length).trim().slice(0, length);

  it('are lines of at least so many characters', () => {
    const text = [long('a'), '', long('b', 99), `  ${long('c')}  `, long('A', 101)].join('\n');
    const { paragraphs, paragraphIndexes } = fingerprinter.of(text);
    // 'a a a ... a ' of 100 characters ends in a space: 99 count
    expect([...paragraphIndexes]).toEqual([4]);
    expect(paragraphs.length).toBe(2);
    expect([...fingerprinter.of(`x\n${'y'.repeat(99)}\n${'z'.repeat(100)}\r\n`).paragraphIndexes]).toEqual([2]);
  });

  it('are off when they are off', () => {
    const off = new Fingerprinter({ ...options, paragraphs: false });
    expect(off.of('y'.repeat(1000)).paragraphIndexes.length).toBe(0);
  });
});

describe('bands', () => {
  const words = Array.from({ length: 50 }, (_, i) => `word${i}`);

  it('do not see case, punctuation and repetition', () => {
    const plain = bands(words.join(' '));
    expect(bands(words.join(', ').toUpperCase())).toBe(plain);
    expect(bands([...words, ...words, ...words].join(' ')).split(',')).toHaveLength(28);
    expect(bands(words.toReversed().join(' '))).not.toBe(plain);
  });

  it('are none for fewer than five words', () => {
    expect(bands('one two three four')).toBe('');
    expect(bands('one two three four five')).not.toBe('');
  });

  it('of a long text are those of its set of shingles, whatever the windows', () => {
    // a cycle of words: any two turns and a bit hold the same shingles as a hundred
    const cycle = `${words.join(' ')} `;
    expect(bands(cycle.repeat(200))).toBe(bands(cycle.repeat(3)));
  });

  it('come from minima over permutations, on every instruction set', () => {
    const kernels = addon as {
      minHash(v: Int32Array, n: number, m: Int32Array, o: Int32Array, minima: Int32Array): void;
      selectInstructionSet(name: string): boolean;
      instructionSet(): string;
    };
    const random = new Random(5);
    const draw = (length: number) => Int32Array.from({ length }, () => random.uint32() | 0);
    const before = kernels.instructionSet();
    let tried = 0;
    for (const set of ['sse2', 'avx2', 'avx512', 'neon', 'portable']) {
      if (!kernels.selectInstructionSet(set)) continue;
      tried++;
      for (const [count, lanes] of [
        [0, 16],
        [1, 16],
        [5000, 112],
        [33, 80],
        [2048, 128],
      ] as const) {
        const [values, multipliers, offsets] = [draw(count), draw(lanes), draw(lanes)];
        const minima = new Int32Array(lanes).fill(-1);
        kernels.minHash(values, count, multipliers, offsets, minima);
        const expected = Int32Array.from(minima, (_, lane) => {
          let least = 2 ** 32 - 1;
          for (const value of values)
            least = Math.min(least, (Math.imul(value, multipliers[lane]!) + offsets[lane]!) >>> 0);
          return least | 0;
        });
        expect(minima).toEqual(expected);
      }
    }
    kernels.selectInstructionSet(before);
    expect(tried).toBeGreaterThan(0);
    const sixteen = new Int32Array(16);
    expect(() => kernels.minHash(sixteen, 17, sixteen, sixteen, sixteen)).toThrow(RangeError);
    expect(() => kernels.minHash(sixteen, 16, sixteen, sixteen, new Int32Array(8))).toThrow(TypeError);
  });
});
