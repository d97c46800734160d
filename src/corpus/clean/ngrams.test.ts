import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NgramCounter } from './ngrams.js';
import { WordScanner, isUnspaced } from './words.js';

const wordsOf = (text: string) => {
  const words = new WordScanner().of(text);
  const { length, alphabetic } = words;
  return { length, alphabetic, ids: [...words.ids.subarray(0, length)] };
};

describe('words', () => {
  it.each([
    ["Don't stop-and-go, it’s 3.5%!", 5, 3],
    ['a | b ### c', 5, 3],
    ['one. two, three; (four) "five"', 5, 5],
    ['漢字 かな', 4, 4],
    ['e\u0301te\u0301 été', 2, 2],
    ['--- ... !!!', 0, 0],
  ])('%s has %i words, %i with letters', (text, length, alphabetic) => {
    expect(wordsOf(text)).toMatchObject({ length, alphabetic });
  });

  it('numbers equal words equally, also where the table grows', () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `w${(i * 7919) % 6000}`);
    const ids = wordsOf(text.join(' ')).ids;
    const known = new Map<string, number>();
    for (const [i, word] of text.entries()) {
      if (!known.has(word)) known.set(word, known.size);
      expect(ids[i]).toBe(known.get(word));
    }
  });

  it('tells scripts without spaces', () => {
    expect(isUnspaced(new WordScanner().of('这是一个测试 with two'))).toBe(true);
    expect(isUnspaced(new WordScanner().of('mostly English 测试'))).toBe(false);
  });
});

/** The definitions, word for word. */
function reference(words: string[], n: number): { top: number; duplicate: number } {
  const grams = Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) => words.slice(i, i + n));
  const counts = new Map<string, number>();
  for (const gram of grams) counts.set(gram.join(' '), (counts.get(gram.join(' ')) ?? 0) + 1);
  let top = { gram: '', count: 1 };
  for (const [gram, count] of counts) if (count > top.count) top = { gram, count };
  const seen = new Set<string>();
  let duplicate = 0;
  for (let i = 0; i < grams.length;) {
    const gram = grams[i]!;
    if (seen.has(gram.join(' '))) {
      duplicate += gram.join('').length;
      i += n;
    } else {
      seen.add(gram.join(' '));
      i++;
    }
  }
  return { top: top.gram.length * (top.count > 1 ? top.count : 0), duplicate };
}

describe('n-grams', () => {
  it('are counted as they are defined', () => {
    const scanner = new WordScanner();
    const counter = new NgramCounter();
    const word = fc.constantFrom('a', 'bb', 'ccc');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        counter.start(scanner.of(words.join(' ')));
        for (let n = 2; n <= 10 && n <= words.length; n++) {
          counter.next();
          const { top, duplicate } = reference(words, n);
          expect([n, counter.topCharacters(), counter.duplicateCharacters()]).toEqual([n, top, duplicate]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are counted in linear time, whatever repeats', () => {
    const counter = new NgramCounter();
    const once = (text: string) => {
      const start = performance.now();
      counter.start(new WordScanner().of(text));
      for (let n = 2; n <= 10; n++) {
        counter.next();
        counter.topCharacters();
        counter.duplicateCharacters();
      }
      return performance.now() - start;
    };
    for (const text of ['a '.repeat(500_000), 'a b '.repeat(250_000), 'x'.repeat(1_000_000)])
      expect(once(text)).toBeLessThan(5000);
  });
});
