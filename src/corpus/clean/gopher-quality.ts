/** Quality rules of Gopher (Rae et al. 2021, appendix A.1.1), with the thresholds of datatrove. */
import * as z from 'zod';
import { share, short, type Facts, type Step } from './step.js';
import { isUnspaced, type WordScanner } from './words.js';

export const gopherQualityOptions = z.strictObject({
  minWords: z.int().min(0).default(50),
  maxWords: z.int().min(1).default(100_000),
  /** Mean length of words in characters. */
  minWordLength: z.number().min(0).default(3),
  maxWordLength: z.number().min(0).default(10),
  /** Largest number of # and of ellipses for each word. */
  maxSymbols: share.default(0.1),
  /** Largest share of lines that begin with a bullet, and that end with an ellipsis. */
  maxBulletLines: share.default(0.9),
  maxEllipsisLines: share.default(0.3),
  /** English: smallest share of words with a letter, and number of stop words. */
  minAlphabetic: share.default(0.8),
  minStopWords: z.int().min(0).default(2),
});

const stopWords = /\b(?:the|be|to|of|and|that|have|with)\b/g;

/** Tells the language where the language step has not. */
export type TellLanguage = (text: string, facts: Facts) => string;

/**
 * Drops what does not look like prose. Two rules were made for English and are applied by language: stop words to English
 * only; letters in words also where the language cannot be told ("und"), for such a text is most often none. The rule of
 * word lengths needs a script with spaces between words.
 */
export function gopherQuality(
  options: z.infer<typeof gopherQualityOptions>,
  scanner: WordScanner,
  tellLanguage: TellLanguage,
): Step {
  const drop = (rule: string, detail: string) => ({ drop: `gopherQuality.${rule}`, detail });
  return (text, facts) => {
    const words = scanner.of(text);
    const n = words.length;
    if (n < options.minWords) return drop('short', `${n} words < ${options.minWords}`);
    if (n > options.maxWords) return drop('long', `${n} words > ${options.maxWords}`);
    if (n === 0) return text;
    if (!isUnspaced(words)) {
      const mean = words.characters / n;
      if (mean < options.minWordLength)
        return drop('shortWords', `mean of ${short(mean)} characters < ${options.minWordLength}`);
      if (mean > options.maxWordLength)
        return drop('longWords', `mean of ${short(mean)} characters > ${options.maxWordLength}`);
    }

    const hashes = occurrences(text, '#') / n;
    if (hashes > options.maxSymbols) return drop('hashes', `${short(hashes)} a word > ${options.maxSymbols}`);
    const ellipses = (occurrences(text, '...') + occurrences(text, '…')) / n;
    if (ellipses > options.maxSymbols) return drop('ellipses', `${short(ellipses)} a word > ${options.maxSymbols}`);

    const lines = lineCounts(text);
    if (lines.bullets > options.maxBulletLines * lines.all)
      return drop('bulletLines', `${short(lines.bullets / lines.all)} of lines > ${options.maxBulletLines}`);
    if (lines.ellipses > options.maxEllipsisLines * lines.all)
      return drop('ellipsisLines', `${short(lines.ellipses / lines.all)} of lines > ${options.maxEllipsisLines}`);

    const alphabetic = words.alphabetic / n;
    const enough = alphabetic >= options.minAlphabetic;
    const found = stopWordsIn(text, options.minStopWords);
    if (enough && found >= options.minStopWords) return text;
    const language = tellLanguage(text, facts);
    if (!enough && (language === 'en' || language === 'und'))
      return drop('letters', `${short(alphabetic)} of words have letters < ${options.minAlphabetic}`);
    if (found < options.minStopWords && language === 'en')
      return drop('stopWords', `${found} stop words < ${options.minStopWords}`);
    return text;
  };
}

function occurrences(text: string, part: string): number {
  let n = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) n++;
  return n;
}

/** Lines that are not blank, those that begin with a bullet (•, or - as in datatrove), those that end with an ellipsis. */
function lineCounts(text: string): { all: number; bullets: number; ellipses: number } {
  const counts = { all: 0, bullets: 0, ellipses: 0 };
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '') continue;
    counts.all++;
    if (line.startsWith('•') || line.startsWith('-')) counts.bullets++;
    if (line.endsWith('...') || line.endsWith('…')) counts.ellipses++;
  }
  return counts;
}

/** Stop words, counted until there are enough. */
function stopWordsIn(text: string, enough: number): number {
  let n = 0;
  stopWords.lastIndex = 0;
  while (n < enough && stopWords.test(text)) n++;
  return n;
}
