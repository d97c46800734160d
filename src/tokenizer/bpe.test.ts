import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tokenizerFromJSON } from './json-read.js';
import { byteLevelFile, sentencePieceFile } from './fixtures.js';
import { trainBpe } from './train.js';
import type { Tokenizer } from './types.js';
import { utf8 } from './utf8.js';

const mixedBytes = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }).map(utf8),
      fc.constantFrom('hello', ' world', '<|endoftext|>', '<s>', '  ', 'the').map(utf8),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Uint8Array.from(Buffer.concat(parts)));

const spaceSign = Buffer.from('▁');

describe('every kind of tokenizer', () => {
  let kinds: Record<string, Tokenizer> = {};
  beforeAll(async () => {
    const texts = ['hello world, the hello of the world 1862', 'der Gruß an die Welt und die Grüße'];
    kinds = {
      telar: await trainBpe({ texts, vocabSize: 320 }),
      gpt2: await trainBpe({ texts, vocabSize: 320, pattern: 'gpt2', specials: ['<|endoftext|>', '<s>'] }),
      byteLevel: tokenizerFromJSON(byteLevelFile()),
      sentencePiece: tokenizerFromJSON(sentencePieceFile()),
    };
  });

  it.each(['telar', 'gpt2', 'byteLevel', 'sentencePiece'])('%s round-trips any bytes', (kind) => {
    const tokenizer = kinds[kind] as Tokenizer;
    const loaded = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
    expect(loaded.hash).toBe(tokenizer.hash);
    fc.assert(
      fc.property(mixedBytes, fc.boolean(), (bytes, allowSpecial) => {
        // For SentencePiece the sign for a space is a space.
        fc.pre(kind !== 'sentencePiece' || !Buffer.from(bytes).includes(spaceSign));
        const ids = tokenizer.encode(bytes, { allowSpecial });
        expect(tokenizer.decodeBytes(ids)).toEqual(bytes);
        expect(loaded.encode(bytes, { allowSpecial })).toEqual(ids);
        expect(!allowSpecial && [...ids].some((id) => tokenizer.isSpecial(id))).toBe(false);
        const steps = Array.from(ids, (id, i) => tokenizer.bytesAfter(id, i === 0 ? null : (ids[i - 1] ?? null)));
        expect(Uint8Array.from(Buffer.concat(steps))).toEqual(bytes);
        const half = ids.length >> 1;
        const halves = [ids.subarray(0, half), ids.subarray(half)] as const;
        const parts = [tokenizer.decodeBytes(halves[0]), tokenizer.decodeBytes(halves[1], ids[half - 1])];
        expect(Uint8Array.from(Buffer.concat(parts))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['telar', 'byteLevel', 'sentencePiece'])('%s encodes a string as its UTF-8', (kind) => {
    const tokenizer = kinds[kind] as Tokenizer;
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        expect(tokenizer.encode(text)).toEqual(tokenizer.encode(utf8(text)));
      }),
    );
    expect(tokenizer.decode(tokenizer.encode('a\ud800b'))).toBe('a\ufffdb');
    expect(tokenizer.encode('')).toEqual(new Uint32Array());
  });

  it('is not quadratic in the length of a word', () => {
    for (const kind of ['telar', 'sentencePiece']) {
      const tokenizer = kinds[kind] as Tokenizer;
      const start = performance.now();
      const text = 'hel'.repeat(100_000);
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      expect(performance.now() - start).toBeLessThan(3000);
    }
  });

  it('gives the same ids from the cache and without it', async () => {
    const tokenizer = kinds['telar'] as Tokenizer;
    const fresh = await trainBpe({
      texts: ['hello world, the hello of the world 1862', 'der Gruß an die Welt und die Grüße'],
      vocabSize: 320,
    });
    const text = Array.from({ length: 150_000 }, (_, i) => ` w${i.toString(36).replace(/\d/g, 'the')}`).join('');
    tokenizer.encode(text);
    expect(tokenizer.encode('hello the world')).toEqual(fresh.encode('hello the world'));
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });
});
