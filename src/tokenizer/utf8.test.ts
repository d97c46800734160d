import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOfEscaped, textOf, utf8, Utf8Stream } from './utf8.js';

const looseUtf8 = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }).map(utf8), fc.uint8Array({ maxLength: 3 })), {
    maxLength: 8,
  })
  .map((parts) => Uint8Array.from(Buffer.concat(parts)));

describe('textOf', () => {
  it('holds any bytes exactly', () => {
    fc.assert(
      fc.property(looseUtf8, (bytes) => {
        expect(bytesOfEscaped(textOf(bytes).text)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('escapes exactly where a strict decoder fails', () => {
    fc.assert(
      fc.property(looseUtf8, (bytes) => {
        const { text, escaped } = textOf(bytes);
        expect(escaped).toBe(/\p{Cs}/u.test(text));
        expect(escaped).toBe(Buffer.compare(Buffer.from(Buffer.from(bytes).toString('utf8')), bytes) !== 0);
      }),
    );
  });

  it('keeps a byte order mark and replaces lone surrogates of a string', () => {
    expect(textOf(utf8('\ufeffa')).text).toBe('\ufeffa');
    expect(textOf('a\udc41b').text).toBe('a\ufffdb');
  });
});

describe('Utf8Stream', () => {
  it('gives what a decoder of the whole gives, however the bytes are cut', () => {
    fc.assert(
      fc.property(looseUtf8, fc.array(fc.nat({ max: 40 })), (bytes, cuts) => {
        const stream = new Utf8Stream();
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const parts = places.slice(1).map((end, i) => stream.push(bytes.subarray(places[i], end)));
        expect(parts.join('') + stream.end()).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
      }),
    );
  });

  it('never gives half a character', () => {
    const stream = new Utf8Stream();
    const pieces = [...utf8('a🙂')].map((byte) => stream.push(Uint8Array.of(byte)));
    expect(pieces).toEqual(['a', '', '', '', '🙂']);
    expect(stream.push(Uint8Array.of(0xe2, 0x82))).toBe('');
    expect(stream.end()).toBe('\ufffd');
    expect(stream.push(utf8('b'))).toBe('b');
  });
});
