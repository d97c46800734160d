/** `tokenizer.json` in the Hugging Face format, read and checked: byte-level BPE and SentencePiece-style BPE. */
import type { AddedToken } from './added.js';
import { specialToken } from './added.js';
import { asByteTokenizer } from './bytes.js';
import { BpeTokenizer } from './bpe.js';
import { Fields, isObject, type JsonObject } from './json-fields.js';
import { readDecoder, readNormalizers, readPreTokenizers } from './json-steps.js';
import { maxVocabulary, type BpeSpec } from './spec.js';
import type { Tokenizer } from './types.js';

/** Where a `tokenizer.json` comes from and what stands beside it. */
export interface TokenizerSource {
  /** Names the file in errors; "tokenizer.json" if absent. */
  where?: string;
  /** The content of `tokenizer_config.json`, which names the tokens that begin and end a document. */
  config?: JsonObject;
}

/**
 * The tokenizer that a parsed `tokenizer.json` describes.
 *
 * Without a config, the tokens that begin and end a document are those that the post-processor adds, else the special
 * tokens of usual names (`<s>`, `</s>`, `<|endoftext|>`, `<|begin_of_text|>`, `<|end_of_text|>`).
 * @throws InputError naming the place of what is wrong, or the feature that is not supported.
 */
export function tokenizerFromJSON(json: unknown, source: TokenizerSource = {}): Tokenizer {
  const where = source.where ?? 'tokenizer.json';
  const root = new Fields(json, where);
  const model = root.object('model');
  const { vocabulary, ids } = readVocabulary(model);
  const added = readAdded(root, vocabulary, ids);
  const preTokenizers = readPreTokenizers(root);
  const decoder = readDecoder(root, preTokenizers);
  const normalizers = readNormalizers(root);
  refuseOtherModels(model);
  const unknown = model.has('unk_token') && model.value['unk_token'] !== '' ? model.string('unk_token') : null;
  const unknownId = unknown === null ? null : (ids.get(unknown) ?? null);
  if (unknown !== null && unknownId === null) model.refuse(`unk_token "${unknown}" is not in the vocabulary`);
  const spec: BpeSpec = {
    vocabulary,
    merges: readMerges(model, ids),
    added,
    normalizers,
    preTokenizers,
    decoder,
    unknown: unknownId,
    fuseUnknown: model.boolean('fuse_unk', false),
    byteFallback: model.boolean('byte_fallback', false),
    ignoreMerges: model.boolean('ignore_merges', false),
    ...readEnds(root, added, ids, source.config && new Fields(source.config, 'tokenizer_config.json')),
  };
  return asByteTokenizer(spec) ?? new BpeTokenizer(spec, where);
}

function refuseOtherModels(model: Fields): void {
  // Files of the first versions have no type.
  if (model.has('type') && model.type !== 'BPE') model.unsupported(`the model type "${model.type}"`);
  if (model.has('dropout') && model.value['dropout'] !== 0) model.unsupported('dropout');
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix'])
    if (model.has(key) && model.value[key] !== '') model.unsupported(key);
}

function readVocabulary(model: Fields): { vocabulary: (string | undefined)[]; ids: Map<string, number> } {
  if (model.has('type') && model.type !== 'BPE') model.unsupported(`the model type "${model.type}"`);
  const vocabulary: (string | undefined)[] = [];
  const ids = new Map<string, number>();
  const entries = Object.entries(model.object('vocab').value);
  let size = 0;
  for (const [token, id] of entries) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= maxVocabulary)
      model.refuse(`vocab: the id of "${token}" is not a whole number from 0 to ${maxVocabulary - 1}`);
    size = Math.max(size, id + 1);
    ids.set(token, id);
  }
  for (let id = 0; id < size; id++) vocabulary.push(undefined);
  for (const [token, id] of ids) {
    if (vocabulary[id] !== undefined) model.refuse(`vocab: "${vocabulary[id]}" and "${token}" have the same id ${id}`);
    vocabulary[id] = token;
  }
  return { vocabulary, ids };
}

function readMerges(model: Fields, ids: ReadonlyMap<string, number>): Uint32Array {
  const merges = model.list('merges');
  const pairs = new Uint32Array(merges.length * 2);
  merges.forEach((merge, rank) => {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(parts) || parts.length !== 2)
      model.refuse(`merges[${rank}]: expected two tokens, as "a b" or as a list`);
    for (const side of [0, 1]) {
      const part: unknown = parts[side];
      const id = typeof part === 'string' ? ids.get(part) : undefined;
      if (id === undefined) model.refuse(`merges[${rank}]: ${JSON.stringify(part)} is not in the vocabulary`);
      pairs[2 * rank + side] = id;
    }
  });
  return pairs;
}

function readAdded(
  root: Fields,
  vocabulary: readonly (string | undefined)[],
  ids: ReadonlyMap<string, number>,
): AddedToken[] {
  if (!root.has('added_tokens')) return [];
  const byId = new Map<number, string>();
  return root.objects('added_tokens').map((token) => {
    const id = token.index('id', maxVocabulary - 1);
    const content = token.string('content');
    if (content === '') token.refuse('"content" is empty');
    const other = byId.get(id) ?? vocabulary[id] ?? content;
    if (other !== content) token.refuse(`"${content}" has the id ${id} of "${other}"`);
    if ((ids.get(content) ?? id) !== id) token.refuse(`"${content}" has the id ${ids.get(content)} in the vocabulary`);
    byId.set(id, content);
    const special = token.boolean('special', false);
    return {
      id,
      content,
      special,
      normalized: token.boolean('normalized', !special),
      lstrip: token.boolean('lstrip', false),
      rstrip: token.boolean('rstrip', false),
      singleWord: token.boolean('single_word', false),
    };
  });
}

type Ends = Pick<BpeSpec, 'bos' | 'eos' | 'addsBos' | 'addsEos'>;

const usualBos = ['<s>', '<|begin_of_text|>', '<bos>', '<|endoftext|>'];
const usualEos = ['</s>', '<|end_of_text|>', '<eos>', '<|endoftext|>'];

/** The tokens that begin and end a document. A token that only the config knows as special is added to `added`. */
function readEnds(root: Fields, added: AddedToken[], ids: ReadonlyMap<string, number>, config?: Fields): Ends {
  const around = readTemplate(root, ids, added);
  const usual = (names: readonly string[]): number | null =>
    names.map((name) => added.find(({ content, special }) => special && content === name)).find(Boolean)?.id ?? null;
  const named = (key: string): number | null | undefined => {
    if (!config || config.value[key] === undefined) return undefined;
    if (!config.has(key)) return null;
    const value = config.value[key];
    const content = isObject(value) ? config.object(key).string('content') : config.string(key);
    const known = added.find((token) => token.content === content);
    if (known) return known.id;
    const id = ids.get(content);
    if (id === undefined) return config.refuse(`${key} "${content}" is not in the vocabulary`);
    added.push(specialToken(id, content));
    return id;
  };
  const bosNamed = named('bos_token');
  const eosNamed = named('eos_token');
  const bos = bosNamed === undefined ? (around.before ?? usual(usualBos)) : bosNamed;
  const eos = eosNamed === undefined ? (around.after ?? usual(usualEos)) : eosNamed;
  const addsBos = config?.has('add_bos_token') ? config.boolean('add_bos_token', false) : around.before !== null;
  const addsEos = config?.has('add_eos_token') ? config.boolean('add_eos_token', false) : around.after !== null;
  return { bos, eos, addsBos: addsBos && bos !== null, addsEos: addsEos && eos !== null };
}

/** The ids that the post-processor puts before and after a text. */
function readTemplate(
  root: Fields,
  ids: ReadonlyMap<string, number>,
  added: readonly AddedToken[],
): { before: number | null; after: number | null } {
  const flatten = (step: Fields): Fields[] =>
    step.type === 'Sequence' ? step.objects('processors').flatMap(flatten) : [step];
  const steps = root.has('post_processor') ? flatten(root.object('post_processor')) : [];
  let before: number | null = null;
  let after: number | null = null;
  for (const step of steps) {
    if (step.type === 'ByteLevel') continue;
    if (step.type !== 'TemplateProcessing') step.unsupported(`the post-processor "${step.type}"`);
    let text = false;
    for (const item of step.objects('single')) {
      if (item.has('Sequence')) {
        if (text) step.unsupported('a template with the text twice');
        text = true;
        continue;
      }
      const name = item.object('SpecialToken').string('id');
      const id = added.find(({ content }) => content === name)?.id ?? ids.get(name);
      if (id === undefined) return step.refuse(`"${name}" is not in the vocabulary`);
      if ((text ? after : before) !== null) step.unsupported('a template that adds several tokens on one side');
      if (text) after = id;
      else before = id;
    }
    if (!text) step.refuse('the template has no place for the text');
  }
  return { before, after };
}
