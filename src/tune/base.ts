/** The model that is tuned: its weights, its tokenizer, its chat template, and a hash that says whether it is still the same. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LanguageModel, loadLanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { sha256, sha256File } from '../io/files.js';
import { isAdapterFolder } from '../model/index.js';
import { ChatTemplate } from '../tokenizer/index.js';

export interface Base extends LanguageModel {
  path: string;
  sha256: string;
  dtype: 'f32' | 'bf16';
  /** The model's own; null for the standard one. */
  template: ChatTemplate | null;
}

/** @throws InputError for a folder that holds no model, or an adapter */
export function loadBase(path: string, dtype: 'f32' | 'bf16'): Base {
  if (isAdapterFolder(path) && !existsSync(join(path, 'config.json')))
    throw new InputError(`${path} is an adapter: give its base as --model and the adapter as --adapter`);
  const { model, tokenizer } = loadLanguageModel(path, { dtype });
  return { path, sha256: weightsHash(path), dtype, model, tokenizer, template: ChatTemplate.load(path) };
}

/** One hash of config and weights of a model directory, or of an adapter's. */
export function weightsHash(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^(adapter_)?config\.json$|\.safetensors$/.test(name));
  return sha256(
    names
      .toSorted()
      .map((name) => `${name} ${sha256File(join(folder, name))}\n`)
      .join(''),
  );
}
