/** Rotary angles of a config, computed once in double precision. */
import type { RopeTable } from '../engine/index.js';
import type { ModelConfig } from './config.js';

/** Inverse wavelength of each pair of dimensions, with Llama 3.1's scaling where the config asks for it. */
export function ropeFrequencies(config: ModelConfig): number[] {
  const { headDim, ropeTheta, ropeScaling } = config;
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = ropeTheta ** ((-2 * i) / headDim);
    if (!ropeScaling) return frequency;
    const { factor, lowFreqFactor, highFreqFactor, originalContext } = ropeScaling;
    const turns = (originalContext * frequency) / (2 * Math.PI);
    if (turns < lowFreqFactor) return frequency / factor;
    if (turns > highFreqFactor) return frequency;
    const blend = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - blend) * frequency) / factor + blend * frequency;
  });
}

/** Cosines and sines [context, headDim / 2]. */
export function ropeTable(config: ModelConfig): RopeTable {
  const frequencies = ropeFrequencies(config);
  const cosine = new Float32Array(config.context * frequencies.length);
  const sine = new Float32Array(cosine.length);
  for (let position = 0, at = 0; position < config.context; position++)
    for (const frequency of frequencies) {
      cosine[at] = Math.cos(position * frequency);
      sine[at++] = Math.sin(position * frequency);
    }
  return { cosine, sine, interleaved: config.ropeInterleaved };
}
