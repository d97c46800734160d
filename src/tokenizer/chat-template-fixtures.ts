/** Chat templates in the forms that are common, and small tokenizers for them, written for the tests. */
import { byteCharacters } from './alphabet.js';
import { sentencePieceFile } from './fixtures.js';
import { tokenizerFromJSON } from './json-read.js';
import { patternPresets } from './pattern.js';
import type { Tokenizer } from './types.js';

const header = "{{ '<|im_start|>' + message.role + '\\n' }}";

/** ChatML, as Qwen and SmolLM have it. */
export const chatMl = `{% for message in messages %}${header}{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

export const llama3 = `{{ bos_token }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}`;

/** Mistral's form: no generation prompt, for an answer follows its question at once; a system message goes to the last question. */
export const inst = `{{ bos_token }}
{%- if messages[0].role == 'system' %}{% set system = messages[0].content + '\\n\\n' %}{% set turns = messages[1:] %}
{%- else %}{% set system = '' %}{% set turns = messages %}{% endif %}
{%- for message in turns %}
{%- if (message.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{%- if message.role == 'user' %}
{{- '[INST] ' + (system if loop.index0 >= turns | length - 2 else '') + message.content + ' [/INST]' }}
{%- else %}
{{- ' ' + message.content + eos_token }}
{%- endif %}
{%- endfor %}`;

/** ChatML that leaves the thinking out of all answers but the last. */
export const thinking = `{% for message in messages %}${header}
{%- if message.role == 'assistant' and not loop.last %}{{ message.content.split('</think>')[-1] }}
{%- else %}{{ message.content }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** ChatML that says itself what the assistant writes, its end of turn left outside. */
export const withGeneration = `{% for message in messages %}${header}
{%- if message.role == 'assistant' %}{% generation %}{{ message.content }}{% endgeneration %}
{%- else %}{{ message.content }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** A tokenizer of bytes, these whole words ("Ġ" for a space, "Ċ" for a line end), and special tokens. */
export function wordTokenizer(
  words: readonly string[],
  specials: readonly string[],
  ends: { bos: string | null; eos: string },
): Tokenizer {
  const vocabulary = [...byteCharacters, ...words];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const split = { type: 'Split', pattern: { Regex: patternPresets.gpt4 }, behavior: 'Isolated', invert: false };
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return tokenizerFromJSON(
    {
      added_tokens: specials.map((content, i) => ({ id: vocabulary.length + i, content, ...flags })),
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [split, byteLevel] },
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        ignore_merges: true,
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
        merges: [],
      },
    },
    { config: { bos_token: ends.bos, eos_token: ends.eos } },
  );
}

/** Each form with a tokenizer of its kind. */
export function chatMlTokenizer(): Tokenizer {
  const words = ['system', 'user', 'assistant', 'Ċ', 'Be', 'Ġbrief', 'Hi', 'Lima', 'Capital', 'ĠPeru', 'think', 'Ġof'];
  return wordTokenizer(words, ['<|endoftext|>', '<|im_start|>', '<|im_end|>'], { bos: null, eos: '<|im_end|>' });
}

export function llama3Tokenizer(): Tokenizer {
  const words = ['system', 'user', 'assistant', 'ĊĊ', 'Be', 'Ġbrief', 'Hi', 'Lima', 'Capital'];
  const specials = ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'];
  return wordTokenizer(words, specials, { bos: '<|begin_of_text|>', eos: '<|eot_id|>' });
}

export function standardTokenizer(): Tokenizer {
  const words = ['Be', 'Ġbrief', 'ĊĊ', 'Ċ', 'User', 'Assistant', ':', 'ĠHi', 'ĠLima', 'ĠCapital', 'Hi', '.Ċ', '.'];
  return wordTokenizer(words, ['<|endoftext|>'], { bos: '<|endoftext|>', eos: '<|endoftext|>' });
}

/** SentencePiece, which puts a space before every text. */
export function instTokenizer(): Tokenizer {
  return tokenizerFromJSON(sentencePieceFile(), { config: { bos_token: '<s>', eos_token: '</s>' } });
}
