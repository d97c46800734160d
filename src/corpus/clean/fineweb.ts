/** Rules that FineWeb added (Penedo et al. 2024), with the thresholds of datatrove. */
import * as z from 'zod';
import { duplicatePieces } from './gopher-repetition.js';
import { share, short, type Step } from './step.js';
import { isUnspaced, type WordScanner } from './words.js';

export const finewebOptions = z.strictObject({
  /** Shares of punctuated and short lines are measured from so many lines on: one long line is no page. Our own addition. */
  minLines: z.int().min(1).default(3),
  /** Smallest share of lines that end with a punctuation mark. */
  minPunctuatedLines: share.default(0.12),
  /** Largest share of lines of at most `shortLine` characters (half as many in scripts without spaces). */
  maxShortLines: share.default(0.67),
  shortLine: z.int().min(1).default(30),
  /** Largest share of characters in lines that occurred before. */
  maxDuplicateCharacters: share.default(0.01),
  /** Largest number of line ends for each word: more is a list. */
  maxLineEnds: z.number().min(0).default(0.3),
});

/** Marks that end a sentence, in any script, and what may stand behind them. */
const ends = /[\p{Sentence_Terminal}…'"’”»)\]]\s*$/u;

/** Drops lists, menus and pages that repeat their lines. Blank lines do not count. */
export function fineweb(options: z.infer<typeof finewebOptions>, scanner: WordScanner): Step {
  const drop = (rule: string, detail: string) => ({ drop: `fineweb.${rule}`, detail });
  return (text) => {
    const words = scanner.of(text);
    const shortLine = isUnspaced(words) ? options.shortLine / 2 : options.shortLine;
    let [lines, punctuated, shorts] = [0, 0, 0];
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      lines++;
      if (line.length <= shortLine) shorts++;
      if (ends.test(line.slice(-8))) punctuated++;
    }
    if (lines >= options.minLines && punctuated < options.minPunctuatedLines * lines)
      return drop('punctuation', `${short(punctuated / lines)} of lines end in one < ${options.minPunctuatedLines}`);
    if (lines >= options.minLines && shorts > options.maxShortLines * lines)
      return drop('shortLines', `${short(shorts / lines)} of lines > ${options.maxShortLines}`);
    const lineEnds = text.split('\n').length - 1;
    const duplicate = duplicatePieces(text, /\n/).characters / Math.max(1, text.length - lineEnds);
    if (duplicate > options.maxDuplicateCharacters)
      return drop('duplicateCharacters', `${short(duplicate)} of characters > ${options.maxDuplicateCharacters}`);
    const list = lineEnds / Math.max(1, words.length);
    if (list > options.maxLineEnds) return drop('list', `${short(list)} line ends a word > ${options.maxLineEnds}`);
    return text;
  };
}
