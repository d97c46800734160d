import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { hashFraction, SplitPlanner, tailStart, textOfPart } from './split.js';

const documentOf = (text: string) => ({
  text: Buffer.from(text),
  bytes: Buffer.byteLength(text),
  hash: sha256(text),
  source: 'test',
});

describe('the split', () => {
  it('leaves something on both sides, loses nothing, and never puts equal texts on both', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', ' ', '\n', '😀'), minLength: 2, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.01, max: 0.5, noNaN: true }),
        (texts, f) => {
          const planner = new SplitPlanner(f);
          const documents = texts.map(documentOf);
          for (const document of documents) planner.add(document);
          const plan = planner.plan();
          const parts = (part: 'train' | 'heldOut') =>
            documents.map((document) => textOfPart(plan, document, part)?.toString() ?? '');
          const [train, heldOut] = [parts('train'), parts('heldOut')];
          expect(train.map((piece, i) => piece + heldOut[i])).toEqual(texts);
          expect(train.join('')).not.toBe('');
          expect(heldOut.join('')).not.toBe('');
          expect(train).toEqual(texts.map((text) => train[texts.indexOf(text)]));
          const other = new SplitPlanner(f);
          for (const document of documents.toReversed()) other.add(document);
          expect(other.plan()).toEqual(plan);
        },
      ),
    );
  });

  it('is close to the wanted share for many documents', () => {
    const planner = new SplitPlanner(0.1);
    const documents = Array.from({ length: 2000 }, (_, i) => documentOf(`document ${i}`));
    for (const document of documents) planner.add(document);
    expect(planner.plan()).toEqual({ fraction: 0.1, tail: null });
    const share = documents.filter(({ hash }) => hashFraction(hash) < 0.1).length / 2000;
    expect(Math.abs(share - 0.1)).toBeLessThan(0.02);
  });

  it('refuses shares that make no sense and can hold out nothing', () => {
    for (const share of [-0.1, 0.6, NaN]) expect(() => new SplitPlanner(share)).toThrow(InputError);
    const planner = new SplitPlanner(0);
    planner.add(documentOf('text'));
    expect(textOfPart(planner.plan(), documentOf('text'), 'heldOut')).toBeNull();
  });
});

describe('tailStart', () => {
  it.each([
    ['one two three four five', 8, 'four five'],
    ['one\ntwo\nthree\nfour\nfive', 8, 'four\nfive'],
    ['a b c\n\nd e f\n\ng h i\nj k l', 12, 'g h i\nj k l'],
    ['aaaaaaaaaa', 3, 'aaa'],
    ['ééééé', 3, 'éé'],
  ])('cuts %j about %i bytes before the end', (text, bytes, tail) => {
    const start = tailStart(Buffer.from(text), bytes);
    expect(Buffer.from(text).subarray(start).toString().trimStart()).toBe(tail);
  });

  it('says 0 for a single character', () => {
    expect(tailStart(Buffer.from('😀'), 1)).toBe(0);
  });
});
