/** What each UTF-16 code unit is to the hashes: its lower case, and whether it builds words. Tables, made once on first use. */

/** Kinds of code units; those up to {@link Kind.tail} cannot begin a word. */
export const Kind = {
  /** White space, punctuation, symbols, emoji: ends a word. */
  separator: 0,
  /** Apostrophes and invisible joiners: skipped, so that "don't" and "don’t" and "dont" are one word. */
  ignored: 1,
  /** The second half of a surrogate pair: goes with the first. */
  tail: 2,
  /** Letters, digits and combining marks. */
  letter: 3,
  /** A letter of a script written without spaces: a word by itself. */
  alone: 4,
} as const;

export interface CharacterTables {
  /** {@link Kind} of a code unit. */
  kinds: Uint8Array;
  /** Lower case of a code unit where that is one code unit, else itself; 0 for white space. */
  lower: Uint16Array;
}

const IGNORED = /['’\u00ad\u200b-\u200d\u2060]/u;
const ALONE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const LETTER = /[\p{L}\p{N}\p{M}]/u;

let tables: CharacterTables | undefined;

/** The tables of this process. */
export function characterTables(): CharacterTables {
  return (tables ??= makeTables());
}

function makeTables(): CharacterTables {
  const kinds = new Uint8Array(0x10000);
  const lower = new Uint16Array(0x10000);
  for (let unit = 0; unit < 0x10000; unit++) {
    const character = String.fromCharCode(unit);
    kinds[unit] = kindOf(unit, character);
    const lowered = character.toLowerCase();
    lower[unit] = unit === 0 || /\s/u.test(character) ? 0 : lowered.length === 1 ? lowered.charCodeAt(0) : unit;
  }
  return { kinds, lower };
}

function kindOf(unit: number, character: string): number {
  if (unit >= 0xdc00 && unit < 0xe000) return Kind.tail;
  if (unit >= 0xd800 && unit < 0xdc00) return kindOfPairs(unit);
  if (IGNORED.test(character)) return Kind.ignored;
  if (!LETTER.test(character)) return Kind.separator;
  return ALONE.test(character) ? Kind.alone : Kind.letter;
}

/** By the first half of a pair alone: blocks of 1024 characters, of which emoji (U+1F000 ff.) and Han (planes 2, 3) matter. */
function kindOfPairs(high: number): number {
  if (high >= 0xd83c && high <= 0xd83e) return Kind.separator;
  return high >= 0xd840 && high <= 0xd8bf ? Kind.alone : Kind.letter;
}
