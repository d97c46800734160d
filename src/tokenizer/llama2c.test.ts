import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { tokenizerFromJSON } from './json-read.js';
import { readLlama2cTokenizer } from './llama2c.js';
import { byteTokenName } from './spec.js';
import { utf8 } from './utf8.js';

type Entry = readonly [text: string, score: number];

/** llama2.c's algorithm by the book: join the neighbours whose text is the token of the best score, leftmost first. */
function referenceEncode(entries: readonly Entry[], text: string): number[] {
  const ids = new Map(entries.map(([token], id) => [token, id] as const));
  const characters = text === '' ? [] : [' ', ...text];
  const out = characters.flatMap((character) => ids.get(character) ?? [...utf8(character)].map((byte) => byte + 3));
  for (;;) {
    let best = -1e10;
    let at = -1;
    let made = 0;
    for (let i = 0; i + 1 < out.length; i++) {
      const id = ids.get((entries[out[i] ?? 0]?.[0] ?? '') + (entries[out[i + 1] ?? 0]?.[0] ?? ''));
      const score = id === undefined ? -Infinity : (entries[id]?.[1] ?? 0);
      if (id !== undefined && score > best) [best, at, made] = [score, i, id];
    }
    if (at < 0) return out;
    out.splice(at, 2, made);
  }
}

function write(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(9, 0, 0, 0)];
  for (const [text, score] of entries) {
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat32(0, score, true);
    head.setInt32(4, utf8(text).length, true);
    parts.push(new Uint8Array(head.buffer), utf8(text));
  }
  return Uint8Array.from(Buffer.concat(parts));
}

function read(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  for (let at = 4; at < bytes.length;) {
    const length = view.getInt32(at + 4, true);
    entries.push([Buffer.from(bytes.subarray(at + 8, at + 8 + length)).toString(), view.getFloat32(at, true)]);
    at += 8 + length;
  }
  return entries;
}

const head: Entry[] = [
  ['<unk>', 0],
  ['\n<s>\n', 0],
  ['\n</s>\n', 0],
  ...Array.from({ length: 256 }, (_, byte): Entry => [byteTokenName(byte), 0]),
];
const made: Entry[] = [...head, ...[' ', 'a', 'b', 'aa', ' a', 'ab', 'aab', 'bb', ' aa'].map((t, i): Entry => [t, -i])];

describe('readLlama2cTokenizer', () => {
  const file = write(made);

  it("encodes as llama2.c's algorithm does, and so does what it saves", () => {
    const tokenizer = readLlama2cTokenizer(file, made.length);
    const loaded = tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer.toJSON())));
    expect(loaded.hash).toBe(tokenizer.hash);
    expect([tokenizer.bos, tokenizer.eos, tokenizer.addsBos]).toEqual([1, 2, true]);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é'), maxLength: 80 }), (text) => {
        const ids = tokenizer.encode(text);
        expect([...ids]).toEqual(referenceEncode(made, text));
        expect(loaded.encode(text)).toEqual(ids);
        expect(tokenizer.decode(ids)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a damaged file', () => {
    const wrong: [Uint8Array, number][] = [
      [new Uint8Array(), made.length],
      [file.subarray(0, file.length - 1), made.length],
      [file, made.length - 1],
      [file, made.length + 1],
      [file, 100],
      [file, 1e12],
      [write([...made, ['a', -99]]), made.length + 1],
      [write([...made, ['', -99]]), made.length + 1],
      [write([...head.slice(0, 3), ...made]), made.length + 3],
      [write(made).fill(0xff, 4, 12), made.length],
    ];
    for (const [bytes, size] of wrong) expect(() => readLlama2cTokenizer(bytes, size)).toThrow(InputError);
  });

  const data = process.env['TELAR_DATA'] ?? '../shared/data';
  const path = join(data, 'stories260K', 'tok512.bin');
  const withData = existsSync(path) ? it : it.skip;

  withData('reads tok512.bin (skipped: no ../shared/data)', () => {
    const bytes = new Uint8Array(readFileSync(path));
    const entries = read(bytes);
    const tokenizer = readLlama2cTokenizer(bytes, 512);
    const story = 'Once upon a time, there was a little girl named Lily. She didn\'t like the ☃.\n"Oh no!" said  Ben…';
    expect([...tokenizer.encode(story)]).toEqual(referenceEncode(entries, story));
    expect(tokenizer.decode(tokenizer.encode(story))).toBe(story);
    const ids = tokenizer.encode('Once upon');
    expect(tokenizer.decode(ids, tokenizer.bos)).toBe('Once upon');
    expect(tokenizer.decode(ids, ids[0])).toBe(' Once upon');
    const words = entries.slice(259).map(([token]) => token);
    const mixed = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 3 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(mixed, (parts) => {
        const sample = parts.join('').replaceAll('▁', '');
        expect([...tokenizer.encode(sample)]).toEqual(referenceEncode(entries, sample));
        expect(tokenizer.decode(tokenizer.encode(sample))).toBe(sample);
      }),
      { numRuns: 300 },
    );
  });
});
