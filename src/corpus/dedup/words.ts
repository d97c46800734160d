/**
 * Words of a text as 64-bit hashes: lower-cased, punctuation removed, a character a word in scripts without spaces.
 * A text goes by in windows, so that memory does not depend on its length.
 */
import { characterTables, Kind, type CharacterTables } from './characters.js';
import { HIGH_MULTIPLIER, LOW_MULTIPLIER, mix } from './mixing.js';

/** Words in a window. */
const WINDOW = 4096;

export class WordScanner {
  /** The two halves of each word's hash. */
  readonly low = new Int32Array(WINDOW);
  readonly high = new Int32Array(WINDOW);
  /** Where in the text each word begins, and where it has ended. */
  readonly starts = new Int32Array(WINDOW);
  readonly ends = new Int32Array(WINDOW);
  private readonly overlap: number;
  private readonly tables: CharacterTables = characterTables();
  private text = '';
  private at = 0;
  private count = 0;

  /** @param overlap words at the end of a window that the next begins with: n - 1 to see every n-gram just once */
  constructor(overlap: number) {
    if (overlap >= WINDOW) throw new RangeError(`an overlap of ${overlap} words does not fit a window of ${WINDOW}`);
    this.overlap = overlap;
  }

  begin(text: string): void {
    this.text = text;
    this.at = 0;
    this.count = 0;
  }

  /** Fills the arrays with the next window and returns its number of words; 0 when no word is left. */
  next(): number {
    const { text, low, high, starts, ends } = this;
    const { kinds, lower } = this.tables;
    const carried = Math.min(this.overlap, this.count);
    for (const array of [low, high, starts, ends]) array.copyWithin(0, this.count - carried, this.count);
    const length = text.length;
    let count = carried;
    let at = this.at;
    while (at < length && count < WINDOW) {
      let unit = text.charCodeAt(at);
      let kind = kinds[unit]!;
      if (kind <= Kind.tail) {
        at++;
        continue;
      }
      const start = at;
      let [a, b] = [0x2545f491, 0x6c8e9cf5];
      const alone = kind === Kind.alone;
      do {
        if (kind !== Kind.ignored) {
          a = Math.imul(a ^ lower[unit]!, LOW_MULTIPLIER);
          b = Math.imul(b ^ lower[unit]!, HIGH_MULTIPLIER);
          a ^= a >>> 15;
          b ^= b >>> 14;
        }
        if (++at >= length) break;
        unit = text.charCodeAt(at);
        kind = kinds[unit]!;
      } while (alone ? kind === Kind.tail : kind !== Kind.separator && kind !== Kind.alone);
      low[count] = mix(a);
      high[count] = mix(b);
      starts[count] = start;
      ends[count++] = at;
    }
    this.at = at;
    this.count = count;
    return count === carried ? 0 : count;
  }
}
