/** Pre-tokenisation: cuts a text into the pieces that BPE never merges across. */
import { escapeRegExp, translatePattern } from './pattern.js';

/** Cuts a text by one rule. */
export interface Splitter {
  /** Matches one piece where it stands (flags u and y). */
  readonly here: RegExp;
  /** Finds the next piece (flags u and g). */
  readonly anywhere: RegExp;
  /** Whether text between the matches is a piece too (Isolated), or left out (Removed, inverted). */
  readonly keepsRest: boolean;
  /** Put before a text that does not begin with it, before cutting. */
  readonly prefix: string;
}

/** A splitter for an Oniguruma pattern. @throws InputError for a pattern that cannot be translated. */
export function patternSplitter(pattern: string, keepsRest = true, prefix = ''): Splitter {
  return { ...splitter(translatePattern(pattern), keepsRest), prefix };
}

/** A splitter that isolates each occurrence of `text`. */
export function literalSplitter(text: string, keepsRest = true): Splitter {
  return splitter(escapeRegExp(text), keepsRest);
}

/** A splitter that starts a piece at each `mark`, or at each run of it with `runs`. */
export function markSplitter(mark: string, runs: boolean): Splitter {
  const one = escapeRegExp(mark);
  return splitter(`(?:${one})${runs ? '+' : ''}(?:(?!${one})[^])*|(?:(?!${one})[^])+`, true);
}

function splitter(source: string, keepsRest: boolean): Splitter {
  return { here: new RegExp(source, 'uy'), anywhere: new RegExp(source, 'ug'), keepsRest, prefix: '' };
}

/**
 * A text longer than `longWindow` UTF-16 units is matched in windows of that size, so that a RegExp never runs out of
 * stack; a match counts if it ends in the first half of its window. Only a piece longer than half a window is cut.
 */
const longWindow = 2 ** 20;

/** Calls `piece` for each piece of `text` in order, after applying `splitters` from `level` on one after the other. */
export function forEachPiece(
  text: string,
  splitters: readonly Splitter[],
  piece: (text: string) => void,
  level = 0,
): void {
  const current = splitters[level];
  if (!current) {
    if (text.length > 0) piece(text);
    return;
  }
  if (current.prefix !== '' && text !== '' && !text.startsWith(current.prefix)) text = current.prefix + text;
  const inner =
    level + 1 === splitters.length ? piece : (part: string): void => forEachPiece(part, splitters, piece, level + 1);
  if (text.length <= longWindow) {
    splitWindow(text, text.length, current, inner);
    return;
  }
  for (let at = 0; at < text.length;) {
    const rest = text.length - at;
    const window = text.slice(at, at + wholeCharacters(text, at, Math.min(rest, longWindow)));
    at += splitWindow(window, rest <= longWindow ? rest : longWindow / 2, current, inner);
  }
}

/** `length`, or one less where it would cut a surrogate pair of `text` from `at` on. */
function wholeCharacters(text: string, at: number, length: number): number {
  const last = text.charCodeAt(at + length - 1);
  return at + length < text.length && last >= 0xd800 && last < 0xdc00 ? length - 1 : length;
}

/** Cuts `text` until a piece would end behind `limit`; gives where it stopped, which is behind 0. */
function splitWindow(
  text: string,
  limit: number,
  { here, anywhere, keepsRest }: Splitter,
  piece: (text: string) => void,
): number {
  let at = 0;
  while (at < text.length) {
    let end: number;
    here.lastIndex = at;
    if (here.test(text) && here.lastIndex > at) {
      end = here.lastIndex;
      if (end > limit && at > 0 && limit < text.length) return at;
      piece(text.slice(at, end));
    } else {
      end = nextMatch(text, at, anywhere);
      if (end > limit && at > 0 && limit < text.length) return at;
      if (keepsRest) piece(text.slice(at, end));
    }
    at = end;
  }
  return at;
}

/** Start of the first match behind `at` that is not empty, or the end of the text. */
function nextMatch(text: string, at: number, anywhere: RegExp): number {
  anywhere.lastIndex = at;
  for (;;) {
    const match = anywhere.exec(text);
    if (!match) return text.length;
    if (match[0].length > 0) return match.index;
    anywhere.lastIndex = match.index + ((text.codePointAt(match.index) ?? 0) > 0xffff ? 2 : 1);
  }
}
