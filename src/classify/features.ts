/**
 * Hashed features of a text: words, their squeezed spelling, character n-grams inside words, and pairs of neighbouring
 * words (the hashing trick: Weinberger et al. 2009; subwords as in fastText: Bojanowski et al. 2017). A feature is the number of
 * a bucket; features that fall into one bucket share a weight.
 */
import { z } from 'zod';
import { hashSpan, spread, Tokens } from './tokens.js';
import { decodeEntities, squeezed, wordForm } from './word-form.js';

export const featureOptionsSchema = z.strictObject({
  /** Buckets are numbered 0 to 2^bucketBits - 1. */
  bucketBits: z.int().min(8).max(22).default(18),
  /** Shortest character n-gram; the beginning and the end of a word count as a character. */
  shortest: z.int().min(1).max(8).default(3),
  /** Longest character n-gram; 0 for none. */
  longest: z.int().min(0).max(8).default(5),
  /** Pairs of neighbouring words. */
  pairs: z.boolean().default(true),
});

export type FeatureOptions = z.infer<typeof featureOptionsSchema>;

const WORD = 0x1f83d9ab;
const SQUEEZED = 0x5be0cd19;
const NGRAM = 0x3c6ef372;
const EDGE = '\u0002';

/** What a token brings. */
export interface TokenFeatures {
  /** Of its form, for pairs. */
  hash: number;
  /** Buckets, with repeats; none for a token of signs alone, which is passed over. */
  buckets: Int32Array;
}

/** Features of one token. */
export function tokenFeatures(token: string, options: FeatureOptions): TokenFeatures {
  const mask = 2 ** options.bucketBits - 1;
  const form = wordForm(token);
  if (form === '') return { hash: 0, buckets: new Int32Array(0) };
  const bucket = (text: string, kind: number): number => spread(hashSpan(text, 0, text.length, kind)) & mask;
  const short = squeezed(form);
  const buckets = [bucket(form, WORD), bucket(short, SQUEEZED)];
  const marked = form.startsWith('<') ? '' : EDGE + form + EDGE;
  for (let size = options.shortest; size <= options.longest; size++)
    for (let i = 0; i + size <= marked.length; i++)
      buckets.push(spread(hashSpan(marked, i, i + size, NGRAM + size)) & mask);
  return { hash: spread(hashSpan(form, 0, form.length)), buckets: Int32Array.from(buckets) };
}

/** Bucket of a pair of neighbours, from the hashes of their forms. */
export function pairBucket(left: number, right: number, mask: number): number {
  return spread(Math.imul(left, 0x9e3779b1) + right) & mask;
}

/** Makes the features of texts to train on. */
export class Featurizer {
  private readonly options: FeatureOptions;
  private readonly known = new Map<string, TokenFeatures>();
  private readonly tokens = new Tokens();

  constructor(options: FeatureOptions) {
    this.options = options;
  }

  /** Buckets of a text, with repeats. */
  of(text: string): Int32Array {
    const { options, tokens } = this;
    const decoded = decodeEntities(text);
    const mask = 2 ** options.bucketBits - 1;
    const buckets: number[] = [];
    let before: TokenFeatures | null = null;
    for (let at = 0; at >= 0;) {
      at = tokens.scan(decoded, at);
      for (let i = 0; i < tokens.count; i++) {
        const features = this.token(decoded.slice(tokens.starts[i], tokens.ends[i]));
        if (features.buckets.length === 0) continue;
        for (const bucket of features.buckets) buckets.push(bucket);
        if (options.pairs && before) buckets.push(pairBucket(before.hash, features.hash, mask));
        before = features;
      }
    }
    return Int32Array.from(buckets);
  }

  private token(text: string): TokenFeatures {
    let features = this.known.get(text);
    if (!features) this.known.set(text, (features = tokenFeatures(text, this.options)));
    return features;
  }
}

/** What two texts must share to count as the same: forms of words, without mentions, addresses, numbers and `RT`. */
export function sameTextKey(text: string): string {
  const tokens = new Tokens();
  const decoded = decodeEntities(text);
  const forms: string[] = [];
  for (let at = 0; at >= 0;) {
    at = tokens.scan(decoded, at);
    for (let i = 0; i < tokens.count; i++) {
      const form = squeezed(wordForm(decoded.slice(tokens.starts[i], tokens.ends[i])));
      if (form !== 'rt' && /^[^<]*\p{L}/u.test(form)) forms.push(form);
    }
  }
  return forms.join(' ');
}
