import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterAt } from './characters.js';
import { patternPresets } from './pattern.js';
import { scannerOf } from './scan.js';
import { forEachPiece, patternSplitter } from './split.js';
import { utf8 } from './utf8.js';

const patterns = { ...patternPresets, qwen: patternPresets.gpt4.replace('{1,3}', '') };

/** Pieces of a text by the hand-written scanner. */
function scanned(pattern: string, text: string): string[] {
  const scan = scannerOf(pattern);
  if (!scan) throw new Error('no scanner');
  const bytes = utf8(text);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = scan(bytes, at, bytes.length);
    if (end <= at) throw new Error(`an empty piece at ${at}`);
    pieces.push(Buffer.from(bytes.subarray(at, end)).toString());
    at = end;
  }
  return pieces;
}

/** Pieces of a text by the regular expression. */
function matched(pattern: string, text: string): string[] {
  const pieces: string[] = [];
  forEachPiece(text, [patternSplitter(pattern)], (piece) => pieces.push(piece));
  return pieces;
}

// One character of each kind that a pattern treats in its own way, with those that only look like it.
const telling = [..."''’/.-!$ sStTmMdDrRvVeElLaAzZſK019 \t\n\r\v\f_"].concat(
  [...'éÉßǅʰªªـ中あאابक\u093e\u0301\u0300\u20dd\ufe0f٣²Ⅷ½༳'],
  ['\u0085', '\u00a0', '\u2028', '\u2029', '\u3000', '\ufeff', '\u200b', '\u200d', '\u180e', '\u0000', '\u007f'],
  ['🙂', '👩‍🚀', '🇪🇸', '𐐀', '𐐨', '𝒜', '𝟙', '\u{e0100}', '\u{10ffff}', '\ufffd', '\ue000', '\u0378'],
);
const nasty = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: fc.constantFrom(...telling), maxLength: 24 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.constantFrom("'ll", "'LL", "’re'", "'ſ", '  ', '\r\n', 'ABc', '中A', ' \n ', '\u0301A', '//\n', '12345'),
        {
          maxLength: 8,
        },
      )
      .map((parts) => parts.join('')),
  },
);

describe.each(Object.entries(patterns))('the scanner of %s', (_, pattern) => {
  it('cuts as the regular expression does', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        expect(scanned(pattern, text)).toEqual(matched(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('puts every character in the class that the regular expression sees', () => {
    const planes = [0, 0x10000, 0xe0000];
    for (const plane of planes) {
      let text = '';
      for (let code = plane; code < plane + 0x10000; code++)
        if (code < 0xd800 || code > 0xdfff) text += `${String.fromCodePoint(code)}a${String.fromCodePoint(code)}1 `;
      const expected = matched(pattern, text);
      const found = scanned(pattern, text);
      expect(found.findIndex((piece, i) => piece !== expected[i])).toBe(-1);
      expect(found.length).toBe(expected.length);
    }
  });
});

it('reads nothing across a byte that is no UTF-8', () => {
  const bytes = Uint8Array.of(0x61, 0xe4, 0xb8, 0x62);
  expect(scannerOf(patternPresets.gpt2)?.(bytes, 0, 4)).toBe(1);
  expect(characterAt(bytes, 1, 4)).toBe(0);
});
