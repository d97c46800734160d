import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { byteLevelFile, byteLevelTokens, sentencePieceFile, sentencePieceTokens } from './fixtures.js';
import type { JsonObject } from './json-fields.js';
import { tokenizerFromJSON } from './json-read.js';
import type { Tokenizer } from './types.js';

// The expected ids of this file are those that Hugging Face tokenizers 0.23 gives for the same files.
const tokens = (tokenizer: Tokenizer, text: string, allowSpecial = true): string[] =>
  Array.from(tokenizer.encode(text, { allowSpecial }), (id) =>
    Buffer.from(tokenizer.tokenBytes(id)).toString('latin1'),
  );

describe('a byte-level file', () => {
  const tokenizer = tokenizerFromJSON(byteLevelFile());

  it('merges within words only', () => {
    expect(tokens(tokenizer, 'hello world')).toEqual(['hello', ' world']);
    expect(tokens(tokenizer, 'hellohell world worn')).toEqual(['hello', 'hell', ' world', ' wor', 'n']);
    expect(tokens(tokenizer, 'é')).toEqual(['Ã©']);
    expect(tokens(tokenizer, "he'll")).toEqual(['he', "'", 'll']);
  });

  it('knows where a document begins and ends', () => {
    const end = 256 + byteLevelTokens.length;
    expect([tokenizer.bos, tokenizer.eos, tokenizer.addsBos]).toEqual([end, end, false]);
    expect([...tokenizer.encode('he<|endoftext|>', { allowSpecial: true })]).toEqual([256, end]);
    expect(tokenizer.encode('<|endoftext|>')).not.toContain(end);
    expect(tokenizer.specials).toEqual(new Map([['<|endoftext|>', end]]));
    expect(tokenizer.vocabSize).toBe(end + 1);
  });

  it('takes the tokens of the config', () => {
    const named = (config: JsonObject): Tokenizer => tokenizerFromJSON(byteLevelFile(), { config });
    expect(named({ bos_token: null, eos_token: '<|endoftext|>' }).bos).toBeNull();
    expect(named({ bos_token: { content: 'worn' } }).isSpecial(266)).toBe(true);
    expect(named({ add_bos_token: true }).addsBos).toBe(true);
    expect(() => named({ bos_token: '<nope>' })).toThrow(/bos_token "<nope>" is not in the vocabulary/);
    expect(() => named({ bos_token: 7 })).toThrow(InputError);
  });

  it('takes a whole word for a token only with ignore_merges', () => {
    const file = byteLevelFile();
    expect(tokens(tokenizerFromJSON(file), 'worn')).toEqual(['w', 'or', 'n']);
    file.model['ignore_merges'] = true;
    expect(tokens(tokenizerFromJSON(file), 'worn')).toEqual(['worn']);
  });

  it('cuts by Split and Digits before ByteLevel', () => {
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: false };
    const split = { type: 'Split', pattern: { Regex: '(?i:HE)|l' }, behavior: 'Isolated', invert: false };
    const sequence = (...steps: unknown[]): JsonObject => ({
      ...byteLevelFile(),
      pre_tokenizer: { type: 'Sequence', pretokenizers: steps },
    });
    expect(tokens(tokenizerFromJSON(sequence(split, byteLevel)), 'hello')).toEqual(['he', 'l', 'l', 'o']);
    const digits = { type: 'Digits', individual_digits: true };
    const smol = { ...byteLevel, use_regex: true };
    expect(tokens(tokenizerFromJSON(sequence(digits, smol)), 'hello 12')).toEqual(['hello', ' ', '1', '2']);
  });

  it('puts a space before the text with add_prefix_space', () => {
    const file = { ...byteLevelFile(), pre_tokenizer: { type: 'ByteLevel', add_prefix_space: true } };
    expect(tokens(tokenizerFromJSON(file), 'world')).toEqual([' world']);
  });

  it('normalises', () => {
    const file = { ...byteLevelFile(), normalizer: { type: 'NFC' } };
    expect(tokens(tokenizerFromJSON(file), 'e\u0301')).toEqual(['Ã©']);
  });

  it('follows the flags of added tokens', () => {
    const file = byteLevelFile();
    const base = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
    const list = file['added_tokens'] as unknown[];
    list.push({ ...base, id: 268, content: '<a>', lstrip: true, rstrip: true });
    list.push({ ...base, id: 269, content: 'wor', single_word: true });
    list.push({ ...base, id: 270, content: '<a><a>' });
    const loaded = tokenizerFromJSON(file);
    expect(tokens(loaded, 'he  <a> \n he', false)).toEqual(['he', '<a>', 'he']);
    expect([...loaded.encode('wor-world')]).toEqual([269, ...tokenizer.encode('-world')]);
    expect([...loaded.encode('<a><a><a>')]).toEqual([270, 268]);
    expect(loaded.isSpecial(268)).toBe(false);
    expect(tokenizerFromJSON(loaded.toJSON()).hash).toBe(loaded.hash);
  });

  it('takes vocabularies with gaps', () => {
    const file = byteLevelFile();
    (file['added_tokens'] as unknown[]).push({ id: 300, content: '<b>', special: true });
    const loaded = tokenizerFromJSON(file);
    expect(loaded.vocabSize).toBe(301);
    expect(loaded.tokenBytes(290)).toEqual(new Uint8Array());
  });
});

describe('a SentencePiece file', () => {
  const tokenizer = tokenizerFromJSON(sentencePieceFile());
  const names = (text: string): (string | undefined)[] =>
    Array.from(tokenizer.encode(text, { allowSpecial: true }), (id) =>
      id < 3 ? `#${id}` : id < 259 ? `<${(id - 3).toString(16)}>` : sentencePieceTokens[id - 259],
    );

  it('puts a space first, merges by rank and falls back to bytes', () => {
    expect(names('hello')).toEqual(['▁hello']);
    expect(names(' hello')).toEqual(['▁', '▁hello']);
    expect(names('hello  hello')).toEqual(['▁hello', '▁', '▁hello']);
    expect(names('é☃')).toEqual(['▁', 'é', '<e2>', '<98>', '<83>']);
    expect(names('')).toEqual([]);
    expect(names('hello</s>hello')).toEqual(['▁hello', '#2', '▁hello']);
  });

  it('begins with bos and decodes without the space it put first', () => {
    expect([tokenizer.bos, tokenizer.eos, tokenizer.addsBos]).toEqual([1, 2, true]);
    const ids = [1, ...tokenizer.encode('hello hello')];
    expect(tokenizer.decode(ids)).toBe('<s>hello hello');
    expect(tokenizer.decode(ids.slice(1))).toBe('hello hello');
    const hello = ids[1] ?? 0;
    expect(Buffer.from(tokenizer.bytesAfter(hello, 1)).toString()).toBe('hello');
    expect(Buffer.from(tokenizer.bytesAfter(hello, hello)).toString()).toBe(' hello');
    expect(Buffer.from(tokenizer.tokenBytes(hello)).toString()).toBe(' hello');
  });

  it('gives one <unk> for neighbours without byte fallback', () => {
    const file = sentencePieceFile();
    file.model['byte_fallback'] = false;
    expect([...tokenizerFromJSON(file).encode('☃☃h☃')]).toEqual([259, 0, 260, 0]);
    file.model['fuse_unk'] = false;
    expect([...tokenizerFromJSON(file).encode('☃☃')]).toEqual([259, 0, 0]);
  });

  it('reads Metaspace as well', () => {
    const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };
    const file = { ...sentencePieceFile(), normalizer: null, pre_tokenizer: metaspace, decoder: metaspace };
    const loaded = tokenizerFromJSON(file);
    expect([...loaded.encode('hello</s>hello', { allowSpecial: true })]).toEqual([268, 2, 260, 265, 266]);
    expect(loaded.decode(loaded.encode('hello hello'))).toBe('hello hello');
    expect(tokenizerFromJSON(loaded.toJSON()).encode('hello hello')).toEqual(loaded.encode('hello hello'));
  });
});

describe('a file that is wrong', () => {
  const changed = (change: (file: ReturnType<typeof byteLevelFile>) => void): unknown => {
    const file = byteLevelFile();
    change(file);
    return file;
  };
  const cases: [string, unknown, RegExp][] = [
    ['not an object', [], /expected an object/],
    ['no model', {}, /model: expected an object/],
    ['another model', changed((file) => (file.model['type'] = 'Unigram')), /model type "Unigram" is not supported/],
    ['dropout', changed((file) => (file.model['dropout'] = 0.1)), /dropout is not supported/],
    ['a suffix', changed((file) => (file.model['end_of_word_suffix'] = '</w>')), /end_of_word_suffix/],
    ['a normalizer', changed((file) => (file['normalizer'] = { type: 'Lowercase' })), /normalizer "Lowercase"/],
    [
      'a pre-tokenizer',
      changed((file) => (file['pre_tokenizer'] = { type: 'Whitespace' })),
      /pre-tokenizer "Whitespace"/,
    ],
    ['a post-processor', changed((file) => (file['post_processor'] = { type: 'Odd' })), /post-processor "Odd"/],
    ['a decoder', changed((file) => (file['decoder'] = { type: 'WordPiece' })), /decoder "WordPiece"/],
    ['no decoder', changed((file) => delete file['decoder']), /without a decoder/],
    ['an id', changed((file) => ((file.model['vocab'] as JsonObject)['he'] = -1)), /the id of "he"/],
    ['a huge id', changed((file) => ((file.model['vocab'] as JsonObject)['he'] = 4e9)), /the id of "he"/],
    ['an id twice', changed((file) => ((file.model['vocab'] as JsonObject)['he'] = 0)), /the same id 0/],
    ['merges', changed((file) => (file.model['merges'] = 'h e')), /merges: expected a list/],
    ['a merge', changed((file) => (file.model['merges'] = ['h e l'])), /merges\[0\]/],
    ['a merge of strangers', changed((file) => (file.model['merges'] = ['h 中'])), /"中" is not in the vocabulary/],
    ['a merge without product', changed((file) => (file.model['merges'] = ['h h'])), /makes "hh"/],
    ['an unknown unk', changed((file) => (file.model['unk_token'] = '<u>')), /unk_token "<u>"/],
    ['an added token', changed((file) => (file['added_tokens'] = [{ id: 3, content: '<x>' }])), /has the id 3/],
    ['an empty added token', changed((file) => (file['added_tokens'] = [{ id: 999, content: '' }])), /is empty/],
  ];
  it.each(cases)('is refused: %s', (_, file, message) => {
    expect(() => tokenizerFromJSON(file)).toThrow(message);
    expect(() => tokenizerFromJSON(file)).toThrow(InputError);
  });
});
