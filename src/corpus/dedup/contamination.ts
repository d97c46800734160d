/** Finds texts that share a run of words with a test set (Brown et al. 2020, appendix C, with 13 words as GPT-3 had). */
import { FirstSeen } from './first-seen.js';
import { NgramHasher } from './ngrams.js';
import { testItems } from './test-items.js';
import { WordScanner } from './words.js';

/** An item shorter than n-grams is looked for as a whole where it has this many words; shorter ones are chance. */
const FEWEST_WORDS = 8;

/** Items of test sets as runs of one length. */
interface Runs {
  ngrams: NgramHasher;
  /** From the hash of a run to the number of the file that had it first. */
  files: FirstSeen;
}

export class Contamination {
  private readonly files: readonly string[];
  private readonly scanner: WordScanner;
  private readonly runs: readonly Runs[];

  private constructor(files: readonly string[], scanner: WordScanner, runs: readonly Runs[]) {
    this.files = files;
    this.scanner = scanner;
    this.runs = runs;
  }

  /**
   * Takes the n-grams of words of test sets; see {@link testItems} for what is an item of a file. Items of fewer than n
   * words, but at least 8, count as one n-gram of their own length.
   * @param n words in a run (default 13), at most 100
   * @throws InputError for a file that cannot be read
   */
  static load(files: readonly string[], n = 13): Contamination {
    if (!(Number.isInteger(n) && n >= 1 && n <= 100)) throw new RangeError(`n-grams of ${n} words`);
    const scanner = new WordScanner(n - 1);
    const byLength = new Map<number, Runs>();
    const runsOf = (length: number) => {
      const runs = byLength.get(length) ?? { ngrams: new NgramHasher(length, scanner), files: new FirstSeen(1000) };
      byLength.set(length, runs);
      return runs;
    };
    files.forEach((file, number) => {
      for (const item of testItems(file)) {
        scanner.begin(item);
        for (let words = scanner.next(); words > 0; words = scanner.next()) {
          // only a first window can be shorter than n
          if (words < Math.min(n, FEWEST_WORDS)) break;
          const { ngrams, files } = runsOf(Math.min(n, words));
          const count = ngrams.hash(scanner, words);
          for (let i = 0; i < count; i++) files.claim(ngrams.low[i]!, ngrams.high[i]!, number);
        }
      }
    });
    return new Contamination(files, scanner, [...byLength.values()]);
  }

  /** Different runs of words that are looked for. */
  get size(): number {
    return this.runs.reduce((sum, { files }) => sum + files.size, 0);
  }

  /** The first run of words in a text that a test set has too, as the text spells it, or null. */
  find(text: string): { file: string; ngram: string } | null {
    const { scanner } = this;
    scanner.begin(text);
    for (let words = scanner.next(); words > 0; words = scanner.next()) {
      let [first, last, file] = [Infinity, 0, 0];
      for (const { ngrams, files } of this.runs) {
        const count = Math.min(ngrams.hash(scanner, words), first);
        for (let i = 0; i < count; i++) {
          const found = files.get(ngrams.low[i]!, ngrams.high[i]!);
          if (found < 0) continue;
          [first, last, file] = [i, i + ngrams.words - 1, found];
          break;
        }
      }
      if (first < Infinity) {
        const ngram = text.slice(scanner.starts[first], scanner.ends[last]).replaceAll(/\s+/gu, ' ');
        return { file: this.files[file]!, ngram };
      }
    }
    return null;
  }
}
