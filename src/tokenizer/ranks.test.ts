import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { Tiktoken } from 'tiktoken/lite';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { tokenizerFromJSON } from './json-read.js';
import type { PatternPreset } from './pattern.js';
import { readRanks, tokenizerFromRanks } from './ranks.js';
import { utf8 } from './utf8.js';

const require = createRequire(import.meta.url);
const ranksFolder = join(dirname(require.resolve('gpt-tokenizer/package.json')), 'data');

const pieces = [
  ..."It's| WE'LL| the|The Union| 1862|12345|!!| ...|if (x) {|//|camelCase|HTMLElement|_|-|/".split('|'),
  ...'日本語のテキスト|中文|한국어|العربية|हिन्दी|русский|ไทย|🙂|👩‍🚀|🇪🇸|é|e\u0301|ǅ|中A'.split('|'),
  ...'\n\n|  |\t|\r\n|\u00a0|\u3000|\u200d|\ufffd'.split('|'),
];
const text = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, fc.string({ unit: 'binary', maxLength: 6 })), {
    maxLength: 20,
  })
  .map((parts) => parts.join(''));

const vocabularies: [string, string, PatternPreset][] = [
  ['r50k_base', 'gpt2', 'gpt2'],
  ['cl100k_base', 'cl100k_base', 'gpt4'],
  ['o200k_base', 'o200k_base', 'o200k'],
];

describe.each(vocabularies)('%s', (ranks, name, pattern) => {
  it('gives the ids that tiktoken gives, also after saving and loading', () => {
    const content = readFileSync(join(ranksFolder, `${ranks}.tiktoken`), 'latin1');
    const ours = tokenizerFromRanks(readRanks(content), { pattern });
    const loaded = ranks === 'r50k_base' ? tokenizerFromJSON(JSON.parse(JSON.stringify(ours.toJSON()))) : ours;
    const data = require(`tiktoken/encoders/${name}.json`) as { bpe_ranks: string; pat_str: string };
    const tiktoken = new Tiktoken(data.bpe_ranks, {}, data.pat_str);
    fc.assert(
      fc.property(text, (sample) => {
        const ids = tiktoken.encode_ordinary(sample);
        expect(ours.encode(sample)).toEqual(ids);
        expect(loaded.encode(utf8(sample))).toEqual(ids);
      }),
      { numRuns: 200 },
    );
    tiktoken.free();
  });
});

describe('tokenizerFromRanks', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => [byte, Uint8Array.of(byte)] as const);
  const made = (...tokens: [number, string][]) =>
    new Map([...bytes, ...tokens.map(([id, token]) => [id, utf8(token)] as const)]);

  it('merges by rank, leaves gaps, and takes a word that is a token whole', () => {
    const tokenizer = tokenizerFromRanks(made([256, 'ab'], [258, 'abc'], [300, 'xyz']), {
      pattern: 'gpt2',
      specials: { '<|endoftext|>': 400 },
    });
    expect([...tokenizer.encode('abcab')]).toEqual([258, 256]);
    // No two parts lead to "xyz", so it is found as a whole word only.
    expect([...tokenizer.encode('xyz')]).toEqual([300]);
    expect([...tokenizer.encode('xyza')]).toEqual([...utf8('xyza')]);
    expect([tokenizer.vocabSize, tokenizer.eos, tokenizer.specials.size]).toEqual([401, 400, 1]);
  });

  it('refuses what is no vocabulary', () => {
    const options = { pattern: 'gpt2' as const };
    expect(() => tokenizerFromRanks(new Map(bytes.slice(1)), options)).toThrow(/no token for the byte 0/);
    expect(() => tokenizerFromRanks(made([256, 'ab'], [257, 'ab']), options)).toThrow(InputError);
    expect(() => tokenizerFromRanks(made([256, '']), options)).toThrow(InputError);
    expect(() => tokenizerFromRanks(made(), { ...options, specials: { '<a>': 3 } })).toThrow(InputError);
    expect(() => tokenizerFromRanks(made(), { ...options, specials: { '<a>': 256, '<b>': 256 } })).toThrow(InputError);
    for (const content of ['IQ==', '!! 3', 'IQ== 1\nIg== 1', 'IQ== -1'])
      expect(() => readRanks(content, 'a.tiktoken')).toThrow(/a\.tiktoken:[12]: /);
    expect(readRanks('IQ== 0\n\nIg== 7\r\n')).toEqual(new Map([0, 7].map((id, i) => [id, Buffer.of(0x21 + i)])));
  });
});
