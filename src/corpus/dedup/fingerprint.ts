/** The fingerprint of a document: all that deduplication keeps of it. */
import { ContentHasher } from './content-hash.js';
import { MinHasher } from './minhash.js';
import type { DedupOptions } from './options.js';

export interface Fingerprint {
  /** 64-bit hash of the text, white space and case normalised: low and high half. */
  exact: Uint32Array;
  /** A 64-bit key a band, two halves each. Empty where near-duplicates are not looked for or the text has too few words. */
  bands: Uint32Array;
  /** 64-bit hash of each paragraph long enough to count, two halves each. */
  paragraphs: Uint32Array;
  /** Which paragraphs these are: numbers of lines, from 0. */
  paragraphIndexes: Uint32Array;
}

const NO_BANDS = new Uint32Array(0);

/** Takes fingerprints; one serves any number of texts, a thread. */
export class Fingerprinter {
  private readonly content: ContentHasher;
  private readonly near: MinHasher | null;

  constructor(options: DedupOptions) {
    this.content = new ContentHasher(options.paragraphs ? options.paragraphs.minCharacters : Infinity);
    this.near = options.near ? new MinHasher(options.near) : null;
  }

  of(text: string): Fingerprint {
    return { ...this.content.of(text), bands: this.near?.bands(text) ?? NO_BANDS };
  }
}
