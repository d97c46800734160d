import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { Contamination } from './index.js';
import { testItems } from './test-items.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-'));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const numbered = (from: number, to: number, word = 'word') =>
  Array.from({ length: to - from }, (_, i) => `${word}${from + i}`).join(' ');

describe('items of test sets', () => {
  it.each([
    ['a.txt', 'all of\nit, "whole"', ['all of\nit, "whole"']],
    [
      'a.jsonl',
      '{"q": "one", "n": 3, "more": ["two", {"deep": "three"}]}\n\n"four"\n',
      ['one', 'two', 'three', 'four'],
    ],
    ['a.json', '[{"a": "x"}, ["y", null, true]]', ['x', 'y']],
    [
      'a.csv',
      'id,text\r\n1,"said ""so"", twice\nover"\n2,plain',
      ['id', 'text\r', '1', 'said "so", twice\nover', '2', 'plain'],
    ],
    ['a.tsv', 'a, b\tc\n', ['a, b', 'c']],
    ['b.csv', 'a,"never closed\n1,2', ['a', 'never closed\n1,2']],
  ])('%s', (name, content, items) => {
    expect([...testItems(file(name, content))].toSorted()).toEqual(items.toSorted());
    expect([...testItems(file(`${name}.gz`, gzipSync(content)))].toSorted()).toEqual(items.toSorted());
  });

  it('are refused with a place when they cannot be read', () => {
    expect(() => Contamination.load([file('bad.jsonl', '{"a": "b"}\n{"a": ')])).toThrow(/bad\.jsonl:2 is not JSON/);
    expect(() => Contamination.load([join(folder, 'absent.txt')])).toThrow(InputError);
    expect(() => Contamination.load([file('bad.txt', Uint8Array.of(0xff, 0xfe, 0xff))])).toThrow(InputError);
    expect(() => Contamination.load([file('bad.txt.gz', 'not gzip')])).toThrow(InputError);
  });
});

describe('contamination', () => {
  const questions = file('questions.jsonl', JSON.stringify({ question: `${numbered(0, 20)}?` }));
  const short = file('short.csv', `${numbered(0, 9, 'Short')}\n${numbered(0, 7, 'tiny')}`);
  const contamination = Contamination.load([questions, short]);

  it('finds a run of 13 words, whatever their case and punctuation, and tells it as it stands', () => {
    const text = `Before. ${numbered(4, 17, 'WORD').replaceAll(' ', ',\n ')}! After.`;
    expect(contamination.find(text)).toEqual({
      file: questions,
      ngram: numbered(4, 17, 'WORD').replaceAll(' ', ', '),
    });
    expect(contamination.find(`Before. ${numbered(4, 16)}! After.`)).toBeNull();
  });

  it('finds short items as a whole, from eight words on', () => {
    expect(contamination.find(`so ${numbered(0, 9, 'short')} it is`)).toEqual({
      file: short,
      ngram: numbered(0, 9, 'short'),
    });
    expect(contamination.find(`so ${numbered(0, 8, 'short')} it is`)).toBeNull();
    expect(contamination.find(numbered(0, 7, 'tiny'))).toBeNull();
    expect(contamination.size).toBe(8 + 1);
  });

  it('finds a run anywhere in a long text, and no run that is not there', () => {
    const filler = numbered(0, 6000, 'filler').split(' ');
    fc.assert(
      fc.property(fc.nat({ max: filler.length }), fc.nat({ max: 7 }), (at, from) => {
        const run = numbered(from, from + 13).split(' ');
        const text = (words: string[]) => [...filler.slice(0, at), ...words, ...filler.slice(at)].join(' ');
        expect(contamination.find(text(run))).toEqual({ file: questions, ngram: run.join(' ') });
        expect(contamination.find(text(run.toSpliced(6, 1)))).toBeNull();
      }),
      { numRuns: 25 },
    );
  });

  it('agrees with the definition on texts of few words', () => {
    const words = fc.array(fc.constantFrom('a', 'b'), { maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(words, words, (test, text) => {
        const set = Contamination.load([file('set.txt', test.join(' '))], 6);
        const runs = (all: string[]) =>
          Array.from({ length: Math.max(0, all.length - 5) }, (_, i) => all.slice(i, i + 6).join(' '));
        const expected = runs(text).find((run) => runs(test).includes(run));
        expect(set.find(text.join(' '))?.ngram).toBe(expected);
      }),
    );
  });
});
