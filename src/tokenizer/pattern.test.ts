import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { patternPresets, translatePattern } from './pattern.js';
import { forEachPiece, literalSplitter, patternSplitter } from './split.js';

function pieces(pattern: string, text: string): string[] {
  const found: string[] = [];
  forEachPiece(text, [patternSplitter(pattern)], (piece) => found.push(piece));
  return found;
}

describe('patternPresets', () => {
  it('cut text as documented', () => {
    expect(pieces(patternPresets.gpt2, "I'll pay  $12345,\n ok")).toEqual([
      'I',
      "'ll",
      ' pay',
      ' ',
      ' $',
      '12345',
      ',',
      '\n',
      ' ok',
    ]);
    expect(pieces(patternPresets.gpt4, "I'LL pay $12345.\n\nx")).toEqual([
      'I',
      "'LL",
      ' pay',
      ' $',
      '123',
      '45',
      '.\n\n',
      'x',
    ]);
    expect(pieces(patternPresets.telar, 'In 1862 she’ll   हिन्दी.\n\n  x')).toEqual([
      'In',
      ' 18',
      '62',
      ' she',
      '’ll',
      '  ',
      ' हिन्दी',
      '.\n\n',
      ' ',
      ' x',
    ]);
  });

  it.each(Object.entries(patternPresets))('%s leaves nothing out', (_, pattern) => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(pieces(pattern, text).join('')).toBe(text);
      }),
    );
  });

  it('cuts a text longer than a window as a short one', () => {
    const line = "It's the 16th of ☃ 1862, said 🙂🙂.\n  ";
    const found = pieces(patternPresets.telar, line.repeat(40_000));
    const short = pieces(patternPresets.telar, line.repeat(3));
    const perLine = pieces(patternPresets.telar, line.repeat(4)).length - short.length;
    expect(found.length).toBe(short.length + 39_997 * perLine);
    expect(new Set(found)).toEqual(new Set(short));
    expect(found.join('')).toBe(line.repeat(40_000));
  });

  it('survives a run too long for a regular expression', () => {
    expect(pieces(patternPresets.telar, 'a'.repeat(6_000_000)).join('').length).toBe(6_000_000);
  });
});

describe('translatePattern', () => {
  const matches = (pattern: string, text: string): boolean =>
    new RegExp(`^${translatePattern(pattern)}$`, 'u').test(text);

  it('gives \\s, \\d, \\w and (?i:...) the meaning of Oniguruma', () => {
    expect(matches(String.raw`\s`, '\u0085')).toBe(true);
    expect(matches(String.raw`\s`, '\ufeff')).toBe(false);
    expect(matches(String.raw`\d`, '٣')).toBe(true);
    expect(matches(String.raw`[\w]+`, 'é_٣')).toBe(true);
    expect(matches(String.raw`(?i:'s)`, "'ſ")).toBe(true);
    expect(matches(String.raw`(?i:a)b`, 'AB')).toBe(false);
    expect(matches(String.raw`\p{Han}{,2}`, '中文')).toBe(true);
    expect(matches(String.raw`[\x41-\x43\-\]]+`, 'ABC-]')).toBe(true);
    expect(matches(String.raw`\x{1F642}.`, '🙂\r')).toBe(true);
    expect(matches(String.raw`{}a{2}`, '{}aa')).toBe(true);
  });

  it('keeps what is between the matches, or leaves it out', () => {
    const run = (keepsRest: boolean): string[] => {
      const found: string[] = [];
      forEachPiece('a1🙂22b', [patternSplitter(String.raw`\d+`, keepsRest), literalSplitter('2')], (p) =>
        found.push(p),
      );
      return found;
    };
    expect(run(true)).toEqual(['a', '1', '🙂', '2', '2', 'b']);
    expect(run(false)).toEqual(['1', '2', '2']);
  });

  it('refuses by name what it cannot translate', () => {
    for (const pattern of [
      'a++',
      '(?>a)',
      '(?i)a',
      '[[a]b]',
      '[a&&b]',
      String.raw`\b`,
      String.raw`\p{Nope}`,
      '(',
      ')',
      '[',
    ])
      expect(() => translatePattern(pattern)).toThrow(InputError);
  });
});
