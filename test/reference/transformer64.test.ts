/** The reference itself: against a published text, and against properties that hold for every transformer. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementCount, newModelConfig, parameterShapes } from '../../src/model/config.js';
import { readLlama2cFile } from '../../src/model/formats/llama2c.js';
import { anyConfig, randomParameters } from './random-model.js';
import { hasStories, storiesModelPath, storiesNote, storiesText, storiesTokenizerPath } from './stories260k.js';
import { logits64, model64, next64, sequence64, tokenLogProbs64 } from './transformer64.js';

const withData = hasStories ? it : it.skip;

/** Token texts of a llama2.c tokenizer file: int32 longest, then float32 score, int32 length and bytes for each token. */
function readTokenTexts(path: string): string[] {
  const bytes = readFileSync(path);
  const texts: string[] = [];
  for (let at = 4; at < bytes.length;) {
    const length = bytes.readInt32LE(at + 4);
    texts.push(bytes.toString('utf8', at + 8, at + 8 + length));
    at += 8 + length;
  }
  return texts.map((text) => text.replace(/^<0x([0-9A-F]{2})>$/, (_, hex) => String.fromCharCode(parseInt(hex, 16))));
}

function readModel64(interleaved: boolean) {
  const stored = readLlama2cFile(storiesModelPath, { interleaved });
  const shapes = parameterShapes(stored.config);
  const model = model64(stored.config, (name) => {
    const values = new Float32Array(elementCount(shapes.get(name)!));
    stored.tensors.read(name, values);
    return values;
  });
  stored.close();
  return model;
}

describe('float64 reference', () => {
  withData(`continues as published${storiesNote}`, () => {
    const model = readModel64(false);
    const texts = readTokenTexts(storiesTokenizerPath);
    const sequence = sequence64(model);
    let text = '';
    for (let token = 1; text.length < storiesText.length;) {
      const logits = next64(model, sequence, token);
      token = logits.indexOf(Math.max(...logits));
      text += sequence.length === 1 ? texts[token]!.trimStart() : texts[token]!;
    }
    expect(text.slice(0, storiesText.length)).toBe(storiesText);
  });

  withData(`is the same model with either pairing of rotated dimensions${storiesNote}`, () => {
    const tokens = [1, 403, 407, 261, 378, 67, 256, 300, 5, 511, 13, 200];
    const halves = logits64(readModel64(false), tokens, [0, tokens.length]);
    const pairs = logits64(readModel64(true), tokens, [0, tokens.length]);
    expect(Math.max(...halves.map((value, i) => Math.abs(value - pairs[i]!)))).toBeLessThan(1e-11);
  });

  it('keeps packed sequences apart, looks only back, and gives probabilities that add up to 1', () => {
    fc.assert(
      fc.property(anyConfig, fc.nat(), fc.array(fc.nat(3), { minLength: 2, maxLength: 8 }), (config, seed, drawn) => {
        const tokens = drawn.slice(0, config.context);
        const parameters = randomParameters(config, seed);
        const model = model64(config, (name) => parameters.get(name)!);
        const alone = logits64(model, tokens, [0, tokens.length]);
        const packed = logits64(
          model,
          [...tokens, 0, ...tokens],
          [0, tokens.length, tokens.length + 1, 2 * tokens.length + 1],
        );
        expect(packed.subarray(0, alone.length)).toEqual(alone);
        expect(packed.subarray(packed.length - alone.length)).toEqual(alone);
        const changed = logits64(model, [...tokens.slice(0, -1), 3], [0, tokens.length]);
        const before = alone.length - config.vocabSize;
        expect(changed.subarray(0, before)).toEqual(alone.subarray(0, before));
        let total = 0;
        for (let target = 0; target < config.vocabSize; target++)
          total += Math.exp(tokenLogProbs64(model, [tokens[0]!], [0, 1], [target])[0]!);
        expect(total).toBeCloseTo(1, 12);
      }),
      { numRuns: 40 },
    );
  });

  it('forgets what has left the sliding window of its only layer', () => {
    const config = newModelConfig('llama', {
      vocabSize: 8,
      context: 16,
      layers: 1,
      width: 8,
      heads: 2,
      slidingWindow: 3,
    });
    const parameters = randomParameters(config, 5);
    const model = model64(config, (name) => parameters.get(name)!);
    const last = (tokens: number[]) => logits64(model, tokens, [0, tokens.length]).slice(-config.vocabSize);
    expect(last([1, 2, 3, 4, 5])).toEqual(last([7, 6, 3, 4, 5]));
    expect(last([1, 2, 3, 4, 5])).not.toEqual(last([1, 2, 7, 4, 5]));
  });
});
