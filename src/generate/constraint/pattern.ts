/** Regular expressions as JavaScript writes them (with the flag `u`), as far as they are regular. */
import { InputError } from '../../io/errors.js';
import { anyCharacter, charactersOf, complement, type Ranges, union, without } from './characters.js';

export type Pattern =
  | { kind: 'set'; set: Ranges }
  | { kind: 'sequence'; parts: Pattern[] }
  | { kind: 'choice'; parts: Pattern[] }
  | { kind: 'repeat'; part: Pattern; least: number; most: number }
  /** The place where the text begins, or ends. */
  | { kind: 'begin' | 'end' };

const digits: Ranges = [[0x30, 0x39]];
const wordCharacters = union(digits, [[0x41, 0x5a]], [[0x61, 0x7a]], [[0x5f, 0x5f]]);
const lineEnds: Ranges = union([[0x0a, 0x0a]], [[0x0d, 0x0d]], [[0x2028, 0x2029]]);
const spaces = union(
  [[0x09, 0x0d]],
  [[0x20, 0x20]],
  [[0xa0, 0xa0]],
  [[0x1680, 0x1680]],
  [[0x2000, 0x200a]],
  [[0x2028, 0x2029]],
  [[0x202f, 0x202f]],
  [[0x205f, 0x205f]],
  [[0x3000, 0x3000]],
  [[0xfeff, 0xfeff]],
);
const classes: Record<string, Ranges> = { d: digits, w: wordCharacters, s: spaces };
const controls: Record<string, number> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };
const mostRepeats = 1000;
const properties = new Map<string, Ranges>();

/**
 * Parses a pattern: characters, `.`, classes with ranges, `\d \w \s \p{..}` and their complements, escapes, groups,
 * `|`, `* + ? {n} {n,} {n,m}` (lazy ones mean the same here), `^` and `$`.
 * @throws InputError naming what is not supported (look-around, back references, `\b`) and where
 */
export function parsePattern(source: string): Pattern {
  return new PatternParser(source).parse();
}

class PatternParser {
  readonly #source: string;
  readonly #characters: string[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#characters = [...source];
  }

  parse(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#characters.length) this.#fail('a ")" without "("');
    return pattern;
  }

  #fail(what: string): never {
    throw new InputError(`the pattern /${this.#source}/ has ${what} at character ${this.#at + 1}`);
  }

  #peek(): string {
    return this.#characters[this.#at] ?? '';
  }

  #take(text: string): boolean {
    const characters = [...text];
    if (!characters.every((character, i) => this.#characters[this.#at + i] === character)) return false;
    this.#at += characters.length;
    return true;
  }

  #choice(): Pattern {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    while (this.#at < this.#characters.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const atom = this.#atom();
      parts.push(atom.kind === 'begin' || atom.kind === 'end' ? this.#unrepeated(atom) : this.#repeated(atom));
    }
    return { kind: 'sequence', parts };
  }

  #unrepeated(atom: Pattern): Pattern {
    if (/^[*+?{]$/.test(this.#peek())) this.#fail('a repeated "^" or "$"');
    return atom;
  }

  #repeated(part: Pattern): Pattern {
    let bounds: [number, number];
    if (this.#take('*')) bounds = [0, Infinity];
    else if (this.#take('+')) bounds = [1, Infinity];
    else if (this.#take('?')) bounds = [0, 1];
    else if (this.#peek() === '{') bounds = this.#counts();
    else return part;
    this.#take('?');
    if (/^[*+?{]$/.test(this.#peek())) this.#fail('a repetition of a repetition');
    return { kind: 'repeat', part, least: bounds[0], most: bounds[1] };
  }

  #counts(): [number, number] {
    const rest = this.#characters.slice(this.#at, this.#at + 20).join('');
    const found = /^\{(\d+)(,(\d*))?\}/.exec(rest);
    if (!found) this.#fail('a "{" that is no count: write \\{ for the character,');
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === '' ? Infinity : Number(found[3]);
    if (least > most || least > mostRepeats || (most > mostRepeats && most !== Infinity))
      this.#fail(`a count that is not in order or above ${mostRepeats}`);
    this.#at += found[0].length;
    return [least, most];
  }

  #atom(): Pattern {
    if (this.#take('(')) return this.#group();
    if (this.#take('^')) return { kind: 'begin' };
    if (this.#take('$')) return { kind: 'end' };
    if (this.#take('.')) return { kind: 'set', set: without(anyCharacter, lineEnds) };
    if (this.#take('[')) return { kind: 'set', set: this.#class() };
    if (this.#take('\\')) return { kind: 'set', set: this.#escape(false) };
    const character = this.#peek();
    if (/^[*+?{}\]]$/.test(character)) this.#fail(`a "${character}" that needs a backslash`);
    this.#at++;
    return { kind: 'set', set: this.#one(character.codePointAt(0)!) };
  }

  #one(code: number): Ranges {
    if (code >= 0xd800 && code <= 0xdfff) this.#fail('half of a surrogate pair');
    return [[code, code]];
  }

  #group(): Pattern {
    if (this.#take('?')) {
      const name = /^<[A-Za-z_$][\w$]*>/.exec(this.#characters.slice(this.#at, this.#at + 80).join(''));
      if (name) this.#at += name[0].length;
      else if (!this.#take(':')) this.#fail('a look-around or flags, which are not supported,');
    }
    const inside = this.#choice();
    if (!this.#take(')')) this.#fail('a "(" that is never closed');
    return inside;
  }

  #escape(inClass: boolean): Ranges {
    const character = this.#peek();
    this.#at++;
    const lower = character.toLowerCase();
    const set = Object.hasOwn(classes, lower) ? classes[lower] : undefined;
    if (set) return character === lower ? set : complement(set);
    if (lower === 'p') return this.#property(character);
    if (character === '0' && /^\d$/.test(this.#peek())) this.#fail('an octal escape');
    if (Object.hasOwn(controls, character)) return this.#one(controls[character]!);
    if (character === 'x') return this.#one(this.#hex(/^[\da-fA-F]{2}/));
    if (character === 'u') {
      if (this.#peek() === '{') return this.#one(this.#hex(/^\{([\da-fA-F]{1,6})\}/));
      const code = this.#hex(/^[\da-fA-F]{4}/);
      if (code < 0xd800 || code > 0xdbff || !this.#take('\\u')) return this.#one(code);
      return this.#one(0x10000 + ((code & 0x3ff) << 10) + (this.#hex(/^[dD][c-fC-F][\da-fA-F]{2}/) & 0x3ff));
    }
    if (character === 'c') {
      const letter = this.#peek();
      if (!/^[a-zA-Z]$/.test(letter)) this.#fail('a "\\c" without a letter');
      this.#at++;
      return this.#one(letter.charCodeAt(0) % 32);
    }
    if (/^[\^$\\.*+?()[\]{}|/]$/.test(character) || (inClass && character === '-'))
      return this.#one(character.charCodeAt(0));
    if (inClass && character === 'b') return this.#one(8);
    this.#at--;
    if (lower === 'b') this.#fail('a word boundary, which is not supported,');
    if (/^[1-9k]$/.test(character)) this.#fail('a back reference, which is not regular,');
    this.#fail(`an escape "\\${character}" that has no meaning`);
  }

  #hex(form: RegExp): number {
    const found = form.exec(this.#characters.slice(this.#at, this.#at + 10).join(''));
    if (!found) this.#fail('an incomplete escape');
    const code = Number.parseInt(found[1] ?? found[0], 16);
    if (code > 0x10ffff) this.#fail('an escape beyond Unicode');
    this.#at += found[0].length;
    return code;
  }

  #property(letter: string): Ranges {
    const found = /^\{[\w=]+\}/.exec(this.#characters.slice(this.#at, this.#at + 60).join(''));
    if (!found) this.#fail('a \\p without {property}');
    const expression = `\\${letter}${found[0]}`;
    let set = properties.get(expression);
    if (!set) {
      try {
        set = charactersOf(expression);
      } catch {
        this.#fail(`an unknown property ${expression}`);
      }
      properties.set(expression, set);
    }
    this.#at += found[0].length;
    return set;
  }

  /** The inside of [...]; the bracket is taken already. */
  #class(): Ranges {
    const negated = this.#take('^');
    const sets: Ranges[] = [];
    while (!this.#take(']')) {
      const from = this.#classAtom();
      const single = from.length === 1 && from[0]![0] === from[0]![1];
      if (this.#peek() !== '-' || this.#characters[this.#at + 1] === ']') {
        sets.push(from);
        continue;
      }
      this.#at++;
      const to = this.#classAtom();
      if (!single || to.length !== 1 || to[0]![0] !== to[0]![1] || to[0]![0] < from[0]![0])
        this.#fail('a range that is not from one character up to another');
      sets.push([[from[0]![0], to[0]![0]]]);
    }
    const set = without(union(...sets), [[0xd800, 0xdfff]]);
    return negated ? complement(set) : set;
  }

  #classAtom(): Ranges {
    if (this.#at >= this.#characters.length) this.#fail('a "[" that is never closed');
    if (this.#take('\\')) return this.#escape(true);
    const character = this.#peek();
    this.#at++;
    return this.#one(character.codePointAt(0)!);
  }
}
