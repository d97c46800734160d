import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declarations } from './fixtures.js';
import type { Facts } from './step.js';
import { unicode, unicodeOptions } from './unicode.js';

function clean(text: string, options = {}): { text: string; facts: Facts } {
  const facts: Facts = { counts: {} };
  return { text: unicode(unicodeOptions.parse(options))(text, facts) as string, facts };
}

describe('unicode', () => {
  it.each([
    ['composes', 'e\u0301', 'é'],
    ['takes byte-order marks out', '\ufeffa\ufeffb', 'ab'],
    ['takes controls out', 'a\u0000b\u0007c\u007fd\u0081e', 'abcde'],
    ['takes zero-width spaces and soft hyphens out', 'zero\u200bwidth soft\u00adhyphen', 'zerowidth softhyphen'],
    ['makes line feeds of line ends', 'a\r\nb\rc\u2028d\u2029e', 'a\nb\nc\nd\n\ne'],
    ['makes line feeds of form feeds', 'a\fb', 'a\nb'],
    ['keeps tabs', 'a\tb', 'a\tb'],
    ['keeps curly quotes and dashes', '“It’s” — ‘so’…', '“It’s” — ‘so’…'],
    ['keeps joiners of Persian', 'می‌خواهم', 'می‌خواهم'],
    ['keeps joiners of emoji', '👩‍🚀', '👩‍🚀'],
    ['takes joiners between Latin letters out', 'in\u200dvis\u200cible', 'invisible'],
    ['takes marks of direction out of Latin text', '\u202aabc\u202c \u200e', 'abc '],
    ['keeps marks of direction in Hebrew', 'שלום\u200f!', 'שלום\u200f!'],
    ['decodes entities', 'Tom &amp; Jerry &lt;3 &quot;caf&eacute;&quot; &#8217; &#x2019;', 'Tom & Jerry <3 "café" ’ ’'],
    ['decodes entities that were escaped twice', 'Q&amp;amp;A &amp;nbsp;x', 'Q&A \u00a0x'],
    ['keeps entities in markup', '<p>Q&amp;A</p>', '<p>Q&amp;A</p>'],
    [
      'keeps what only looks like an entity',
      'AT&T; R&D &nosuch; &copy 2020 &#xD800; a&b',
      'AT&T; R&D &nosuch; &copy 2020 &#xD800; a&b',
    ],
    ['repairs mojibake made of entities', 'caf&Atilde;&copy;', 'café'],
  ])('%s', (_, text, expected) => {
    expect(clean(text).text).toBe(expected);
  });

  it('counts what it did', () => {
    expect(clean('cafÃ© &amp; \u200be\u0301').facts.counts).toEqual({
      'mojibake.repaired': 1,
      'unicode.entities': 1,
      'unicode.removed': 1,
      'unicode.normalized': 1,
    });
    expect(clean('Plain text, naïve.').facts.counts).toEqual({});
  });

  it('does only what is switched on', () => {
    const text = 'cafÃ© &amp; \u200be\u0301';
    const off = { normalize: false, mojibake: false, entities: false, invisible: false };
    expect(clean(text, off).text).toBe(text);
    expect(clean(text, { ...off, entities: true }).text).toBe('cafÃ© & \u200be\u0301');
  });

  it('applied twice changes nothing more, and yields well-formed text in form C', () => {
    const piece = fc.constantFrom(
      '&',
      'amp;',
      '#38;',
      'lt;',
      '#8203;',
      '&Atilde;',
      '&copy;',
      '\u200b',
      '\u200d',
      '\u200f',
      'Ã',
      '©',
      'Â',
      'â€™',
      '\r',
      '\n',
      'e',
      '\u0301',
      'ש',
      '👩',
      '\ufeff',
      '\u0085',
      '<b>',
      ' ',
      'ﬁ',
      '\u212b',
      '\ufdd0',
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(text, (text) => {
        const once = clean(text).text;
        expect(clean(once).text).toBe(once);
        expect(once).not.toMatch(/\p{Surrogate}/u);
        expect(once.normalize('NFC')).toBe(once);
      }),
      { numRuns: 400 },
    );
  });

  it('touches no letter of the Declaration of Human Rights in any language', () => {
    const letters = (text: string) => text.replace(/[\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '');
    const changed = [...declarations()].filter(
      ([, text]) => !/[\u0080-\u009f]/.test(text) && letters(clean(text).text) !== letters(text),
    );
    expect(changed.map(([code]) => code)).toEqual([]);
  });

  it('stays linear on what it dislikes', () => {
    const start = performance.now();
    for (const piece of ['&', '&amp;', 'Ã', 'Ã©', '\u200b', '\u0301', '<', '&#38;', '\u200d '])
      clean(piece.repeat(Math.ceil(300_000 / piece.length)));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
