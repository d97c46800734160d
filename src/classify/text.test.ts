import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameTextKey } from './features.js';
import { Tokens } from './tokens.js';
import { decodeEntities, squeezed, wordForm } from './word-form.js';

function tokensOf(text: string): string[] {
  const tokens = new Tokens();
  const found: string[] = [];
  for (let at = 0; at >= 0;) {
    at = tokens.scan(text, at);
    for (let i = 0; i < tokens.count; i++) found.push(text.slice(tokens.starts[i], tokens.ends[i]));
  }
  return found;
}

describe('tokens', () => {
  it('are words with the signs in them, addresses by their http, emoji one by one', () => {
    expect(tokensOf("RT @jo: don't sh0ut, b!g w*rd http://t.co/a?b=c 😂😂❤️ ok")).toEqual(
      ['RT', '@j', "don't", 'sh0ut', 'b!g', 'w*rd', 'http', '😂', '😂', '❤', 'ok'], // prettier-ignore
    );
  });

  it('join three letters or more that stand apart', () => {
    expect(tokensOf('go a w a y now')).toEqual(['go', 'a w a y', 'now']);
    expect(tokensOf('s.t.o.p')).toEqual(['s.t.o.p']);
    expect(tokensOf('I a man')).toEqual(['I', 'a', 'man']);
  });

  it('lie in order, within the text, no longer than 40', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const tokens = new Tokens();
        let end = 0;
        tokens.scan(text, 0);
        for (let i = 0; i < tokens.count; i++) {
          expect(tokens.starts[i]).toBeGreaterThanOrEqual(end);
          end = tokens.ends[i]!;
          expect(end).toBeGreaterThan(tokens.starts[i]!);
          expect(end - tokens.starts[i]!).toBeLessThanOrEqual(41);
        }
        expect(end).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('of a megabyte of one letter, of single letters, of spaces, of combining marks take no longer than that of words', () => {
    for (const piece of ['a', 'a ', ' ', '\u0301', '\ud83d', '@', 'word '])
      expect(tokensOf(piece.repeat(1e6 / piece.length)).length).toBeLessThan(1e6);
  }, 5000);
});

describe('the form of a word', () => {
  it.each([
    ['HELLO', 'hello'],
    ['h3ll0', 'hello'],
    ['$hip!!!', 'ship'],
    ['a$$', 'ass'],
    ['niiiiice', 'niice'],
    ['Café', 'cafe'],
    ['ｆｕｌｌ', 'full'],
    ['h\u200bi\u00addden', 'hidden'],
    ['сору', 'сору'], // all Cyrillic stays
    ['cоpy', 'copy'], // one Cyrillic letter does not
    ['a w a y', 'away'],
    ['#monday', 'monday'],
    ['@someone', '<user>'],
    ['@', ''],
    ['@$$hole', 'sshole'],
    ['https', '<url>'],
    ['1999', '<number 4>'],
    ['!!!', ''],
    ['f**k', 'f**k'],
    ['👍🏿', '👍'],
  ])('%s -> %s', (token, form) => {
    expect(wordForm(token)).toBe(form);
  });

  it('is its own form', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9@$!*'_]{1,20}$/), (token) => {
        const form = wordForm(token);
        fc.pre(!form.startsWith('<') && !/^[a$@*!\d]*$/.test(form));
        expect(wordForm(form)).toBe(form);
      }),
    );
  });

  it('squeezes runs', () => {
    expect(squeezed('good')).toBe(squeezed('gooood'));
  });
});

it('decodes entities of HTML, and leaves what is none', () => {
  expect(decodeEntities('a &amp; b &#8220;c&#x201D; &lt;3 &#128514; R&D &foo; &#xD800; &#99999999;')).toBe(
    'a & b “c” <3 😂 R&D &foo; &#xD800; &#99999999;',
  );
});

it('takes tweets for the same that differ in mentions, addresses, signs and case', () => {
  expect(sameTextKey('RT @a: Good   MORNING!!! http://t.co/x &amp; hi')).toBe(sameTextKey('"@b good morning" hi 12'));
  expect(sameTextKey('good morning')).not.toBe(sameTextKey('good evening'));
});
