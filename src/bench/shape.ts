/** The model that benchmarks run: sizes from the command line, the rest as the family has it. */
import { initializeTransformer, type ModelConfig, newModelConfig, type Transformer } from '../model/index.js';

export interface BenchShape {
  family: ModelConfig['family'];
  layers: number;
  width: number;
  heads: number;
  context: number;
  vocab: number;
}

/** A GPT of 12.2M parameters. */
export const defaultShape: BenchShape = { family: 'gpt2', layers: 6, width: 384, heads: 6, context: 256, vocab: 4096 };

/** A random model of that shape; free it with `dispose`. @throws InputError for sizes that make no model. */
export function benchModel({ family, layers, width, heads, context, vocab }: BenchShape): Transformer {
  return initializeTransformer(newModelConfig(family, { layers, width, heads, context, vocabSize: vocab }), 1);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
