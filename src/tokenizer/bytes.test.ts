import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { byteTokenizer } from './bytes.js';
import { tokenizerFromJSON } from './json-read.js';

describe('byteTokenizer', () => {
  const tokenizer = byteTokenizer();

  it('gives bytes as ids and 256 as the end of text', () => {
    expect([...tokenizer.encode('aé')]).toEqual([0x61, 0xc3, 0xa9]);
    expect(tokenizer.vocabSize).toBe(257);
    expect([tokenizer.bos, tokenizer.eos, tokenizer.addsBos]).toEqual([256, 256, true]);
    expect(tokenizer.isSpecial(256)).toBe(true);
    expect(tokenizer.isSpecial(255)).toBe(false);
  });

  it('takes special tokens from text only when allowed', () => {
    expect(tokenizer.encode('<|endoftext|>').length).toBe(13);
    expect([...tokenizer.encode('a<|endoftext|>b', { allowSpecial: true })]).toEqual([97, 256, 98]);
    const bytes = Uint8Array.from([0xff, ...Buffer.from('<|endoftext|>'), 0xed, 0xa0, 0x80]);
    expect([...tokenizer.encode(bytes, { allowSpecial: true })]).toEqual([0xff, 256, 0xed, 0xa0, 0x80]);
  });

  it('round-trips any bytes, also after saving and loading', () => {
    const loaded = tokenizerFromJSON(structuredClone(tokenizer.toJSON()));
    expect(loaded.hash).toBe(tokenizer.hash);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, allowSpecial) => {
        const ids = tokenizer.encode(bytes, { allowSpecial });
        expect(tokenizer.decodeBytes(ids)).toEqual(bytes);
        expect(loaded.encode(bytes, { allowSpecial })).toEqual(ids);
      }),
    );
  });

  it('refuses ids outside the vocabulary', () => {
    for (const id of [257, -1, 1.5, Number.NaN]) {
      expect(() => tokenizer.tokenBytes(id)).toThrow(InputError);
      expect(() => tokenizer.decode([id])).toThrow(InputError);
    }
  });

  it('refuses special tokens that cannot be', () => {
    for (const specials of [[], [''], ['<a>', '<a>'], ['a']]) expect(() => byteTokenizer(specials)).toThrow(InputError);
  });
});
