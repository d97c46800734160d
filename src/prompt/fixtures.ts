/** What the tests of this room share: a small prompt file, and models of a few thousand weights. */
import type { LanguageModel } from '../generate/index.js';
import { initializeTransformer, newModelConfig } from '../model/index.js';
import { byteTokenizer } from '../tokenizer/index.js';
import { parsePromptFile, type PromptFile } from './prompt-file.js';

export function tinyModel(family: 'gpt2' | 'llama' = 'llama', context = 256): LanguageModel {
  const tokenizer = byteTokenizer();
  const sizes = { vocabSize: tokenizer.vocabSize, context, layers: 2, width: 16, heads: 4 };
  const config = newModelConfig(family, family === 'gpt2' ? sizes : { ...sizes, kvHeads: 2, qkNorm: true });
  const model = initializeTransformer(config, 3);
  // Larger weights, so that different prompts give clearly different distributions.
  for (const value of model.parameters.values()) value.data.forEach((x, i, all) => (all[i] = x * 3));
  return { model, tokenizer };
}

/** A prompt for two labels. @param examples YAML of the front matter's examples, one line */
export function promptFile(
  examples = '{}',
  body = 'Sort.\n\n{{examples}}\nWord: {{word}}\nKind: {{answer}}',
): PromptFile {
  return parsePromptFile(
    `---\ninput: { word: string }\noutput: { labels: { plant: green, animal: red } }\nexamples: ${examples}\n---\n${body}\n`,
    'test.prompt.md',
  );
}
