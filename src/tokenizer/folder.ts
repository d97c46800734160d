/** A tokenizer in a model directory: `tokenizer.json` and `tokenizer_config.json`, as Hugging Face tools read them. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, InputError } from '../io/errors.js';
import { writeAtomic } from '../io/files.js';
import { isObject, type JsonObject } from './json-fields.js';
import { tokenizerFromJSON } from './json-read.js';
import type { Tokenizer } from './types.js';
import { textOfUtf8 } from './utf8.js';

const tokenizerFile = 'tokenizer.json';
export const tokenizerConfigFile = 'tokenizer_config.json';
const maxFileSize = 256 * 2 ** 20;

/**
 * The tokenizer of a folder with `tokenizer.json` and, if it is there, `tokenizer_config.json`.
 * @throws InputError naming the file that is missing, damaged or not supported.
 */
export function loadTokenizer(folder: string): Tokenizer {
  const path = join(folder, tokenizerFile);
  const configPath = join(folder, tokenizerConfigFile);
  const config = existsSync(configPath) ? readObject(configPath) : undefined;
  return tokenizerFromJSON(readObject(path), { where: path, ...(config && { config }) });
}

/**
 * Writes `tokenizer.json` and `tokenizer_config.json` into a folder, which is created. The config has the tokens that
 * begin and end a document; other fields of a config that is there already, such as the chat template, stay.
 * @throws RunError when the folder cannot be written.
 */
export function saveTokenizer(tokenizer: Tokenizer, folder: string): void {
  writeAtomic(join(folder, tokenizerFile), `${JSON.stringify(tokenizer.toJSON(), null, 1)}\n`);
  const name = (id: number | null): string | null => (id === null ? null : textOfUtf8(tokenizer.tokenBytes(id)));
  const path = join(folder, tokenizerConfigFile);
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    ...(existsSync(path) && readObject(path)),
    bos_token: name(tokenizer.bos),
    eos_token: name(tokenizer.eos),
    add_bos_token: tokenizer.addsBos,
  };
  writeAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
}

/** @throws InputError unless the file is one JSON object. */
export function readObject(path: string): JsonObject {
  let value: unknown;
  try {
    const { size } = statSync(path);
    if (size > maxFileSize) throw new InputError(`${path}: ${size} bytes are too many for a tokenizer`);
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof SyntaxError ? `not valid JSON (${error.message})` : describeError(error);
    throw new InputError(`cannot read ${path}: ${reason}`, { cause: error });
  }
  if (!isObject(value)) throw new InputError(`${path}: expected a JSON object`);
  return value;
}
