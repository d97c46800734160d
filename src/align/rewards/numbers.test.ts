import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { findNumbers } from './numbers.js';

it.each<[string, number[]]>([
  ['', []],
  ['none here, at all.', []],
  ['5', [5]],
  ['The answer is 1,234,567.89.', [1234567.89]],
  ['1\u00a0234\u202f567 people, 1 234', [1234567, 1, 234]],
  ["1'234 or 1’234", [1234, 1234]],
  ['1,2,3', [1, 2, 3]],
  ['12,34', [12, 34]],
  ['1,2345', [1, 2345]],
  ['-5 and −6 and +7', [-5, -6, 7]],
  ['2-3', [2, 3]],
  ['(4)-3', [4, 3]],
  ['a - 3', [3]],
  ['COVID-19', [19]],
  ['B12 x2', []],
  ['$5, US$ 6.50, €7, -$8, $9', [5, 6.5, 7, -8, 9]],
  ['45%, 45 percent, 3.5 %', [45, 45, 3.5]],
  ['66.6 million, 2-billion, 3 Thousand', [66.6e6, 2e9, 3e3]],
  ['3 millionaires', [3]],
  ['.5 and 0.25 and 7.', [0.5, 0.25, 7]],
  ['1e3 2E-2 3em', [1000, 0.02, 3]],
  ['1e999', []],
  ['x=4', [4]],
  ['1.2.3', [1.2, 3]],
  ['Paris.12', [12]],
])('finds the numbers of %j', (text, numbers) => {
  expect(findNumbers(text).map(({ value }) => value)).toEqual(numbers);
});

it('reads what toLocaleString and String write', () => {
  const number = fc.double({ min: -1e12, max: 1e12, noNaN: true }).map((value) => Math.round(value * 1000) / 1000 + 0);
  fc.assert(
    fc.property(number, (value) => {
      const written = [value.toLocaleString('en', { maximumFractionDigits: 3 }), String(value)];
      for (const text of written) expect(findNumbers(`It is ${text}.`)).toMatchObject([{ value }]);
      expect(findNumbers(`It is $${Math.abs(value)}.`)).toMatchObject([{ value: Math.abs(value) }]);
    }),
  );
});

it('takes time linear in the text', () => {
  const start = performance.now();
  for (const piece of ['1,', '1', '1,234', '-', '$', ' ', '1.', 'million', "'1"]) findNumbers(piece.repeat(20_000));
  expect(performance.now() - start).toBeLessThan(3000);
});
