/** Small `tokenizer.json` contents, written by hand in the forms of GPT-2 and Llama 2, for the tests. */
import { byteCharacters } from './alphabet.js';
import type { JsonObject } from './json-fields.js';
import { byteTokenName } from './spec.js';

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Ids of the tokens of {@link byteLevelFile} that are not bytes. */
export const byteLevelTokens = ['he', 'll', 'hell', 'hello', 'Ġw', 'or', 'Ġwor', 'ld', 'Ġworld', 'Ã©', 'worn'];

/** GPT-2's form: ids 0-255 bytes, 256 on {@link byteLevelTokens}, the last id `<|endoftext|>`. */
export function byteLevelFile(): JsonObject & { model: JsonObject } {
  const tokens = [...byteCharacters, ...byteLevelTokens];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [{ id: tokens.length, content: '<|endoftext|>', ...flags }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab: Object.fromEntries([...tokens, '<|endoftext|>'].map((token, id) => [token, id])),
      merges: ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'o r', 'Ġw or', 'l d', 'Ġwor ld', 'Ã ©'],
    },
  };
}

/** Text tokens of {@link sentencePieceFile}, from id 259 on. */
export const sentencePieceTokens = ['▁', 'h', 'e', 'l', 'o', '▁h', 'el', 'lo', '▁hel', '▁hello', '▁▁', 'é'];

/** Llama 2's form: `<unk>`, `<s>`, `</s>`, the bytes, then {@link sentencePieceTokens}. */
export function sentencePieceFile(): JsonObject & { model: JsonObject } {
  const names = ['<unk>', '<s>', '</s>'];
  const tokens = [...names, ...Array.from({ length: 256 }, (_, byte) => byteTokenName(byte)), ...sentencePieceTokens];
  return {
    version: '1.0',
    added_tokens: names.map((content, id) => ({ id, content, ...flags })),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [],
      special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [
        ['▁', 'h'],
        ['e', 'l'],
        ['l', 'o'],
        ['▁h', 'el'],
        ['▁hel', 'lo'],
        ['▁', '▁'],
      ],
    },
  };
}
