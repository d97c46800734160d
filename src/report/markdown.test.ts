import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeBlock, inlineCode, markdownTable, markdownText } from './markdown.js';

describe('Markdown', () => {
  it('means what the text says', () => {
    expect(markdownText('a *b* <i> [c](d) | e_f')).toBe('a \\*b\\* \\<i\\> \\[c\\](d) \\| e\\_f');
    expect(markdownText('# no heading\n- no list')).toBe('\\# no heading - no list');
    expect(markdownText('1. no list')).toBe('1\\. no list');
    expect(['0.65', '100,000', 'https://example.org/a'].map(markdownText)).toEqual([
      '0.65',
      '100,000',
      'https://example.org/a',
    ]);
    expect(inlineCode('web/*.txt')).toBe('`web/*.txt`');
    expect(inlineCode('a`b``c|')).toBe('```a`b``c\\|```');
  });

  it('has tables with as many cells in every row', () => {
    const table = markdownTable(['a', '>b'], [[markdownText('x|y'), inlineCode('p|q')]]);
    expect(table).toBe('| a | b |\n| --- | ---: |\n| x\\|y | `p\\|q` |');
  });

  it('never lets a block of code end early', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('`', '```', '\n', 'a')), (parts) => {
        const [open, ...rest] = codeBlock(parts.join(''), '').split('\n');
        const close = rest.findIndex((line) => /^`+$/.test(line) && line.length >= open!.length);
        expect(close).toBe(rest.length - 1);
      }),
    );
  });

  it('leaves no HTML, link or code to any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'<>[]`|\\*_&#-1. \na') }), (text) => {
        const escaped = markdownText(text);
        expect(escaped).not.toContain('\n');
        expect(escaped.replaceAll(/\\[!-/:-@[-`{-~]/g, 'x')).not.toMatch(/[<>[\]`|\\*_&]|^[#-]|^\d+\.(\s|$)/);
      }),
    );
  });
});
