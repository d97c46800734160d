/** Small random models for tests: any mixture of features, with parameters large enough to matter. */
import * as fc from 'fast-check';
import { elementCount, type ModelConfig, newModelConfig, parameterShapes } from '../../src/model/config.js';

/** Configs of either family with every feature switched at random, a few thousand parameters each. */
export const anyConfig: fc.Arbitrary<ModelConfig> = fc
  .record({
    family: fc.constantFrom('gpt2' as const, 'llama' as const),
    vocabSize: fc.integer({ min: 4, max: 40 }),
    context: fc.integer({ min: 1, max: 24 }),
    layers: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 20 }),
    kvHeads: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    halfHead: fc.integer({ min: 1, max: 4 }),
    hidden: fc.integer({ min: 1, max: 30 }),
    activation: fc.constantFrom('gelu' as const, 'swiglu' as const),
    norm: fc.constantFrom('layernorm' as const, 'rmsnorm' as const),
    normEps: fc.constantFrom(1e-5, 1e-6),
    positions: fc.constantFrom('learned' as const, 'rope' as const),
    ropeTheta: fc.constantFrom(10_000, 500_000),
    ropeInterleaved: fc.boolean(),
    ropeScaling: fc.option(fc.constant({ factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 64 }), {
      nil: null,
    }),
    attentionBias: fc.boolean(),
    outputBias: fc.boolean(),
    mlpBias: fc.boolean(),
    qkNorm: fc.boolean(),
    tiedHead: fc.boolean(),
    slidingWindow: fc.option(fc.integer({ min: 1, max: 9 }), { nil: null }),
    bosTokenId: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
    eosTokenIds: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
  })
  .map(({ family, group, halfHead, ...rest }) =>
    newModelConfig(family, { ...rest, heads: rest.kvHeads * group, headDim: 2 * halfHead }),
  );

/** Deterministic parameters in [-1, 1), norm weights around 1. */
export function randomParameters(config: ModelConfig, seed: number): Map<string, Float32Array> {
  let state = seed >>> 0;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // linear congruential, Numerical Recipes
    return state / 2 ** 31 - 1;
  };
  return new Map(
    [...parameterShapes(config)].map(([name, shape]) => {
      const shift = /[nN]orm\d?\.weight$/.test(name) ? 1 : 0;
      return [name, Float32Array.from({ length: elementCount(shape) }, () => shift + 0.5 * uniform())];
    }),
  );
}
