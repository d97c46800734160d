/**
 * Training of a byte-level BPE tokenizer: start from the bytes, and merge the most frequent pair of neighbours into a
 * new token until the vocabulary is full (Sennrich et al. 2016; Radford et al. 2019).
 */
import { InputError } from '../io/errors.js';
import { byteCharacters } from './alphabet.js';
import { BpeTokenizer } from './bpe.js';
import { endOfText, ownSpec } from './bytes.js';
import { PairCounts } from './pair-counts.js';
import { patternPresets, type PatternPreset } from './pattern.js';
import { preTokenizersOf } from './pipeline.js';
import { maxVocabulary } from './spec.js';
import type { Tokenizer } from './types.js';
import { utf8 } from './utf8.js';
import { WordCounts } from './word-counts.js';

/** What {@link trainBpe} trains on, and how large. */
export interface TrainBpeOptions {
  /** The documents. No piece crosses from one into the next. */
  texts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  /** Number of ids wanted, bytes and special tokens included. */
  vocabSize: number;
  /** A pair that occurs less often is not merged (default 2). */
  minFrequency?: number;
  /** Special tokens, ids 256 on; the first begins and ends a document. Default `<|endoftext|>`. */
  specials?: readonly string[];
  /** How text is cut into pieces before anything is merged (default "telar"). */
  pattern?: PatternPreset;
}

/**
 * Trains a byte-level BPE tokenizer. Ids 0 to 255 are the bytes, then come the special tokens, then the merged tokens in
 * the order of their merges. The same texts give the same tokenizer: of pairs equally frequent the one with the lower
 * left id, then the lower right id, is merged first. Where the corpus has too few pairs that occur `minFrequency` times,
 * the vocabulary stays smaller than asked.
 * @throws InputError for a vocabulary size or special tokens that are impossible.
 */
export async function trainBpe(options: TrainBpeOptions): Promise<Tokenizer> {
  const { texts, vocabSize, minFrequency = 2, specials = [endOfText], pattern = 'telar' } = options;
  const first = 256 + specials.length;
  if (!Number.isInteger(vocabSize) || vocabSize < first || vocabSize > maxVocabulary)
    throw new InputError(
      `a vocabulary of ${vocabSize} is impossible: it takes ${first} ids for bytes and special tokens, and at most ${maxVocabulary}`,
    );
  if (!Number.isInteger(minFrequency) || minFrequency < 1)
    throw new InputError(`the minimum frequency is a whole number from 1, not ${minFrequency}`);
  if (!Object.hasOwn(patternPresets, pattern))
    throw new InputError(`no pre-tokenisation "${pattern}": choose of ${Object.keys(patternPresets).join(', ')}`);
  const preTokenizers = preTokenizersOf(pattern);
  ownSpec(specials, [], new Uint32Array(0), preTokenizers);
  const words = new WordCounts(patternPresets[pattern]);
  for await (const text of texts) words.add(text);
  const { merged, merges } = learnMerges(words.counts, first, vocabSize - first, minFrequency, new Set(specials));
  return new BpeTokenizer(ownSpec(specials, merged, merges, preTokenizers));
}

/** Learns at most `wanted` tokens, with ids from `first` on. */
function learnMerges(
  counts: ReadonlyMap<string, number>,
  first: number,
  wanted: number,
  minFrequency: number,
  taken: ReadonlySet<string>,
): { merged: string[]; merges: Uint32Array } {
  const pairs = new PairCounts(Array.from(counts.keys(), utf8), Float64Array.from(counts.values()));
  const heap = new PairHeap(pairs);
  for (let pair = 0; pair < pairs.counts.length; pair++) heap.push(pair);
  const merged: string[] = [];
  const merges: number[] = [];
  const ids = new Map<string, number>();
  const token = (id: number): string => (id < 256 ? byteCharacters[id] : merged[id - first]) ?? '';
  while (merged.length < wanted) {
    const pair = heap.pop(minFrequency);
    if (pair === null) break;
    const left = pairs.lefts[pair] ?? 0;
    const right = pairs.rights[pair] ?? 0;
    const text = token(left) + token(right);
    // A token that spells a special token would take its place in the vocabulary: it is passed over.
    if (taken.has(text)) continue;
    // Two merges can make the same text, such as a+bc and ab+c: one token, two merges.
    let id = ids.get(text);
    if (id === undefined) {
      id = first + merged.length;
      ids.set(text, id);
      merged.push(text);
    }
    merges.push(left, right);
    for (const grown of pairs.merge(pair, id)) heap.push(grown);
  }
  return { merged, merges: Uint32Array.from(merges) };
}

/** Pairs by count, the most frequent first. A pair whose count has changed since it was entered is entered anew when found. */
class PairHeap {
  readonly #pairs: PairCounts;
  readonly #entries: { pair: number; count: number }[] = [];

  constructor(pairs: PairCounts) {
    this.#pairs = pairs;
  }

  push(pair: number): void {
    const entry = { pair, count: this.#pairs.counts[pair] ?? 0 };
    const entries = this.#entries;
    let i = entries.length;
    entries.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const other = entries[parent];
      if (!other || !this.#before(entry, other)) break;
      entries[i] = other;
      i = parent;
    }
    entries[i] = entry;
  }

  /** Removes the most frequent pair; null if none occurs `least` times. */
  pop(least: number): number | null {
    for (;;) {
      const top = this.#entries[0];
      if (!top || top.count < least) return null;
      this.#removeTop();
      const count = this.#pairs.counts[top.pair] ?? 0;
      if (count === top.count) return top.pair;
      if (count >= least) this.push(top.pair);
    }
  }

  #removeTop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (!last || entries.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      const left = entries[child];
      const right = entries[child + 1];
      if (!left) break;
      let best = left;
      if (right && this.#before(right, left)) {
        best = right;
        child++;
      }
      if (!this.#before(best, last)) break;
      entries[i] = best;
      i = child;
    }
    entries[i] = last;
  }

  #before(a: { pair: number; count: number }, b: { pair: number; count: number }): boolean {
    if (a.count !== b.count) return a.count > b.count;
    const { lefts, rights } = this.#pairs;
    const byLeft = (lefts[a.pair] ?? 0) - (lefts[b.pair] ?? 0);
    return byLeft !== 0 ? byLeft < 0 : (rights[a.pair] ?? 0) < (rights[b.pair] ?? 0);
  }
}
