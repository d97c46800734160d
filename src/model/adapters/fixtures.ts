/** Small frozen models and adapters that change something, for tests. */
import { randomParameters } from '../../../test/reference/random-model.js';
import { keep, scope, tensor } from '../../engine/index.js';
import { Random } from '../../io/hash-random.js';
import { type ModelConfig, newModelConfig, parameterShapes } from '../config.js';
import { type PackedTokens, Transformer } from '../transformer.js';
import { type Adapter, newAdapter } from './adapter.js';
import { type AdapterConfig, type LoraConfig, loraTargets } from './config.js';

/** A frozen model with parameters large enough to matter. */
export function frozen(config: ModelConfig, seed: number): Transformer {
  const values = randomParameters(config, seed);
  return new Transformer(
    config,
    new Map([...parameterShapes(config)].map(([name, shape]) => [name, keep(tensor(values.get(name)!, shape))])),
  );
}

/** An adapter that changes something: every parameter is moved. */
export function moved(model: Transformer, config: AdapterConfig, seed: number, name?: string): Adapter {
  const adapter = newAdapter(model, config, { seed, ...(name === undefined ? {} : { name }) });
  const random = new Random(seed, 1000);
  for (const value of adapter.parameters.values())
    value.data.set(value.data.map((x) => x + 0.3 * (2 * random.uniform() - 1)));
  return adapter;
}

/** Sequences with the model's virtual tokens before each, none longer than the context. */
export function packed(
  model: Transformer,
  sequences: readonly (readonly number[])[],
): PackedTokens & { own: number[][] } {
  const { context, vocabSize } = model.config;
  const virtual = [...model.virtualTokens];
  const own = sequences.map((each) => [...virtual, ...each.map((id) => id % vocabSize)].slice(0, context));
  const starts = [0];
  for (const each of own) starts.push(starts.at(-1)! + each.length);
  return {
    own,
    tokens: Int32Array.from(own.flat()),
    positions: Int32Array.from(own.flatMap((each) => each.map((_, i) => i))),
    sequenceStarts: Int32Array.from(starts),
  };
}

/** Logits of packed sequences as plain numbers. */
export const logitsOf = (model: Transformer, batch: PackedTokens): number[] =>
  scope(() => [...model.logits(model.hidden(batch)).data]);

/** Largest difference, relative where values are large. */
export function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)));
  return largest;
}

export const llama = newModelConfig('llama', {
  vocabSize: 40,
  context: 32,
  layers: 2,
  width: 24,
  heads: 4,
  kvHeads: 2,
  hidden: 36,
});
export const gpt2 = newModelConfig('gpt2', { vocabSize: 40, context: 32, layers: 2, width: 24, heads: 4 });
/** LoRA on everything a model has, but for what is said. */
export const lora = (config: ModelConfig, more: Partial<LoraConfig> = {}): LoraConfig => ({
  kind: 'lora',
  rank: 4,
  alpha: 8,
  rslora: false,
  dora: false,
  targets: loraTargets(config),
  modulesToSave: [],
  ...more,
});
