/** Learning BPE merges from counted words. */
import { byteCharacters } from './alphabet.js';
import { PairCounts } from './pair-counts.js';
import { PairHeap } from './pair-heap.js';
import type { CountedWords } from './word-counts.js';

/** How many merges are learnt, and which. */
export interface LearnMergesOptions {
  /** Id of the first new token; ids 0 to 255 are the bytes. */
  first: number;
  /** Most new tokens. */
  wanted: number;
  /** A pair that occurs less often is not merged. */
  minFrequency: number;
  /** Tokens, in the alphabet of bytes, that must not be made. */
  taken?: ReadonlySet<string>;
}

/** Learns merges of bytes, the most frequent pair first; of pairs equally frequent, that of the lower ids. */
export function learnMerges(
  words: CountedWords,
  { first, wanted, minFrequency, taken }: LearnMergesOptions,
): { merged: string[]; merges: Uint32Array } {
  const pairs = new PairCounts(words);
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
    if (taken?.has(text)) continue;
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
