/** Where a chat template stands in a model directory. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, InputError } from '../io/errors.js';
import { writeAtomic } from '../io/files.js';
import type { TemplateTokens } from './chat-template.js';
import { readObject, tokenizerConfigFile } from './folder.js';
import { isObject, type JsonObject } from './json-fields.js';

/** Takes precedence over the config, as in Transformers. */
const templateFile = 'chat_template.jinja';

/** @throws InputError for a file that cannot be read or holds something else */
export function loadTemplate(folder: string): { source: string; tokens: TemplateTokens; where: string } | null {
  const configPath = join(folder, tokenizerConfigFile);
  const config = existsSync(configPath) ? readObject(configPath) : {};
  const tokens = tokensOf(config);
  const path = join(folder, templateFile);
  if (existsSync(path)) {
    try {
      return { source: readFileSync(path, 'utf8'), tokens, where: path };
    } catch (error) {
      throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
    }
  }
  const given = config['chat_template'] ?? null;
  if (given === null) return null;
  const where = `${configPath}: chat_template`;
  if (typeof given === 'string') return { source: given, tokens, where };
  const named = Array.isArray(given) ? given.filter(isObject) : [];
  const chosen = named.find(({ name }) => name === 'default') ?? (named.length === 1 ? named[0]! : {});
  const source = chosen['template'];
  if (typeof source !== 'string')
    throw new InputError(`${where}: expected a text, or a list of {"name", "template"} with one named "default"`);
  return { source, tokens, where };
}

/**
 * Writes a template into the `tokenizer_config.json` of a folder, whose other fields stay (and over a `chat_template.jinja`
 * that is there, which would count instead).
 * @throws RunError when it cannot be written
 */
export function saveChatTemplate(template: { readonly source: string }, folder: string): void {
  const path = join(folder, tokenizerConfigFile);
  const config = { ...(existsSync(path) && readObject(path)), chat_template: template.source };
  writeAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
  const own = join(folder, templateFile);
  if (existsSync(own)) writeAtomic(own, template.source);
}

function tokensOf(config: JsonObject): TemplateTokens {
  const text = (value: unknown): string | null => {
    const content = isObject(value) ? value['content'] : value;
    return typeof content === 'string' && content !== '' ? content : null;
  };
  const added = isObject(config['added_tokens_decoder']) ? Object.values(config['added_tokens_decoder']) : [];
  const special = added.filter((token) => isObject(token) && token['special'] === true).map(text);
  const [bos, eos] = [text(config['bos_token']), text(config['eos_token'])];
  return { bos, eos, specials: [...new Set([bos, eos, ...special])].filter((name) => name !== null) };
}
