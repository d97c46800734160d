/** Added tokens (special and other): finding them in text before anything else happens to it. */
import { escapeRegExp } from './pattern.js';

/** A token that is matched as a whole in text. The flags are those of `added_tokens` in `tokenizer.json`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** A control token: matched only where special tokens are allowed. */
  readonly special: boolean;
  /** Matched in the normalised text instead of the text as it came. */
  readonly normalized: boolean;
  /** Takes the white space on its left with it. */
  readonly lstrip: boolean;
  /** Takes the white space on its right with it. */
  readonly rstrip: boolean;
  /** Matched only where no letter, digit or underscore stands beside it. */
  readonly singleWord: boolean;
}

/** An added token with the flags that special tokens have. */
export function specialToken(id: number, content: string): AddedToken {
  return { id, content, special: true, normalized: false, lstrip: false, rstrip: false, singleWord: false };
}

const wordCharacter = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const endsInWord = new RegExp(`${wordCharacter}$`, 'u');
const startsInWord = new RegExp(`^${wordCharacter}`, 'u');
const whiteSpace = /\p{White_Space}/u;

/** Finds a set of added tokens in text: the leftmost, and the longest of those that start there. */
export class AddedMatcher {
  readonly #pattern: RegExp;
  readonly #tokens: ReadonlyMap<string, AddedToken>;

  /** `tokens`: each added token by the text that it is found by. None of them is empty. */
  constructor(tokens: ReadonlyMap<string, AddedToken>) {
    this.#tokens = tokens;
    const contents = [...tokens.keys()].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(contents.map(escapeRegExp).join('|'), 'gu');
  }

  /** Whether there is nothing to find. */
  get isEmpty(): boolean {
    return this.#tokens.size === 0;
  }

  /** Calls `part` for each stretch of text, with where it starts, and `token` for each added token, in order. */
  split(text: string, part: (text: string, start: number) => void, token: (id: number) => void): void {
    let done = 0;
    if (this.#tokens.size > 0) {
      for (const match of text.matchAll(this.#pattern)) {
        const found = this.#tokens.get(match[0]);
        let start = match.index;
        let end = start + match[0].length;
        if (!found || (found.singleWord && !standsAlone(text, start, end))) continue;
        if (found.lstrip) while (start > done && whiteSpace.test(text[start - 1] ?? '')) start--;
        if (found.rstrip) while (whiteSpace.test(text[end] ?? '')) end++;
        if (start > done) part(text.slice(done, start), done);
        token(found.id);
        done = end;
      }
    }
    if (done < text.length) part(done === 0 ? text : text.slice(done), done);
  }
}

function standsAlone(text: string, start: number, end: number): boolean {
  return !endsInWord.test(text.slice(Math.max(0, start - 2), start)) && !startsInWord.test(text.slice(end, end + 2));
}
