/** A model directory, or an adapter and the model it belongs to, as what generates text: weights and their tokenizer. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { InputError } from '../io/errors.js';
import {
  describeAdapter,
  isAdapterFolder,
  type LoadOptions,
  readAdapter,
  readModelDirectory,
  type Transformer,
  transformerFrom,
} from '../model/index.js';
import { loadTokenizer, type Tokenizer } from '../tokenizer/index.js';

export interface LanguageModel {
  model: Transformer;
  tokenizer: Tokenizer;
}

export interface LoadLanguageModelOptions extends LoadOptions {
  /** Folders of adapters that are attached, in this order; each is named as it is given here. */
  adapters?: readonly string[];
}

/** The folders a language model is read from. */
export interface ModelFolders {
  /** The model directory. */
  base: string;
  /** Folders of adapters, in the order they are attached. */
  adapters: readonly string[];
  /** Where its tokenizer and chat template are: the last adapter that has some of its own, or else the base. */
  tokenizer: string;
}

/**
 * Finds out what a folder is. One with an adapter names its base in `adapter_config.json`: a folder, seen from here or from
 * the adapter.
 * @param adapters further adapters
 * @throws InputError when the base is not named or not there
 */
export function modelFolders(folder: string, adapters: readonly string[] = []): ModelFolders {
  const alone = !isAdapterFolder(folder);
  const base = alone ? folder : baseOf(folder);
  const all = alone ? adapters : [folder, ...adapters];
  const tokenizer = all.findLast((each) => existsSync(join(each, 'tokenizer.json'))) ?? base;
  return { base, adapters: all, tokenizer };
}

function baseOf(adapter: string): string {
  const { baseModel } = describeAdapter(adapter).config;
  const config = join(adapter, 'adapter_config.json');
  if (baseModel === null)
    throw new InputError(`${config} names no base model; give the model with --model and this folder with --adapter`);
  const places = isAbsolute(baseModel) ? [baseModel] : [resolve(baseModel), resolve(adapter, baseModel)];
  const found = places.find((place) => existsSync(join(place, 'config.json')));
  if (found === undefined)
    throw new InputError(
      `${config}: its base model ${baseModel} is not a model directory here; give the model with --model and ${adapter} with --adapter`,
    );
  return found;
}

/**
 * Loads a model directory, or an adapter's with the base it names, and attaches adapters. The tokenizer may have fewer ids
 * than the model has rows, as padded vocabularies do. Whoever disposes of the model disposes of `model.adapters` too.
 * @throws InputError naming what is missing, damaged, or does not fit together
 */
export function loadLanguageModel(folder: string, options: LoadLanguageModelOptions = {}): LanguageModel {
  const folders = modelFolders(folder, options.adapters);
  const tokenizer = loadTokenizer(folders.tokenizer);
  const stored = readModelDirectory(folders.base);
  let model: Transformer;
  try {
    const { vocabSize } = stored.config;
    if (tokenizer.vocabSize > vocabSize)
      throw new InputError(
        `${folders.tokenizer}: the tokenizer has ${tokenizer.vocabSize} ids and the model only ${vocabSize}: they are not of one model`,
      );
    model = transformerFrom(stored, options);
  } finally {
    stored.close();
  }
  try {
    for (const each of folders.adapters) attach(model, each);
    return { tokenizer, model };
  } catch (error) {
    for (const adapter of model.adapters) adapter.dispose();
    model.dispose();
    throw error;
  }
}

function attach(model: Transformer, folder: string): void {
  if (!isAdapterFolder(folder)) {
    const inside = existsSync(join(folder, 'config.json')) ? 'a model, not an adapter' : 'no adapter_config.json';
    throw new InputError(`${folder}: ${inside}`);
  }
  const adapter = readAdapter(folder, model, { name: folder });
  try {
    model.attach(adapter);
  } catch (error) {
    adapter.dispose();
    throw error;
  }
}
