/** Pairs of texts of known similarity, made from real text: what tests and measurements plant. */
import { Random } from '../../io/hash-random.js';

export interface PlantedPair {
  original: string;
  changed: string;
  /** Jaccard similarity of their sets of n-grams of words, counted. */
  similarity: number;
}

/**
 * Copies a text with enough of its words replaced, far apart from each other, for about the wanted similarity. At 1 the
 * copy has another punctuation.
 * @param words lower-case words without punctuation
 */
export function plantPair(words: readonly string[], wanted: number, ngram: number, random: Random): PlantedPair {
  const shingles = words.length - ngram + 1;
  // each replaced word takes n shingles from both sides: J = (S - nk) / (S + nk); rounded at random, to be right on average
  const count = wanted === 1 ? 0 : Math.floor((shingles * (1 - wanted)) / (1 + wanted) / ngram + random.uniform());
  const places = random.shuffle(Array.from({ length: Math.floor(shingles / ngram) }, (_, i) => (i + 1) * ngram - 1));
  const changed = [...words];
  for (const place of places.slice(0, count)) changed[place] = `new${random.uint32().toString(36)}`;
  return {
    original: words.join(' '),
    changed: changed.join(count === 0 ? ', ' : ' '),
    similarity: jaccard(ngramSet(words, ngram), ngramSet(changed, ngram)),
  };
}

/** The n-grams of a text. */
export function ngramSet(words: readonly string[], ngram: number): Set<string> {
  return new Set(
    Array.from({ length: Math.max(0, words.length - ngram + 1) }, (_, i) => words.slice(i, i + ngram).join(' ')),
  );
}

export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const item of a) if (b.has(item)) both++;
  return both / (a.size + b.size - both);
}

/** The chance that sets of similarity s agree in all rows of one band at least. */
export function detectionChance(s: number, bands: number, rows: number): number {
  return 1 - (1 - s ** rows) ** bands;
}
