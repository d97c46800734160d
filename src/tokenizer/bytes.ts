/** The plain byte tokenizer: ids 0 to 255 are the bytes, then come the special tokens. */
import { InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { AddedMatcher, specialToken, type AddedToken } from './added.js';
import { alphabetToBytes, byteCharacters } from './alphabet.js';
import { IdBuffer } from './id-buffer.js';
import { bpeToJSON } from './json-write.js';
import type { BpeSpec } from './spec.js';
import { TokenTable } from './token-table.js';
import type { Tokenizer } from './types.js';
import { bytesOfEscaped, checkLength, textOf, utf8 } from './utf8.js';

/** The special token that our own tokenizers begin and end a document with. */
export const endOfText = '<|endoftext|>';

/**
 * The spec of a byte-level tokenizer of ours: bytes, special tokens, then the merged tokens. The first special token
 * begins a document and ends the one before.
 * @throws InputError for special tokens that are empty, equal or none.
 */
export function ownSpec(
  specials: readonly string[],
  merged: readonly string[],
  merges: Uint32Array,
  preTokenizers: BpeSpec['preTokenizers'],
): BpeSpec {
  if (specials.length === 0)
    throw new InputError('a tokenizer needs at least one special token, such as <|endoftext|>');
  if (specials.includes('')) throw new InputError('a special token is empty');
  if (new Set(specials).size < specials.length) throw new InputError(`special tokens repeat: ${specials.join(' ')}`);
  const clash = specials.find((special) => byteCharacters.includes(special) || merged.includes(special));
  if (clash !== undefined)
    throw new InputError(`the special token "${clash}" is a token of plain text too: choose another`);
  return {
    vocabulary: [...byteCharacters, ...specials, ...merged],
    merges,
    added: specials.map((content, i) => specialToken(256 + i, content)),
    normalizers: [],
    preTokenizers,
    decoder: { type: 'ByteLevel' },
    unknown: null,
    fuseUnknown: false,
    byteFallback: false,
    ignoreMerges: false,
    bos: 256,
    eos: 256,
    addsBos: true,
    addsEos: false,
  };
}

const wholeText: BpeSpec['preTokenizers'] = [{ type: 'ByteLevel', addPrefixSpace: false, useRegex: false }];

/**
 * The plain byte tokenizer. `specials[0]` (by default `<|endoftext|>`, id 256) begins and ends a document.
 * @throws InputError for special tokens that are empty, equal or none.
 */
export function byteTokenizer(specials: readonly string[] = [endOfText]): Tokenizer {
  return new ByteTokenizer(ownSpec(specials, [], new Uint32Array(0), wholeText));
}

/** The byte tokenizer of a spec that says no more than one: bytes in order, special tokens, no merges. Otherwise null. */
export function asByteTokenizer(spec: BpeSpec): Tokenizer | null {
  const [step, ...others] = spec.preTokenizers;
  const plain =
    spec.merges.length === 0 &&
    spec.normalizers.length === 0 &&
    others.length === 0 &&
    step?.type === 'ByteLevel' &&
    !step.addPrefixSpace &&
    byteCharacters.every((character, byte) => spec.vocabulary[byte] === character) &&
    spec.added.every(({ id, special, normalized }) => id >= 256 && special && !normalized) &&
    // Without merges, a longer token can only come from `ignore_merges`.
    !spec.ignoreMerges;
  return plain ? new ByteTokenizer(spec) : null;
}

class ByteTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly addsBos: boolean;
  readonly specials: ReadonlyMap<string, number>;
  readonly #spec: BpeSpec;
  readonly #table: TokenTable;
  readonly #matcher: AddedMatcher;
  #hash: string | undefined;

  constructor(spec: BpeSpec) {
    this.#spec = spec;
    this.vocabSize = spec.added.reduce((size, { id }) => Math.max(size, id + 1), spec.vocabulary.length);
    this.bos = spec.bos;
    this.eos = spec.eos;
    this.addsBos = spec.addsBos;
    this.specials = new Map(spec.added.map(({ content, id }) => [content, id]));
    const token = (id: number): Uint8Array => {
      const text = spec.vocabulary[id] ?? '';
      return alphabetToBytes(text) ?? utf8(text);
    };
    this.#table = new TokenTable(this.vocabSize, token, spec.added);
    this.#matcher = new AddedMatcher(new Map(spec.added.map((added: AddedToken) => [added.content, added])));
  }

  get hash(): string {
    return (this.#hash ??= sha256(JSON.stringify(this.toJSON())));
  }

  encode(source: string | Uint8Array, options: { allowSpecial?: boolean } = {}): Uint32Array {
    if (!options.allowSpecial) {
      checkLength(source);
      return new Uint32Array(typeof source === 'string' ? utf8(source) : source);
    }
    const { text, escaped } = textOf(source);
    const out = new IdBuffer(text.length + 8);
    const bytes = (part: string): void => {
      const encoded = escaped ? bytesOfEscaped(part) : utf8(part);
      for (const byte of encoded) out.push(byte);
    };
    this.#matcher.split(text, bytes, (id) => out.push(id));
    return out.finish();
  }

  encodePrefix(bytes: Uint8Array): { ids: Uint32Array; length: number } {
    return { ids: new Uint32Array(bytes), length: bytes.length };
  }

  decodeBytes(ids: ArrayLike<number>): Uint8Array {
    return this.#table.decode(ids, null);
  }

  decode(ids: ArrayLike<number>): string {
    return this.#table.decodeText(ids, null);
  }

  tokenBytes(id: number): Uint8Array {
    return this.#table.bytes(id);
  }

  bytesAfter(id: number): Uint8Array {
    return this.#table.bytes(id);
  }

  isSpecial(id: number): boolean {
    return this.#table.isSpecial(id);
  }

  toJSON(): unknown {
    return bpeToJSON(this.#spec);
  }
}
