/** Small random models over bytes for the tests of this room. */
import type { LanguageModel } from '../generate/index.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';

/** One model of each family, with weights large enough that what came before matters. */
export function byteModels(): Record<'gpt2' | 'llama', LanguageModel> {
  const tokenizer = byteTokenizer();
  const sizes = { vocabSize: tokenizer.vocabSize, context: 56, layers: 2, width: 16, heads: 4 };
  const gpt2 = initializeTransformer(newModelConfig('gpt2', sizes), 3);
  const llama = initializeTransformer(newModelConfig('llama', { ...sizes, kvHeads: 2, slidingWindow: 30 }), 4);
  for (const model of [gpt2, llama])
    for (const value of model.parameters.values()) value.data.forEach((x, i, all) => (all[i] = x * 3));
  return { gpt2: { model: gpt2, tokenizer }, llama: { model: llama, tokenizer } };
}
