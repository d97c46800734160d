import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutParagraphs } from './index.js';

describe('cutParagraphs', () => {
  it.each([
    ['a\nb\nc', [1], 'a\nc'],
    ['a\n\nb\n\nc', [2], 'a\n\nc'],
    ['a\n\nb\n\nc\n', [0], 'b\n\nc\n'],
    ['a\n\nb\n\nc\n', [0, 2, 4], ''],
    ['a\n\n\nb\n', [3], 'a\n\n'],
    ['a\nb\n', [1], 'a\n'],
    ['a\n\n\n\nb', [], 'a\n\n\n\nb'],
  ])('%j without %j', (text, indexes, expected) => expect(cutParagraphs(text, indexes)).toBe(expected));

  it('removes the lines it is given, and otherwise at most blank ones', () => {
    const lines = fc.array(fc.constantFrom('', ' ', 'a', 'b', 'c d'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lines, fc.func(fc.boolean()), (lines, chosen) => {
        const indexes = lines.flatMap((line, i) => (line.trim() !== '' && chosen(i) ? [i] : []));
        const rest = cutParagraphs(lines.join('\n'), indexes);
        const written = (all: string[]) => all.filter((line) => line.trim() !== '');
        expect(written(rest.split('\n'))).toEqual(written(lines.filter((_, i) => !indexes.includes(i))));
      }),
    );
  });
});
