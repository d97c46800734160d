import { beforeAll, describe, expect, it } from 'vitest';
import { sentencePieceFile } from './fixtures.js';
import { tokenizerFromJSON } from './json-read.js';
import { trainBpe } from './train.js';
import type { Tokenizer } from './types.js';

const megabyte = 2 ** 20;
const inputs: Record<string, (length: number) => string> = {
  'one letter': (length) => 'a'.repeat(length),
  'one capital': (length) => 'A'.repeat(length),
  spaces: (length) => ' '.repeat(length),
  'spaces before a word': (length) => `${' '.repeat(length)}a`,
  newlines: (length) => '\n'.repeat(length),
  'newlines and spaces': (length) => '\n '.repeat(length / 2),
  'combining marks': (length) => '\u0301'.repeat(length / 2),
  digits: (length) => '7'.repeat(length),
  punctuation: (length) => '!'.repeat(length),
  apostrophes: (length) => "'".repeat(length),
  'caseless letters and capitals': (length) => '中A'.repeat(length / 4),
  'marks and capitals': (length) => '\u0301A'.repeat(length / 4),
};

const kinds: Record<string, Tokenizer> = {};
beforeAll(async () => {
  const texts = Object.values(inputs).map((make) => make(4096));
  for (const pattern of ['telar', 'gpt2', 'gpt4', 'o200k'] as const)
    kinds[pattern] = await trainBpe({ texts, vocabSize: 400, minFrequency: 1, pattern });
  kinds['sentencePiece'] = tokenizerFromJSON(sentencePieceFile());
});

/** Milliseconds that encoding takes; Infinity when decoding does not give the text back. */
function timeOf(tokenizer: Tokenizer, text: string): number {
  const start = performance.now();
  const ids = tokenizer.encode(text);
  const time = performance.now() - start;
  return tokenizer.decode(ids) === text ? time : Infinity;
}

// What is quadratic takes 10^12 steps for a megabyte, which is minutes; this takes a few tenths of a second.
it.each(['one letter', 'spaces', 'newlines', 'combining marks', 'digits'])('a megabyte of %s is linear', (name) => {
  expect(timeOf(kinds['telar'] as Tokenizer, inputs[name]?.(megabyte) ?? '')).toBeLessThan(8000);
});

// Here it takes 10^10 steps, and this a few hundredths of a second.
describe.each(['telar', 'gpt2', 'gpt4', 'o200k', 'sentencePiece'])('for %s', (kind) => {
  it.each(Object.entries(inputs))('%s are linear', (_, make) => {
    expect(timeOf(kinds[kind] as Tokenizer, make(megabyte / 8))).toBeLessThan(4000);
  });
});

it('takes a megabyte of bytes that are no UTF-8 in linear time', () => {
  const bytes = new Uint8Array(megabyte).fill(0xe4);
  const start = performance.now();
  const ids = (kinds['telar'] as Tokenizer).encode(bytes);
  expect(performance.now() - start).toBeLessThan(8000);
  expect(ids.length).toBe(megabyte);
});

it('trains on a megabyte of one letter, and of random letters without a space, in linear time', async () => {
  let state = 1;
  const letters = Uint8Array.from({ length: megabyte }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 97 + ((state >>> 16) % 26);
  });
  const start = performance.now();
  const tokenizer = await trainBpe({ texts: [letters, 'a'.repeat(megabyte)], vocabSize: 2000 });
  expect(performance.now() - start).toBeLessThan(8000);
  expect(tokenizer.vocabSize).toBe(2000);
});
