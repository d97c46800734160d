/**
 * What a message says is text, even where it spells a special token: it could otherwise end its turn and begin another. A
 * guard, a character that no text has, is put into such a place before the template runs, and taken out when the text is
 * encoded.
 */
import { InputError } from '../io/errors.js';
import { escapeRegExp } from './pattern.js';

/** U+FDD2, which is no character and never will be. U+FDD0 to U+FDD3 are used here. */
const GUARD = '\ufdd2';

const inUse = /[\ufdd0-\ufdd3]/;

export class Guard {
  private readonly pattern: RegExp | null;

  constructor(specials: readonly string[]) {
    const texts = specials.filter((text) => text.length > 1).sort((a, b) => b.length - a.length);
    this.pattern = texts.length === 0 ? null : new RegExp(texts.map(escapeRegExp).join('|'), 'gu');
  }

  /** @throws InputError for text with the characters U+FDD0 to U+FDD3 */
  insert(text: string): string {
    if (inUse.test(text) && text !== '\ufdd3')
      throw new InputError('a message has one of U+FDD0 to U+FDD3, which are no characters: remove it');
    if (!this.pattern) return text;
    return text.replace(this.pattern, (special) => {
      const [first] = special;
      return first! + GUARD + special.slice(first!.length);
    });
  }

  remove(text: string): string {
    return text.replaceAll(GUARD, '');
  }

  /** Where the first special token stands. */
  firstSpecial(text: string): { start: number; end: number } | null {
    if (!this.pattern) return null;
    this.pattern.lastIndex = 0;
    const match = this.pattern.exec(text);
    return match && { start: match.index, end: match.index + match[0].length };
  }

  endsInSpecial(text: string): boolean {
    if (!this.pattern) return false;
    return [...text.matchAll(this.pattern)].some((match) => match.index + match[0].length === text.length);
  }

  /** Text between special tokens and special tokens, in order. */
  *parts(text: string): Generator<{ text: string; special: boolean }> {
    let done = 0;
    for (const match of this.pattern ? text.matchAll(this.pattern) : []) {
      if (match.index > done) yield { text: this.remove(text.slice(done, match.index)), special: false };
      yield { text: match[0], special: true };
      done = match.index + match[0].length;
    }
    if (done < text.length) yield { text: this.remove(text.slice(done)), special: false };
  }

  static has(text: string): boolean {
    return text.includes(GUARD);
  }
}
