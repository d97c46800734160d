/** 64-bit hashes of what a text says: of the whole, and of each long paragraph. White space and case do not count. */
import { characterTables, type CharacterTables } from './characters.js';
import { fold, HIGH_MULTIPLIER, LOW_MULTIPLIER, mix } from './mixing.js';

const LINE_FEED = 10;

/** Begins both lanes of a hash. */
const LOW_SEED = 0x243f6a88;
const HIGH_SEED = 0x13198a2e;

export interface ContentHash {
  /** Of the whole text: two halves. */
  exact: Uint32Array;
  /** Of its paragraphs: two halves each. */
  paragraphs: Uint32Array;
  /** Which paragraphs, counted from 0. */
  paragraphIndexes: Uint32Array;
}

export class ContentHasher {
  private readonly minCharacters: number;
  private readonly tables: CharacterTables = characterTables();
  private readonly hashes: number[] = [];
  private readonly indexes: number[] = [];

  /**
   * A paragraph is a line of text: web text and books of one line a paragraph repeat lines, and lines of hard-wrapped text
   * are too short to count.
   * @param minCharacters least length of a paragraph that counts, its white space normalised; Infinity counts none
   */
  constructor(minCharacters: number) {
    this.minCharacters = minCharacters;
  }

  /** Hashes the runs of characters between white space, each lower-cased, in their order. */
  of(text: string): ContentHash {
    const { lower } = this.tables;
    const { hashes, indexes, minCharacters } = this;
    hashes.length = 0;
    indexes.length = 0;
    const length = text.length;
    let [textLow, textHigh] = [LOW_SEED, HIGH_SEED];
    let [lineLow, lineHigh] = [LOW_SEED, HIGH_SEED];
    let line = 0;
    let characters = 0;
    for (let at = 0; at <= length;) {
      const unit = at < length ? text.charCodeAt(at) : LINE_FEED;
      let character = lower[unit]!;
      if (character === 0) {
        if (unit === LINE_FEED) {
          if (characters > minCharacters) {
            hashes.push(finishLow(lineLow, lineHigh), finishHigh(lineLow, lineHigh));
            indexes.push(line);
          }
          line++;
          characters = 0;
          [lineLow, lineHigh] = [LOW_SEED, HIGH_SEED];
        }
        at++;
        continue;
      }
      const start = at;
      let [a, b] = [LOW_SEED, HIGH_SEED];
      do {
        a = Math.imul(a ^ character, LOW_MULTIPLIER);
        b = Math.imul(b ^ character, HIGH_MULTIPLIER);
        a ^= a >>> 15;
        b ^= b >>> 14;
        if (++at >= length) break;
        character = lower[text.charCodeAt(at)]!;
      } while (character !== 0);
      a = mix(a);
      b = mix(b);
      textLow = fold(textLow, a, LOW_MULTIPLIER);
      textHigh = fold(textHigh, b, HIGH_MULTIPLIER);
      lineLow = fold(lineLow, a, LOW_MULTIPLIER);
      lineHigh = fold(lineHigh, b, HIGH_MULTIPLIER);
      // with one space to the next run: a paragraph of exactly minCharacters has one more here
      characters += at - start + 1;
    }
    return {
      exact: Uint32Array.of(finishLow(textLow, textHigh), finishHigh(textLow, textHigh)),
      paragraphs: Uint32Array.from(hashes),
      paragraphIndexes: Uint32Array.from(indexes),
    };
  }
}

/** The lanes are stirred into each other, so that either half alone is a good hash of the whole. */
function finishLow(low: number, high: number): number {
  return mix(low + Math.imul(high, HIGH_MULTIPLIER)) >>> 0;
}
function finishHigh(low: number, high: number): number {
  return mix(high ^ mix(low)) >>> 0;
}
