import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepts, combine, isEmpty, literals } from './dfa.js';
import { formats } from './formats.js';
import { matchingContent, quoted } from './json-string.js';
import { numberAutomaton } from './json-number.js';
import { parsePattern } from './pattern.js';
import { patternAutomaton } from './pattern-automaton.js';

const piece: fc.Arbitrary<string> = fc.letrec<{ any: string; atom: string }>((tie) => ({
  atom: fc.constantFrom(
    'a',
    'b',
    '.',
    'é',
    '😀',
    '[a-c]',
    '[^a"]',
    String.raw`\d`,
    String.raw`\W`,
    String.raw`\s`,
    String.raw`\n`,
    '"',
    String.raw`\\`,
    String.raw`\u00e9`,
    String.raw`\u{1f600}`,
    String.raw`[\]\-a]`,
    String.raw`\p{L}`,
  ),
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('atom'),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => a + b),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,}', '+?')).map(([a, q]) => `(?:${a})${q}`),
    tie('any').map((a) => `(^${a}|${a}$)`),
  ),
})).any;
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', 'é', '😀', '"', '\\', '\n', ' ', '\u2028', '_'), { maxLength: 6 })
  .map((all) => all.join(''));

describe('patterns', () => {
  it('match whole texts as JavaScript does', () => {
    fc.assert(
      fc.property(piece, fc.array(text, { minLength: 5, maxLength: 10 }), (source, texts) => {
        const dfa = patternAutomaton(parsePattern(source), 'text', 'it');
        const reference = new RegExp(`^(?:${source})$`, 'u');
        for (const each of texts) expect(accepts(dfa, Buffer.from(each)), each).toBe(reference.test(each));
      }),
      { numRuns: 60 },
    );
  });
  it('are found in JSON strings as JavaScript finds them in the values', () => {
    fc.assert(
      fc.property(piece, fc.array(text, { minLength: 5, maxLength: 10 }), (source, texts) => {
        const dfa = quoted(matchingContent(source));
        const reference = new RegExp(source, 'u');
        for (const each of texts)
          expect(accepts(dfa, Buffer.from(JSON.stringify(each))), each).toBe(reference.test(each));
      }),
      { numRuns: 40 },
    );
  });
  it.each([
    'a**',
    '(',
    'a)',
    '[b-a]',
    '[a',
    '{',
    String.raw`\q`,
    String.raw`\bword`,
    '(?!a)',
    String.raw`\k<a>`,
    'a{3,1}',
    '^*',
    String.raw`\p{Nope}`,
    String.raw`\ud800`,
  ])('refuse %s', (source) => expect(() => parsePattern(source)).toThrow(/the pattern .* at character \d+/));
  it('need a step a byte where backtracking would need an age', () => {
    const dfa = patternAutomaton(parsePattern('(a+)+$'), 'text', 'it');
    expect(accepts(dfa, Buffer.from(`${'a'.repeat(100_000)}b`))).toBe(false);
  });
});

it.each<[keyof typeof formats, string[], string[]]>([
  ['date', ['2024-02-29', '2000-02-29', '2023-12-31'], ['2023-02-29', '1900-02-29', '2023-04-31', '2023-13-01']],
  ['time', ['00:00:00Z', '23:59:59.123+05:30'], ['24:00:00Z', '12:00:00', '12:60:00Z']],
  ['date-time', ['2024-02-29T01:02:03Z'], ['2024-02-29 01:02:03Z']],
  ['email', ['a.b+c@example.co.uk'], ['a@b', '.a@b.c', 'a b@c.de']],
  ['ipv4', ['0.0.0.0', '255.249.199.99'], ['256.0.0.1', '01.0.0.0', '1.2.3']],
  [
    'ipv6',
    ['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2::7:8', '1:2:3:4:5:6:7::'],
    ['1:2:3', ':::', '1::2::3', '1:2:3:4:5:6:7:8:9'],
  ],
  ['uuid', ['01234567-89ab-cdef-0123-456789abcdef'], ['0123456789abcdef0123456789abcdef']],
  ['uri', ['https://example.org', 'ftp://a.b:21/c/d%20e?f=g#h'], ['example.org', 'http://', 'http://a b']],
  ['hostname', ['a', 'a-b.example'], ['-a', 'a..b']],
])('format %s', (name, good, bad) => {
  const dfa = patternAutomaton(parsePattern(formats[name]!), 'text', name);
  for (const each of good) expect(accepts(dfa, Buffer.from(each)), each).toBe(true);
  for (const each of bad) expect(accepts(dfa, Buffer.from(each)), each).toBe(false);
});

it('numbers keep to their bounds as doubles do', () => {
  const bound = fc.oneof(
    fc.integer({ min: -2000, max: 2000 }),
    fc.double({ min: -50, max: 50, noNaN: true }),
    fc.constantFrom(0, -0.001, 1e-7, 1e14, 0.1),
  );
  const number = fc.oneof(
    fc.integer({ min: -3000, max: 3000 }).map(String),
    fc.tuple(fc.integer({ min: -99, max: 99 }), fc.stringMatching(/^\d{1,4}$/)).map(([a, b]) => `${a}.${b}`),
  );
  fc.assert(
    fc.property(
      bound,
      bound,
      fc.boolean(),
      fc.constantFrom(null, 1, 3, 0.5, 0.25),
      fc.array(number, { minLength: 20, maxLength: 20 }),
      (low, high, exclusive, multiple, texts) => {
        const dfa = numberAutomaton({
          integer: false,
          least: [{ value: low, exclusive }],
          most: [{ value: high, exclusive: !exclusive }],
          multipleOf: multiple === null ? [] : [multiple],
        });
        for (const each of [...texts, String(Math.round(low)), String(Math.round(high))]) {
          const x = Number(each);
          const inside = (exclusive ? x > low : x >= low) && (exclusive ? x <= high : x < high);
          const expected =
            inside &&
            (multiple === null || Number.isInteger(x / multiple)) &&
            each !== '-0' &&
            (multiple !== 1 && multiple !== 3 ? true : !each.includes('.'));
          expect(accepts(dfa, Buffer.from(each)), `${each} in ${low} to ${high}, multiple of ${multiple}`).toBe(
            expected && !(multiple !== null && /\.\d{3,}$/.test(each)) && !(multiple === 0.5 && /\.\d\d/.test(each)),
          );
        }
      },
    ),
    { numRuns: 30 },
  );
});

it('automata are combined by what each accepts', () => {
  const [a, b] = [literals([Buffer.from('x'), Buffer.from('yz')]), patternAutomaton(parsePattern('y.*|'), 'text', 'b')];
  const only = combine([a, b], ([inA, inB]) => inA! && !inB!, 'a without b');
  expect(['x', 'yz', 'y', ''].map((each) => accepts(only, Buffer.from(each)))).toEqual([true, false, false, false]);
  expect(isEmpty(combine([a, a], ([one, other]) => one! && !other!, 'nothing'))).toBe(true);
});
