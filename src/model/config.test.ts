import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyConfig } from '../../test/reference/random-model.js';
import { InputError } from '../io/errors.js';
import { elementCount, newModelConfig, parameterCount, parameterShapes, parseModelConfig } from './config.js';

const sizes = { vocabSize: 50257, context: 1024, layers: 12, width: 768, heads: 12 };

describe('model config', () => {
  it('counts what it lists', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const listed = [...parameterShapes(config).values()].reduce((sum, shape) => sum + elementCount(shape), 0);
        expect(parameterCount(config)).toBe(listed);
        expect(parseModelConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
      }),
    );
  });

  it('counts the parameters of known models', () => {
    expect(parameterCount(newModelConfig('gpt2', sizes))).toBe(124_439_808);
    const llama32 = newModelConfig('llama', {
      vocabSize: 128256,
      context: 131072,
      layers: 16,
      width: 2048,
      heads: 32,
      kvHeads: 8,
      hidden: 8192,
    });
    expect(parameterCount(llama32)).toBe(1_235_814_400);
  });

  it('lists parameters in the order of use', () => {
    const config = newModelConfig('llama', {
      vocabSize: 9,
      context: 4,
      layers: 1,
      width: 8,
      heads: 4,
      kvHeads: 2,
      hidden: 12,
      tiedHead: false,
      qkNorm: true,
      attentionBias: true,
    });
    expect([...parameterShapes(config)].map(([name, shape]) => `${name} ${shape.join('x')}`)).toEqual([
      'embed.weight 9x8',
      'layers.0.norm1.weight 8',
      'layers.0.attn.qkv.weight 16x8',
      'layers.0.attn.qkv.bias 16',
      'layers.0.attn.qNorm.weight 2',
      'layers.0.attn.kNorm.weight 2',
      'layers.0.attn.out.weight 8x8',
      'layers.0.norm2.weight 8',
      'layers.0.mlp.gate.weight 12x8',
      'layers.0.mlp.up.weight 12x8',
      'layers.0.mlp.down.weight 8x12',
      'finalNorm.weight 8',
      'head.weight 9x8',
    ]);
  });

  it('says what is wrong with a config', () => {
    const cases: [RegExp, object][] = [
      [/heads \(12\) must be a multiple of kvHeads \(5\)/, { kvHeads: 5 }],
      [/headDim \(7\) must be even/, { headDim: 7, positions: 'rope' }],
      [/token id 50257 is outside/, { bosTokenId: 50257 }],
      [/token id 60000 is outside/, { eosTokenIds: [0, 60000] }],
      [/parameters are more than the limit/, { width: 2 ** 20 }],
      [/layers: /, { layers: 0 }],
      [/layers: /, { layers: 1e9 }],
      [/hidden: /, { hidden: 2.5 }],
      [/normEps: /, { normEps: Number.NaN }],
      [/ropeTheta: /, { ropeTheta: Infinity }],
      [/highFreqFactor/, { ropeScaling: { factor: 2, lowFreqFactor: 4, highFreqFactor: 1, originalContext: 9 } }],
      [/activation: /, { activation: 'relu' }],
      [/dropout/, { dropout: 0.1 }],
    ];
    const valid = newModelConfig('gpt2', sizes);
    for (const [message, change] of cases) {
      expect(() => parseModelConfig({ ...valid, ...change }, 'run.json')).toThrow(InputError);
      expect(() => parseModelConfig({ ...valid, ...change }, 'run.json')).toThrow(message);
    }
    expect(() => parseModelConfig(null)).toThrow(InputError);
    expect(() => newModelConfig('gpt2', { ...sizes, heads: 7 })).toThrow(
      /width \(768\) must be a multiple of heads \(7\)/,
    );
  });
});
