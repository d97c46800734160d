import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declarations, speeches } from './fixtures.js';
import { badness, repairMojibake } from './mojibake.js';

const windows1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const asLatin1 = (text: string) => Buffer.from(text).toString('latin1');
const asWindows1252 = (text: string) =>
  asLatin1(text).replace(/[\u0080-\u009f]/g, (char) => windows1252[char.charCodeAt(0) - 0x80]!);

const languages = declarations();

describe('correct text', () => {
  it('comes back as it is, in every language of the Declaration of Human Rights', () => {
    expect(languages.size).toBeGreaterThan(500);
    const changed = [...languages].filter(([, text]) => repairMojibake(text).text !== text).map(([code]) => code);
    // Two hold controls where their apostrophes were.
    expect(changed.filter((code) => !/[\u0080-\u009f]/.test(languages.get(code)!))).toEqual([]);
    expect(changed).toHaveLength(2);
  });

  it('and the State of the Union', () => {
    for (const text of speeches()) expect(repairMojibake(text).repaired).toBe(0);
  });

  it.each([
    'CITÉ»',
    'voilà\u00a0»',
    '„MENÜ“',
    'PERÚ”',
    'AMANHÃ”',
    'CAFÉ™',
    'BEYONCÉ’s',
    'Úžasný',
    'café…”',
    'perché…»',
    'Fuß“ und groß–',
    'VOILÀ…',
    'É—et',
    'ÎLE',
    'maçã»',
    'L’ÉTÉ’',
    'À»',
    'Ñ”',
    '“É”',
    'Ça, «ÇA»',
    'Å·B',
    'TÜRKİYE’DE',
    '5 €',
    'naïve café',
  ])('%s stays', (text) => {
    expect(repairMojibake(text)).toEqual({ text, repaired: 0 });
  });
});

describe('mojibake', () => {
  it.each([
    ['cafÃ©', 'café'],
    ['donâ€™t', 'don’t'],
    ['â€œhiâ€\u009d', '“hi”'],
    ['â\u0080\u0099', '’'],
    ['voilÃ\u00a0', 'voilà'],
    ['Â£5 and 10Â°', '£5 and 10°'],
    ['Å›wiat', 'świat'],
    ['ÐŸÑ€Ð¸Ð²ÐµÑ‚', 'Привет'],
    ['ä¸­æ–‡', '中文'],
    ['ðŸ˜€', '😀'],
    ['donÃ¢â‚¬â„¢t', 'don’t'],
    ['l\u0092amour \u0093dit\u0094', 'l’amour “dit”'],
    ['a correct é beside cafÃ©', 'a correct é beside café'],
  ])('%s means %s', (broken, meant) => {
    expect(repairMojibake(broken).text).toBe(meant);
  });

  it.each([
    ['fra', asWindows1252],
    ['deu_1996', asWindows1252],
    ['ell_monotonic', asWindows1252],
    ['cmn_hans', asWindows1252],
    ['fra', asLatin1],
    ['deu_1996', asLatin1],
    ['ell_monotonic', asLatin1],
    ['cmn_hans', asLatin1],
  ] as const)('of the Declaration in %s is repaired, mis-decoded once and twice', (code, misread) => {
    const text = languages.get(code)!;
    expect(repairMojibake(misread(text)).text).toBe(text);
    expect(repairMojibake(misread(misread(text))).text).toBe(text);
  });

  it('lowers the badness, or nothing is changed; what is repaired needs no repair', () => {
    const near = fc.string({ unit: fc.constantFrom(...'aÃ©âÂ€™œ»\u00a0É ß\u0080\nÐŸä¸­ðŸ˜') });
    fc.assert(
      fc.property(near, (text) => {
        const { text: repaired } = repairMojibake(text);
        expect(repaired === text || badness(repaired) < badness(text)).toBe(true);
        expect(repaired).not.toMatch(/\p{Surrogate}/u);
      }),
      { numRuns: 700 },
    );
  });
});
