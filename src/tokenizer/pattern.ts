/**
 * Pre-tokenisation patterns: our presets, and the translation of the patterns that `tokenizer.json` files hold.
 *
 * Those files are written for the Oniguruma engine. Its `\s`, `\d`, `\w` and `(?i:...)` mean other characters than
 * JavaScript's, so a pattern is translated piece by piece into a RegExp with the same meaning; what has no exact
 * counterpart is refused by name.
 */
import { InputError } from '../io/errors.js';

/** The pattern of GPT-2 (Radford et al. 2019), which a ByteLevel pre-tokenizer with `use_regex` applies. */
export const gpt2Pattern = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** The pattern of GPT-4 in the form that Llama 3 uses. */
const gpt4Pattern = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/**
 * The pattern of GPT-4o. A word is capitals, then small letters, with its contraction; caseless letters and marks are
 * both.
 */
const o200kPattern = [
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?`,
  String.raw`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
].join('|');

/**
 * Our own default. A word keeps its combining marks (so that Hindi, Thai or decomposed accents stay whole) and one
 * space before it; an English contraction after either apostrophe is a word; digits go in pairs, so that "1862" is
 * a century and a year; punctuation keeps the line breaks after it; the last space before a word goes to the word.
 */
const telarPattern = String.raw`['’](?:[sdmtSDMT]|ll|ve|re|LL|VE|RE)(?![\p{L}\p{M}])| ?[\p{L}\p{M}]+| ?\p{N}{1,2}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** Pre-tokenisation patterns by name. */
export const patternPresets = {
  gpt2: gpt2Pattern,
  gpt4: gpt4Pattern,
  o200k: o200kPattern,
  telar: telarPattern,
} as const;

/** Name of a pre-tokenisation preset. */
export type PatternPreset = keyof typeof patternPresets;

/** Source text of a RegExp that matches `text` itself. */
export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/**
 * Source of a JavaScript RegExp (flag u) with the meaning of an Oniguruma pattern.
 * @throws InputError naming the construct that cannot be translated.
 */
export function translatePattern(pattern: string): string {
  const source = new Translator(pattern).translate();
  if (!isValid(source))
    throw new InputError(`the pre-tokenizer's pattern is not a valid regular expression: ${pattern}`);
  return source;
}

function isValid(source: string): boolean {
  try {
    return new RegExp(source, 'u').unicode;
  } catch {
    return false;
  }
}

/** What `\w` matches within brackets, and alone: there the engine also takes the numerals of Latin-1. */
const wordClass = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}`;
const wordAlone = `${wordClass}²³¹¼½¾`;
const groupOpenings = ['(?:', '(?=', '(?!', '(?<=', '(?<!'];

class Translator {
  readonly #pattern: string;
  #at = 0;
  /** For each open group, whether letters outside it match either case. */
  readonly #outerCase: boolean[] = [];
  #anyCase = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  translate(): string {
    let source = '';
    while (this.#at < this.#pattern.length) source += this.#next();
    return source;
  }

  #refuse(feature: string): never {
    throw new InputError(`the pre-tokenizer's pattern uses ${feature}, which is not supported: ${this.#pattern}`);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'uy');
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.#pattern);
    if (match) this.#at = sticky.lastIndex;
    return match;
  }

  #next(): string {
    const rest = this.#pattern.slice(this.#at, this.#at + 4);
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    if (character === '(') return this.#openGroup(rest);
    if (character === '\\') return this.#escape(false);
    if (character === '[') return this.#class();
    const quantifier = this.#take(/(?:[*+?]|\{(\d*)(,?)(\d*)\})/);
    if (quantifier) return this.#quantifier(quantifier);
    this.#at += character.length;
    switch (character) {
      case ')':
        if (this.#outerCase.length === 0) this.#refuse('an unmatched parenthesis');
        this.#anyCase = this.#outerCase.pop() ?? false;
        return ')';
      case '|':
        return '|';
      case '^':
        return String.raw`(?<![^\n])`;
      case '$':
        return String.raw`(?![^\n])`;
      case '.':
        return String.raw`[^\n]`;
      default:
        return this.#literal(character, false);
    }
  }

  #openGroup(rest: string): string {
    this.#outerCase.push(this.#anyCase);
    const opening = groupOpenings.find((candidate) => rest.startsWith(candidate));
    if (opening) {
      this.#at += opening.length;
      return opening;
    }
    const flags = this.#take(/\(\?(-?)i:/);
    if (flags) {
      this.#anyCase = flags[1] === '';
      return '(?:';
    }
    if (rest.startsWith('(?')) this.#refuse(`the group "${rest}"`);
    this.#at++;
    return '(?:';
  }

  #quantifier(match: RegExpExecArray): string {
    const [text, low, comma, high] = match;
    if (text.startsWith('{') && low === '' && high === '') return escapeRegExp(text);
    const source = text.startsWith('{,') ? `{0,${high}}` : text;
    const following = this.#pattern[this.#at];
    if (following === '+') this.#refuse('a possessive quantifier');
    if (following !== '?') return source;
    if (text.startsWith('{') && comma === '') this.#refuse(`"${text}?"`);
    this.#at++;
    return `${source}?`;
  }

  #literal(character: string, inClass: boolean): string {
    const variants = this.#anyCase ? caseVariants(character) : [character];
    const escaped = variants.map((variant) =>
      inClass ? variant.replace(/[\\\]^[-]/g, '\\$&') : escapeRegExp(variant),
    );
    return inClass || escaped.length === 1 ? escaped.join('') : `[${escaped.join('')}]`;
  }

  /** An escape sequence, as a source that stands alone or, with `inClass`, within brackets. */
  #escape(inClass: boolean): string {
    const property = this.#take(/\\([pP])\{(\^?)([^}]+)\}/);
    if (property) {
      const [, letter, not, name = ''] = property;
      return `\\${(letter === 'P') === (not === '^') ? 'p' : 'P'}{${this.#propertyName(name)}}`;
    }
    const code = this.#take(/\\(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/);
    if (code) {
      const value = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16);
      if (value > 0x10ffff) this.#refuse(code[0]);
      return this.#literal(String.fromCodePoint(value), inClass);
    }
    const escape = this.#take(/\\(.)/su);
    const character = escape?.[1];
    switch (character) {
      case 's':
        return String.raw`\p{White_Space}`;
      case 'S':
        return String.raw`\P{White_Space}`;
      case 'd':
        return String.raw`\p{Nd}`;
      case 'D':
        return String.raw`\P{Nd}`;
      case 'w':
        return inClass ? wordClass : `[${wordAlone}]`;
      case 'W':
        return inClass ? this.#refuse(String.raw`\W within brackets`) : `[^${wordAlone}]`;
      case 'n':
      case 'r':
      case 't':
      case 'f':
      case 'v':
        return `\\${character}`;
      default:
        if (character === undefined || /[0-9A-Za-z]/.test(character)) this.#refuse(`"${escape?.[0] ?? '\\'}"`);
        return this.#literal(character, inClass);
    }
  }

  #propertyName(name: string): string {
    const known = [name, `Script=${name}`].find((candidate) => isValid(`\\p{${candidate}}`));
    if (known !== undefined) return known;
    return this.#refuse(`the property "${name}"`);
  }

  #class(): string {
    const opening = this.#take(/\[\^?/)?.[0] ?? '[';
    let source = opening;
    for (let first = true; ; first = false) {
      const character = this.#pattern[this.#at];
      if (character === undefined) this.#refuse('an unclosed bracket');
      if (character === ']' && !first) {
        this.#at++;
        return `${source}]`;
      }
      if (character === '[') this.#refuse('a bracket within brackets');
      if (this.#pattern.startsWith('&&', this.#at)) this.#refuse('"&&" within brackets');
      source += this.#classItem();
    }
  }

  #classItem(): string {
    if (this.#pattern[this.#at] === '\\') return this.#escape(true) + this.#rangeEnd();
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    return this.#literal(character, true) + this.#rangeEnd();
  }

  /** The "-z" of a range such as "a-z", if one follows. */
  #rangeEnd(): string {
    const following = this.#pattern.slice(this.#at, this.#at + 2);
    if (following.length < 2 || following[0] !== '-' || following[1] === ']') return '';
    if (this.#anyCase) this.#refuse('a range within (?i:...)');
    this.#at++;
    if (following[1] === '\\') return `-${this.#escape(true)}`;
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    return `-${this.#literal(character, true)}`;
  }
}

/** The characters that equal `character` by Unicode simple case folding. */
function caseVariants(character: string): string[] {
  const variants = new Set([character, character.toLowerCase(), character.toUpperCase()]);
  if (variants.has('s')) variants.add('\u017f'); // long s
  if (variants.has('k')) variants.add('\u212a'); // Kelvin sign
  if (variants.has('å')) variants.add('\u212b'); // Angstrom sign
  return [...variants].filter((variant) => [...variant].length === 1);
}
