/** A model directory as what generates text: the weights and the tokenizer that goes with them. */
import { InputError } from '../io/errors.js';
import { readModelDirectory, type Transformer, transformerFrom } from '../model/index.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';

export interface LanguageModel {
  model: Transformer;
  tokenizer: Tokenizer;
}

/**
 * Loads a model directory. The tokenizer may have fewer ids than the model has rows, as padded vocabularies do.
 * @throws InputError naming what is missing, damaged, or does not fit together
 */
export function loadLanguageModel(folder: string): LanguageModel {
  const tokenizer = loadTokenizer(folder);
  const stored = readModelDirectory(folder);
  try {
    const { vocabSize } = stored.config;
    if (tokenizer.vocabSize > vocabSize)
      throw new InputError(
        `${folder}: the tokenizer has ${tokenizer.vocabSize} ids and the model only ${vocabSize}: they are not of one model`,
      );
    return { tokenizer, model: transformerFrom(stored) };
  } finally {
    stored.close();
  }
}
