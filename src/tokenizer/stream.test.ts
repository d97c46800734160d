import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { byteTokenizer } from './bytes.js';
import { sentencePieceFile } from './fixtures.js';
import { tokenizerFromJSON } from './json-read.js';
import { EncodeStream } from './stream.js';
import { trainBpe } from './train.js';
import type { Tokenizer } from './types.js';
import { utf8 } from './utf8.js';

const texts = ["hello world, the HELLO of the World's 1862!!\n\n", 'der Gruß an die Welt und die Grüße 中A中AB'];
const kinds: Record<string, Tokenizer> = {};

beforeAll(async () => {
  for (const pattern of ['telar', 'gpt2', 'gpt4', 'o200k'] as const)
    kinds[pattern] = await trainBpe({ texts, vocabSize: 340, minFrequency: 1, pattern });
  kinds['byte'] = byteTokenizer();
  kinds['sentencePiece'] = tokenizerFromJSON(sentencePieceFile());
});

/** Ids of pieces that are pushed one after the other. */
function streamed(tokenizer: Tokenizer, pieces: readonly (string | Uint8Array)[]): number[] {
  const stream = new EncodeStream(tokenizer);
  const ids = pieces.flatMap((piece) => [...stream.push(piece)]);
  return [...ids, ...stream.end()];
}

const pieceOfText = fc.oneof(
  fc.constantFrom(
    'hello',
    ' World',
    "'s",
    "'",
    'll',
    '  ',
    '\r\n',
    '\n',
    '中A',
    'ABc',
    '1862',
    '!!',
    '\u0301',
    '🙂',
    '/',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);

describe.each(['telar', 'gpt2', 'gpt4', 'o200k', 'byte', 'sentencePiece'])('a stream of %s', (kind) => {
  it('gives the ids of the whole, however the bytes are cut', () => {
    const bytes = fc
      .array(fc.oneof({ weight: 4, arbitrary: pieceOfText.map(utf8) }, { weight: 1, arbitrary: fc.uint8Array() }), {
        maxLength: 12,
      })
      .map((parts) => Uint8Array.from(Buffer.concat(parts)));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat({ max: 9 }), { maxLength: 40 }), (whole, lengths) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) pieces.push(whole.subarray(at, (at += length)));
        pieces.push(whole.subarray(at));
        const tokenizer = kinds[kind] as Tokenizer;
        expect(streamed(tokenizer, pieces)).toEqual([...tokenizer.encode(whole)]);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the ids of the whole, however a string is cut', () => {
    fc.assert(
      fc.property(fc.array(pieceOfText, { maxLength: 12 }), (parts) => {
        const tokenizer = kinds[kind] as Tokenizer;
        const whole = parts.join('');
        expect(streamed(tokenizer, parts)).toEqual([...tokenizer.encode(whole)]);
        // By UTF-16 units, which halves surrogate pairs.
        expect(streamed(tokenizer, whole.split(''))).toEqual([...tokenizer.encode(whole)]);
      }),
      { numRuns: 300 },
    );
  });
});

it('holds back no more than the last word', () => {
  const stream = new EncodeStream(kinds['telar'] as Tokenizer);
  const first = stream.push('hello world, the hello of');
  expect((kinds['telar'] as Tokenizer).decode(first)).toBe('hello world, the hello');
  expect(stream.end().length).toBeGreaterThan(0);
  expect(stream.end()).toEqual(new Uint32Array());
});

it('is not quadratic in a word that does not end', () => {
  const tokenizer = kinds['telar'] as Tokenizer;
  const stream = new EncodeStream(tokenizer);
  const start = performance.now();
  let count = 0;
  for (let i = 0; i < 20_000; i++) count += stream.push('a'.repeat(50)).length;
  count += stream.end().length;
  // A tenth of a second on an idle machine; looking at everything anew for every piece would be 10^10 characters.
  expect(performance.now() - start).toBeLessThan(5000);
  expect(count).toBe(tokenizer.encode('a'.repeat(1_000_000)).length);
});
