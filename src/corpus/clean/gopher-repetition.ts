/** Repetition rules of Gopher (Rae et al. 2021, table A1), measured as datatrove measures them. */
import * as z from 'zod';
import { NgramCounter } from './ngrams.js';
import { share, short, type Drop, type Step } from './step.js';
import { isUnspaced, type WordScanner } from './words.js';

const byN = (defaults: Record<string, number>) =>
  z.record(z.string().regex(/^([2-9]|[1-9]\d)$/), share).prefault(defaults);

export const gopherRepetitionOptions = z.strictObject({
  /** Largest shares of lines and paragraphs that occurred before, and of the text's characters in them. */
  duplicateLines: share.default(0.3),
  duplicateParagraphs: share.default(0.3),
  duplicateLineCharacters: share.default(0.2),
  duplicateParagraphCharacters: share.default(0.2),
  /** Largest share of characters in the most frequent n-gram of words, for each n. */
  topNgrams: byN({ 2: 0.2, 3: 0.18, 4: 0.16 }),
  /** Largest share of characters in n-grams that occurred before, for each n. */
  duplicateNgrams: byN({ 5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.1 }),
});

/**
 * Drops texts that repeat themselves: lines, paragraphs, n-grams of words. The n-gram rules are for scripts with spaces
 * between words; in Chinese or Thai text, where a letter counts as a word, they are left out.
 */
export function gopherRepetition(options: z.infer<typeof gopherRepetitionOptions>, scanner: WordScanner): Step {
  const counter = new NgramCounter();
  const rules = new Map<number, { top?: number; duplicate?: number }>();
  for (const [n, top] of Object.entries(options.topNgrams)) rules.set(Number(n), { ...rules.get(Number(n)), top });
  for (const [n, duplicate] of Object.entries(options.duplicateNgrams))
    rules.set(Number(n), { ...rules.get(Number(n)), duplicate });
  const longest = Math.max(...rules.keys());

  return (text) => {
    const dropped =
      repeated(text, /\n{2,}/, 'paragraph', options.duplicateParagraphs, options.duplicateParagraphCharacters) ??
      repeated(text, /\n+/, 'line', options.duplicateLines, options.duplicateLineCharacters);
    if (dropped) return dropped;

    const words = scanner.of(text);
    if (isUnspaced(words)) return text;
    counter.start(words);
    for (let n = 2; n <= longest && n <= words.length; n++) {
      counter.next();
      const { top, duplicate } = rules.get(n) ?? {};
      if (top !== undefined) {
        const measured = counter.topCharacters() / text.length;
        if (measured > top)
          return { drop: `gopherRepetition.top${n}gram`, detail: `${short(measured)} of characters > ${top}` };
      }
      if (duplicate === undefined) continue;
      const measured = counter.duplicateCharacters() / text.length;
      if (measured > duplicate)
        return {
          drop: `gopherRepetition.duplicate${n}gram`,
          detail: `${short(measured)} of characters > ${duplicate}`,
        };
    }
    return text;
  };
}

/** Pieces that occurred before: their share of the pieces, then of the characters. */
function repeated(text: string, separator: RegExp, what: string, maxShare: number, maxCharacters: number): Drop | null {
  const { pieces, duplicates, characters } = duplicatePieces(text, separator);
  if (duplicates > maxShare * pieces)
    return { drop: `gopherRepetition.${what}s`, detail: `${short(duplicates / pieces)} of ${what}s > ${maxShare}` };
  if (characters > maxCharacters * text.length)
    return {
      drop: `gopherRepetition.${what}Characters`,
      detail: `${short(characters / text.length)} of characters > ${maxCharacters}`,
    };
  return null;
}

/** How many pieces that are not blank there are, how many of them occurred before, and the characters in those. */
export function duplicatePieces(
  text: string,
  separator: RegExp,
): { pieces: number; duplicates: number; characters: number } {
  const seen = new Set<string>();
  let pieces = 0;
  let characters = 0;
  for (const piece of text.split(separator)) {
    if (piece.trim() === '') continue;
    pieces++;
    const before = seen.size;
    if (seen.add(piece).size === before) characters += piece.length;
  }
  return { pieces, duplicates: pieces - seen.size, characters };
}
