/** Vocabularies of ranks, as tiktoken's files hold them: tokens alone, whose order says what merges first. */
import { InputError } from '../io/errors.js';
import { specialToken } from './added.js';
import { bytesToAlphabet } from './alphabet.js';
import { BpeTokenizer } from './bpe.js';
import { ByteMap, hashBytes } from './byte-map.js';
import { patternPresets, type PatternPreset } from './pattern.js';
import { preTokenizersOf } from './pipeline.js';
import { maxVocabulary } from './spec.js';
import type { Tokenizer } from './types.js';

/** What a list of ranks does not say. */
export interface RankedTokenizerOptions {
  /** How text is cut before anything is merged: "gpt2" for r50k and p50k, "gpt4" for cl100k, "o200k". */
  pattern: PatternPreset;
  /** Special tokens with their ids. `<|endoftext|>`, if it is among them, begins and ends a document. */
  specials?: Readonly<Record<string, number>>;
  /** Names the source in errors. */
  where?: string;
}

/**
 * The tokens of a `.tiktoken` file by rank: a line each, its bytes in base64, a space, and its rank.
 * @throws InputError naming the line that is damaged.
 */
export function readRanks(content: string, where = 'ranks'): Map<number, Uint8Array> {
  const tokens = new Map<number, Uint8Array>();
  content.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    const [, base64 = '', rank = ''] = /^([A-Za-z0-9+/]+={0,2}) (\d{1,8})\s*$/.exec(line) ?? [];
    const id = Number(rank);
    if (base64 === '' || tokens.has(id))
      throw new InputError(`${where}:${i + 1}: expected a token in base64, a space and a rank of its own`);
    tokens.set(id, Buffer.from(base64, 'base64'));
  });
  return tokens;
}

/**
 * The tokenizer of a vocabulary of ranks. It gives the ids that tiktoken gives: there any two neighbours merge that
 * together are a token, the one of lowest rank first, and a word that is a token is that token.
 *
 * The rule that makes a token joins the two parts that its own bytes come to. No other rule can make it: as long as
 * no merge crosses its ends, its bytes merge in a text as they do alone.
 * @throws InputError when a byte has no token, two tokens are equal, or an id is taken twice.
 */
export function tokenizerFromRanks(
  tokens: ReadonlyMap<number, Uint8Array>,
  { pattern, specials = {}, where = 'ranks' }: RankedTokenizerOptions,
): Tokenizer {
  if (!Object.hasOwn(patternPresets, pattern)) throw new InputError(`no pre-tokenisation "${pattern}"`);
  const index = new RankIndex(tokens, where);
  const vocabulary: (string | undefined)[] = [];
  const merges: number[] = [];
  for (const id of [...tokens.keys()].sort((a, b) => a - b)) {
    while (vocabulary.length < id) vocabulary.push(undefined);
    const bytes = tokens.get(id)!;
    vocabulary.push(bytesToAlphabet(bytes));
    const parts = index.partsOf(bytes);
    if (parts) merges.push(...parts);
  }
  const added = Object.entries(specials).map(([content, id]) => {
    if (content === '' || !Number.isInteger(id) || id < 0 || id >= maxVocabulary || tokens.has(id))
      throw new InputError(`${where}: the special token "${content}" cannot have the id ${id}`);
    return specialToken(id, content);
  });
  if (new Set(Object.values(specials)).size < added.length)
    throw new InputError(`${where}: two special tokens have one id`);
  const end = specials['<|endoftext|>'] ?? null;
  return new BpeTokenizer(
    {
      vocabulary,
      merges: Uint32Array.from(merges),
      added,
      normalizers: [],
      preTokenizers: preTokenizersOf(pattern),
      decoder: { type: 'ByteLevel' },
      unknown: null,
      fuseUnknown: false,
      byteFallback: false,
      ignoreMerges: true,
      bos: end,
      eos: end,
      addsBos: false,
      addsEos: false,
    },
    where,
  );
}

/** Ranks by the bytes of the tokens. */
class RankIndex {
  readonly #map: ByteMap;
  readonly #ranks: number[] = [];

  constructor(tokens: ReadonlyMap<number, Uint8Array>, where: string) {
    this.#map = new ByteMap(tokens.size);
    for (const [rank, bytes] of tokens) {
      const index = this.#map.indexOf(bytes);
      if (rank >= maxVocabulary) throw new InputError(`${where}: the rank ${rank} is above ${maxVocabulary - 1}`);
      if (bytes.length === 0 || index < this.#ranks.length)
        throw new InputError(`${where}: the token of rank ${rank} is empty or has another rank too`);
      this.#ranks.push(rank);
    }
    for (let byte = 0; byte < 256; byte++)
      if (this.#rank(Uint8Array.of(byte), 0, 1) === Infinity)
        throw new InputError(`${where}: no token for the byte ${byte}`);
  }

  /** The two tokens that the bytes of a token merge into last; null for one byte, and where no merges lead there. */
  partsOf(bytes: Uint8Array): [number, number] | null {
    const ends = Array.from(bytes, (_, i) => i + 1);
    /** Rank of part `i` joined with the one after it. */
    const joined = (i: number): number => this.#rank(bytes, i === 0 ? 0 : ends[i - 1]!, ends[i + 1]!);
    const ranks = Array.from({ length: ends.length - 1 }, (_, i) => joined(i));
    while (ends.length > 2) {
      const best = Math.min(...ranks);
      if (best === Infinity) return null;
      const at = ranks.indexOf(best);
      ends.splice(at, 1);
      ranks.splice(at, 1);
      if (at > 0) ranks[at - 1] = joined(at - 1);
      if (at < ranks.length) ranks[at] = joined(at);
    }
    const [middle] = ends;
    if (ends.length < 2 || middle === undefined) return null;
    return [this.#rank(bytes, 0, middle), this.#rank(bytes, middle, bytes.length)];
  }

  #rank(bytes: Uint8Array, from: number, to: number): number {
    const index = this.#map.find(bytes, from, to, hashBytes(bytes, from, to));
    return index < 0 ? Infinity : this.#ranks[index]!;
  }
}
