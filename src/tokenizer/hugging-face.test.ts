/** Our ids beside those of Hugging Face's own library, reading the same `tokenizer.json`. */
import * as fc from 'fast-check';
import { Tokenizer as HuggingFace } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { byteLevelFile, sentencePieceFile } from './fixtures.js';
import { tokenizerFromJSON } from './json-read.js';
import { patternPresets, type PatternPreset } from './pattern.js';
import { trainBpe } from './train.js';

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'hello',
        ' hello',
        'hel',
        ' ',
        '  ',
        '▁',
        'é',
        'e\u0301',
        '\n',
        "'s",
        ' World',
        '12345',
        '中A',
        '🙂',
        '<s>',
      ),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''));

async function agrees(json: unknown): Promise<void> {
  const ours = tokenizerFromJSON(json);
  const theirs = HuggingFace.fromString(JSON.stringify(json));
  await fc.assert(
    fc.asyncProperty(text, async (sample) => {
      const encoding = await theirs.encode(sample, null, { addSpecialTokens: false });
      expect([...ours.encode(sample, { allowSpecial: true })]).toEqual(encoding.getIds());
    }),
    { numRuns: 300 },
  );
}

describe('the ids are those of the tokenizers library', () => {
  it('for byte-level BPE', () => expect(agrees(byteLevelFile())).resolves.toBeUndefined());

  it('for SentencePiece-style BPE with byte fallback', async () => {
    await expect(agrees(sentencePieceFile())).resolves.toBeUndefined();
    const metaspace = sentencePieceFile();
    metaspace['normalizer'] = null;
    metaspace['pre_tokenizer'] = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false };
    await expect(agrees(metaspace)).resolves.toBeUndefined();
  });

  it.each(Object.keys(patternPresets) as PatternPreset[])('for what we train with %s', async (pattern) => {
    const texts = ["hello World, the HELLO of the World's 1862!!\n\n", 'der Gruß an die Welt und die Grüße 中A中AB'];
    const tokenizer = await trainBpe({ texts, vocabSize: 340, minFrequency: 1, pattern });
    await expect(agrees(JSON.parse(JSON.stringify(tokenizer.toJSON())))).resolves.toBeUndefined();
  });
});
