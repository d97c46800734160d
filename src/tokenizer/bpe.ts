/**
 * The BPE tokenizer: byte-level as GPT-2, Llama 3 and Qwen have it, or over characters as SentencePiece has it.
 *
 * Text goes through: added tokens as they stand, normalisers, normalised added tokens, pre-tokenisation, and for each
 * piece its first symbols and the merges. The order and the results are those of Hugging Face `tokenizers`.
 */
import { sha256 } from '../io/files.js';
import { AddedMatcher, type AddedToken } from './added.js';
import { alphabetToBytes, bytesToAlphabet, byteCharacters } from './alphabet.js';
import { bpeToJSON } from './json-write.js';
import { IdBuffer } from './id-buffer.js';
import { MergeTable, mergeWord } from './merges.js';
import { normalize, splitterOf, withMetaspace, type Metaspace } from './pipeline.js';
import { byteTokenName, mergeResults, vocabularySize, type BpeSpec } from './spec.js';
import { forEachPiece, markSplitter, type Splitter } from './split.js';
import { TokenTable } from './token-table.js';
import type { Tokenizer } from './types.js';
import { escapedByte, textOf, utf8 } from './utf8.js';
import { WordCache } from './word-cache.js';

/** Two ways to match added tokens: in the text as it came, then in the normalised text. */
interface Matchers {
  readonly raw: AddedMatcher;
  readonly normalized: AddedMatcher;
}

/** A BPE tokenizer made from its {@link BpeSpec}. */
export class BpeTokenizer implements Tokenizer {
  readonly spec: BpeSpec;
  readonly vocabSize: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly addsBos: boolean;
  readonly specials: ReadonlyMap<string, number>;
  readonly #table: TokenTable;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #merges: MergeTable;
  readonly #byteLevel: boolean;
  readonly #metaspace: Metaspace | undefined;
  readonly #splitters: readonly Splitter[];
  /** Token of each byte, or -1. */
  readonly #byteIds: Int32Array;
  readonly #withSpecial: Matchers;
  readonly #withoutSpecial: Matchers;
  readonly #cache = new WordCache();
  #symbols = new Int32Array(256);
  #hash: string | undefined;

  /** `where` names the source of the spec in errors. @throws InputError when a merge makes no token of the vocabulary. */
  constructor(spec: BpeSpec, where = 'tokenizer') {
    this.spec = spec;
    this.vocabSize = vocabularySize(spec);
    this.bos = spec.bos;
    this.eos = spec.eos;
    this.addsBos = spec.addsBos;
    this.specials = new Map(spec.added.filter((token) => token.special).map(({ content, id }) => [content, id]));
    const ids = new Map<string, number>();
    spec.vocabulary.forEach((token, id) => token !== undefined && ids.set(token, id));
    this.#ids = ids;
    this.#table = new TokenTable(this.vocabSize, (id) => tokenBytes(spec, id), spec.added);
    this.#merges = new MergeTable(spec.merges, mergeResults(spec.vocabulary, ids, spec.merges, where));
    this.#byteLevel = spec.decoder.type === 'ByteLevel';
    this.#metaspace = spec.preTokenizers.find((step) => step.type === 'Metaspace');
    this.#splitters = this.#makeSplitters();
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => {
      if (this.#byteLevel) return ids.get(byteCharacters[byte] ?? '') ?? -1;
      return spec.byteFallback ? (ids.get(byteTokenName(byte)) ?? -1) : -1;
    });
    this.#withSpecial = this.#makeMatchers(spec.added);
    this.#withoutSpecial = this.#makeMatchers(spec.added.filter((token) => !token.special));
  }

  get hash(): string {
    return (this.#hash ??= sha256(JSON.stringify(this.toJSON())));
  }

  encode(source: string | Uint8Array, options: { allowSpecial?: boolean } = {}): Uint32Array {
    const { text, escaped } = textOf(source);
    const out = new IdBuffer(Math.ceil(text.length / 3) + 8);
    const matchers = options.allowSpecial ? this.#withSpecial : this.#withoutSpecial;
    const emit = (id: number): void => out.push(id);
    const word = (piece: string): void => this.#encodeWord(piece, out);
    matchers.raw.split(
      text,
      (part, start) =>
        matchers.normalized.split(
          normalize(part, this.spec.normalizers),
          (section, offset) => this.#encodeSection(section, start + offset === 0, escaped, word, out),
          emit,
        ),
      emit,
    );
    return out.finish();
  }

  decodeBytes(ids: ArrayLike<number>): Uint8Array {
    return this.#table.decode(ids, this.#stripsSpaceAfter);
  }

  decode(ids: ArrayLike<number>): string {
    return this.#table.decodeText(ids, this.#stripsSpaceAfter);
  }

  tokenBytes(id: number): Uint8Array {
    return this.#table.bytes(id);
  }

  bytesAfter(id: number, previous: number | null): Uint8Array {
    const bytes = this.#table.bytes(id);
    const strips = this.#stripsSpaceAfter?.(previous) && !this.#table.isAdded(id) && this.#table.startsWithSpace(id);
    return strips ? bytes.subarray(1) : bytes;
  }

  isSpecial(id: number): boolean {
    return this.#table.isSpecial(id);
  }

  toJSON(): unknown {
    return bpeToJSON(this.spec);
  }

  /** Whether the token after `previous` loses the space that encoding put there; undefined where encoding puts none. */
  get #stripsSpaceAfter(): ((previous: number | null) => boolean) | undefined {
    const { decoder } = this.spec;
    if (decoder.type === 'ByteLevel' || !decoder.strip) return undefined;
    if (this.#metaspace?.prepend === 'first') return (previous) => previous === null || previous === this.bos;
    return (previous) => previous === null || this.#table.isAdded(previous);
  }

  #makeMatchers(tokens: readonly AddedToken[]): Matchers {
    const raw = tokens.filter((token) => !token.normalized).map((token) => [token.content, token] as const);
    const normalized = tokens
      .filter((token) => token.normalized)
      .map((token) => [normalize(token.content, this.spec.normalizers), token] as const);
    return { raw: new AddedMatcher(new Map(raw)), normalized: new AddedMatcher(new Map(normalized)) };
  }

  #makeSplitters(): Splitter[] {
    const splitters = this.spec.preTokenizers.flatMap((step) => splitterOf(step));
    const { decoder } = this.spec;
    if (splitters.length > 0 || decoder.type === 'ByteLevel' || decoder.space === null) return splitters;
    const { space } = decoder;
    return this.#neverMergesAcross(space) ? [markSplitter(space, true)] : [];
  }

  /**
   * Whether no token has the space sign behind another character: then no merge crosses the start of a run of them, and
   * cutting there changes nothing but the time it takes.
   */
  #neverMergesAcross(space: string): boolean {
    const { vocabulary, merges } = this.spec;
    if (!this.#ids.has(space) || this.spec.ignoreMerges) return false;
    for (const id of mergeResults(vocabulary, this.#ids, merges, 'tokenizer')) {
      const token = vocabulary[id] ?? '';
      let start = 0;
      while (token.startsWith(space, start)) start += space.length;
      if (token.includes(space, start)) return false;
    }
    return true;
  }

  /** Encodes text between added tokens. `first`: it is the beginning of the whole text. */
  #encodeSection(
    section: string,
    first: boolean,
    escaped: boolean,
    word: (piece: string) => void,
    out: IdBuffer,
  ): void {
    if (!this.#byteLevel) {
      forEachPiece(this.#metaspace ? withMetaspace(section, this.#metaspace, first) : section, this.#splitters, word);
      return;
    }
    if (!escaped) {
      forEachPiece(section, this.#splitters, word);
      return;
    }
    let done = 0;
    for (const match of section.matchAll(new RegExp(escapedByte, 'gu'))) {
      forEachPiece(section.slice(done, match.index), this.#splitters, word);
      this.#pushByte(section.charCodeAt(match.index) - 0xdc00, out);
      done = match.index + 1;
    }
    forEachPiece(section.slice(done), this.#splitters, word);
  }

  #pushByte(byte: number, out: IdBuffer): void {
    const id = this.#byteIds[byte] ?? -1;
    if (id >= 0) out.push(id);
    else if (this.spec.unknown !== null) out.push(this.spec.unknown);
  }

  #encodeWord(piece: string, out: IdBuffer): void {
    const found = this.#cache.find(piece);
    if (found !== undefined) {
      const pool = this.#cache.pool;
      out.pushFrom(pool, found + 1, pool[found] ?? 0);
      return;
    }
    // An unpaired surrogate is an escaped byte, which UTF-8 cannot carry: only SentencePiece gets words with them.
    const bytes = utf8(piece);
    const length = this.#byteLevel ? this.#bytesToIds(bytes) : this.#charactersToIds(piece, bytes.length);
    out.pushFrom(this.#symbols, 0, length);
    // A copy, since a slice would keep the whole text alive.
    if (piece.length <= 64) this.#cache.add([...piece].join(''), this.#symbols, length);
  }

  #bytesToIds(bytes: Uint8Array): number {
    const symbols = this.#room(bytes.length);
    if (this.spec.ignoreMerges) {
      const whole = this.#ids.get(bytesToAlphabet(bytes));
      if (whole !== undefined) {
        symbols[0] = whole;
        return 1;
      }
    }
    let length = 0;
    let afterUnknown = false;
    for (const byte of bytes) {
      const id = this.#byteIds[byte] ?? -1;
      if (id >= 0) symbols[length++] = id;
      else if (this.spec.unknown !== null && !(afterUnknown && this.spec.fuseUnknown))
        symbols[length++] = this.spec.unknown;
      afterUnknown = id < 0;
    }
    return mergeWord(symbols, length, this.#merges);
  }

  #charactersToIds(piece: string, byteLength: number): number {
    const symbols = this.#room(byteLength);
    if (this.spec.ignoreMerges) {
      const whole = this.#ids.get(piece);
      if (whole !== undefined) {
        symbols[0] = whole;
        return 1;
      }
    }
    let length = 0;
    let afterUnknown = false;
    for (const character of piece) {
      const id = this.#ids.get(character);
      const fallback = id === undefined ? this.#fallback(character) : null;
      if (id !== undefined) symbols[length++] = id;
      else if (fallback) for (const byteId of fallback) symbols[length++] = byteId;
      else if (this.spec.unknown !== null && !(afterUnknown && this.spec.fuseUnknown))
        symbols[length++] = this.spec.unknown;
      afterUnknown = id === undefined && fallback === null;
    }
    return mergeWord(symbols, length, this.#merges);
  }

  /** Byte tokens of a character, or null where one is missing. */
  #fallback(character: string): Int32Array | null {
    const code = character.charCodeAt(0);
    const escaped = character.length === 1 && code >= 0xdc00 && code < 0xe000;
    const bytes = escaped ? Uint8Array.of(code - 0xdc00) : utf8(character);
    const ids = Int32Array.from(bytes, (byte) => this.#byteIds[byte] ?? -1);
    return ids.includes(-1) ? null : ids;
  }

  #room(length: number): Int32Array {
    if (this.#symbols.length < length) this.#symbols = new Int32Array(length * 2);
    else if (this.#symbols.length > 1 << 20 && length < 1 << 16) this.#symbols = new Int32Array(1 << 16);
    return this.#symbols;
  }
}

const byteToken = /^<0x([0-9A-F]{2})>$/;

function tokenBytes({ vocabulary, decoder }: BpeSpec, id: number): Uint8Array {
  const token = vocabulary[id] ?? '';
  if (decoder.type === 'ByteLevel') return alphabetToBytes(token) ?? utf8(token);
  const byte = byteToken.exec(token)?.[1];
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  return utf8(decoder.space === null ? token : token.replaceAll(decoder.space, ' '));
}
