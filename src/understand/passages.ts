/** Long texts in pieces that end where paragraphs, sentences or words end. */
import type { Tokenizer } from '../tokenizer/index.js';

/** Ends of pieces, the best first. */
const BREAKS = [/\n\s*\n/g, /[.!?…]["')\]]*\s+/g, /\s+/g];

/**
 * Pieces of at most `most` tokens each, which together are the text: each ends with the last paragraph that fits, or else
 * the last sentence, the last word, or, where even a word is too long, within it.
 */
export function passagesOf(text: string, tokenizer: Tokenizer, most: number): string[] {
  const passages: string[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const length = lengthThatFits(rest, tokenizer, most);
    passages.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return passages;
}

function lengthThatFits(text: string, tokenizer: Tokenizer, most: number): number {
  // A token is seldom more than 16 characters: what is far beyond need not be encoded.
  const window = text.slice(0, most * 16 + 64);
  const fits = (length: number): boolean => tokenizer.encode(window.slice(0, length)).length <= most;
  if (window.length === text.length && fits(text.length)) return text.length;
  for (const pattern of BREAKS) {
    const ends = [...window.matchAll(pattern)].map(({ index, 0: found }) => index + found.length);
    const last = lastThat(ends, fits);
    // A paragraph's end far before the limit would make many short pieces.
    if (last !== undefined && (pattern === BREAKS.at(-1) || !fits(last * 2))) return last;
  }
  const any = lastThat(
    Array.from({ length: window.length }, (_, i) => i + 1),
    fits,
  );
  const length = any ?? 1;
  return /[\ud800-\udbff]$/.test(window.slice(0, length)) ? Math.max(2, length - 1) : length;
}

/** The last of rising numbers that `holds`, which holds for all before it. */
function lastThat(numbers: readonly number[], holds: (number: number) => boolean): number | undefined {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(numbers[middle]!)) low = middle + 1;
    else high = middle;
  }
  return numbers[low - 1];
}
