/**
 * The BPE tokenizer: byte-level as GPT-2, Llama 3 and Qwen have it, or over characters as SentencePiece has it.
 *
 * Text goes through: added tokens as they stand, normalisers, normalised added tokens, pre-tokenisation, and for each
 * piece its first symbols and the merges. The order and the results are those of Hugging Face `tokenizers`.
 */
import { sha256 } from '../io/files.js';
import { AddedMatcher, type AddedToken } from './added.js';
import { alphabetToBytes } from './alphabet.js';
import { sawEnd } from './characters.js';
import { bpeToJSON } from './json-write.js';
import { IdBuffer } from './id-buffer.js';
import { MergeTable } from './merges.js';
import { normalize, scannerOfSteps, splitterOf, withMetaspace, type Metaspace } from './pipeline.js';
import type { Scanner } from './scan.js';
import { mergeResults, vocabularySize, type BpeSpec } from './spec.js';
import { forEachPiece, markSplitter, type Splitter } from './split.js';
import { TokenTable } from './token-table.js';
import type { Tokenizer } from './types.js';
import { bytesOfEscaped, checkLength, escapedByte, textOf, utf8 } from './utf8.js';
import { WordEncoder } from './word-encoder.js';

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
  readonly #words: WordEncoder;
  readonly #byteLevel: boolean;
  readonly #metaspace: Metaspace | undefined;
  readonly #splitters: readonly Splitter[];
  /** Cuts bytes as the splitters cut text, where such a scanner is written. */
  readonly #scan: Scanner | null;
  readonly #withSpecial: Matchers;
  readonly #withoutSpecial: Matchers;
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
    const merges = new MergeTable(spec.merges, mergeResults(spec.vocabulary, ids, spec.merges, where));
    this.#words = new WordEncoder(spec, ids, merges);
    this.#byteLevel = spec.decoder.type === 'ByteLevel';
    this.#metaspace = spec.preTokenizers.find((step) => step.type === 'Metaspace');
    this.#splitters = this.#makeSplitters();
    this.#scan = this.#byteLevel ? scannerOfSteps(spec.preTokenizers) : null;
    this.#withSpecial = this.#makeMatchers(spec.added);
    this.#withoutSpecial = this.#makeMatchers(spec.added.filter((token) => !token.special));
  }

  get hash(): string {
    return (this.#hash ??= sha256(JSON.stringify(this.toJSON())));
  }

  encode(source: string | Uint8Array, options: { allowSpecial?: boolean } = {}): Uint32Array {
    const matchers = options.allowSpecial ? this.#withSpecial : this.#withoutSpecial;
    checkLength(source);
    const out = new IdBuffer(Math.ceil(source.length / 3) + 8);
    if (this.#scan && this.#takesBytes(matchers)) {
      this.#encodeBytes(typeof source === 'string' ? utf8(source) : source, this.#scan, out);
      return out.finish();
    }
    const { text, escaped } = textOf(source);
    const emit = (id: number): void => out.push(id);
    matchers.raw.split(
      text,
      (part, start) =>
        matchers.normalized.split(
          normalize(part, this.spec.normalizers),
          (section, offset) => this.#encodeSection(section, start + offset === 0, escaped, out),
          emit,
        ),
      emit,
    );
    return out.finish();
  }

  encodePrefix(bytes: Uint8Array): { ids: Uint32Array; length: number } | null {
    if (!this.#scan || !this.#takesBytes(this.#withoutSpecial)) return null;
    const out = new IdBuffer(Math.ceil(bytes.length / 3) + 8);
    sawEnd();
    const length = this.#encodeBytes(bytes, this.#scan, out, sawEnd);
    return { ids: out.finish(), length };
  }

  decodeBytes(ids: ArrayLike<number>, previous: number | null = null): Uint8Array {
    return this.#table.decode(ids, previous, this.#stripsSpaceAfter);
  }

  decode(ids: ArrayLike<number>, previous: number | null = null): string {
    return this.#table.decodeText(ids, previous, this.#stripsSpaceAfter);
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

  /** Whether nothing happens to a text before it is cut. */
  #takesBytes({ raw, normalized }: Matchers): boolean {
    return raw.isEmpty && normalized.isEmpty && this.spec.normalizers.length === 0;
  }

  /** Encodes word by word, until `stops` says so of a word that was cut; gives where it stopped. */
  #encodeBytes(bytes: Uint8Array, scan: Scanner, out: IdBuffer, stops?: () => boolean): number {
    const words = this.#words;
    const end = bytes.length;
    for (let at = 0; at < end;) {
      const to = scan(bytes, at, end);
      if (stops?.()) return at;
      if (to > at) words.pushBytes(bytes, at, to, out);
      else words.pushByte(bytes[at]!, out);
      at = Math.max(to, at + 1);
    }
    return end;
  }

  /** Encodes text between added tokens. `first`: it is the beginning of the whole text. */
  #encodeSection(section: string, first: boolean, escaped: boolean, out: IdBuffer): void {
    if (this.#scan) {
      this.#encodeBytes(escaped ? bytesOfEscaped(section) : utf8(section), this.#scan, out);
      return;
    }
    if (!this.#byteLevel) {
      const text = this.#metaspace ? withMetaspace(section, this.#metaspace, first) : section;
      forEachPiece(text, this.#splitters, (word) => this.#words.pushCharacters(word, escaped, out));
      return;
    }
    const word = (piece: string): void => {
      const bytes = utf8(piece);
      this.#words.pushBytes(bytes, 0, bytes.length, out);
    };
    let done = 0;
    if (escaped) {
      for (const match of section.matchAll(new RegExp(escapedByte, 'gu'))) {
        forEachPiece(section.slice(done, match.index), this.#splitters, word);
        this.#words.pushByte(section.charCodeAt(match.index) - 0xdc00, out);
        done = match.index + 1;
      }
    }
    forEachPiece(section.slice(done), this.#splitters, word);
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
