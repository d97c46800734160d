/** Random parameters for a new model. */
import { empty, keep, kernels, parameter, type Tensor } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { type ModelConfig, parameterShapes } from './config.js';
import { Transformer } from './transformer.js';

/**
 * A new model: norms 1, biases 0, embeddings N(0, 0.02), matrices N(0, 0.55 / sqrt(inputs)), which is GPT-2's 0.02 at
 * width 768 and keeps activations alike at other widths. Matrices that write to the residual stream are divided by
 * sqrt(2 layers) (Radford et al. 2019, section 2.3). Each parameter draws from a stream of its own.
 */
export function initializeTransformer(config: ModelConfig, seed: number): Transformer {
  const parameters = new Map<string, Tensor>();
  let stream = 1;
  for (const [name, shape] of parameterShapes(config)) {
    const value = keep(empty(shape));
    const deviation = standardDeviation(name, shape, config.layers);
    if (deviation === 0) kernels.fill(value.raw, value.size, name.endsWith('.weight') ? 1 : 0);
    else fillNormal(value.data, deviation, new Random(seed, stream));
    parameters.set(name, parameter(value));
    stream++;
  }
  return new Transformer(config, parameters);
}

/** 0 stands for a norm's weight or a bias. */
function standardDeviation(name: string, shape: readonly number[], layers: number): number {
  if (shape.length < 2) return 0;
  if (!name.startsWith('layers.')) return 0.02;
  const deviation = 0.55 / Math.sqrt(shape[1]!);
  return /attn\.out|mlp\.down/.test(name) ? deviation / Math.sqrt(2 * layers) : deviation;
}

function fillNormal(data: Float32Array, deviation: number, random: Random): void {
  for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
}
