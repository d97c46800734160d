/**
 * Pre-tokenisation by hand: scanners over UTF-8 that cut exactly where the patterns of the presets cut.
 *
 * Each follows its pattern alternative by alternative; where the pattern would backtrack, a comment says what that
 * comes to. Nothing is read twice but the rest of a run, so that every scanner is linear in the text.
 */
import { characterAt, Class, lengthShift } from './characters.js';
import { gpt2Pattern, patternPresets, type PatternPreset } from './pattern.js';

/** End of the piece that starts at `at`, or `at` itself where the bytes are no UTF-8; `end` is the end of the text. */
export type Scanner = (bytes: Uint8Array, at: number, end: number) => number;

const letters = Class.upper | Class.lower | Class.caseless;
const whiteSpace = Class.space | Class.newline;
/** What patterns write as [^\s\p{L}\p{N}]; marks are among it. */
const symbols = Class.other | Class.mark;

const apostrophe = 0x27;
const space = 0x20;
const slash = 0x2f;

/** End of the run of characters of a set of classes. */
function runEnd(bytes: Uint8Array, at: number, end: number, classes: number): number {
  for (;;) {
    const character = characterAt(bytes, at, end);
    if ((character & classes) === 0) return at;
    at += character >> lengthShift;
  }
}

/** End of a run of at most `most` numbers. */
function numbersEnd(bytes: Uint8Array, at: number, end: number, most: number): number {
  for (let i = 0; i < most; i++) {
    const character = characterAt(bytes, at, end);
    if ((character & Class.number) === 0) return at;
    at += character >> lengthShift;
  }
  return at;
}

/**
 * `\s*[\r\n]+|\s+(?!\S)|\s+` where white space stands: to the last newline of the run; else without its last character
 * when something follows and that is not all of it.
 */
function whiteSpaceEnd(bytes: Uint8Array, at: number, end: number, newlines: boolean): number {
  let to = at;
  let last = at;
  let afterNewline = at;
  for (;;) {
    const character = characterAt(bytes, to, end);
    if ((character & whiteSpace) === 0) {
      if (newlines && afterNewline > at) return afterNewline;
      return character === 0 || last === at ? to : last;
    }
    last = to;
    to += character >> lengthShift;
    if (character & Class.newline) afterNewline = to;
  }
}

/** End of `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe, or `at`. `anyCase`: by case folding, so that ſ is an s. */
function contractionEnd(bytes: Uint8Array, at: number, end: number, anyCase: boolean): number {
  const letterAt = (i: number): number => {
    if (characterAt(bytes, i, end) === 0) return 0;
    const byte = bytes[i]!;
    return anyCase && byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  };
  const first = letterAt(at + 1);
  switch (first) {
    case 0x73: // s
    case 0x74: // t
    case 0x6d: // m
    case 0x64: // d
      return at + 2;
    case 0x72: // r
    case 0x76: // v
      return letterAt(at + 2) === 0x65 ? at + 3 : at;
    case 0x6c: // l
      return letterAt(at + 2) === 0x6c ? at + 3 : at;
    case 0xc5:
      return anyCase && bytes[at + 2] === 0xbf ? at + 3 : at;
    default:
      return at;
  }
}

/** The whole text is one piece. */
export const scanWhole: Scanner = (bytes, at, end) => runEnd(bytes, at, end, 0xff);

const scanGpt2: Scanner = (bytes, at, end) => {
  const first = characterAt(bytes, at, end);
  const byte = bytes[at];
  if (byte === apostrophe) {
    const contraction = contractionEnd(bytes, at, end, false);
    if (contraction > at) return contraction;
  }
  let start = at;
  let character = first;
  if (byte === space) {
    start++;
    character = characterAt(bytes, start, end);
  }
  if (character & letters) return runEnd(bytes, start, end, letters);
  if (character & Class.number) return runEnd(bytes, start, end, Class.number);
  if (character & symbols) return runEnd(bytes, start, end, symbols);
  return whiteSpaceEnd(bytes, at, end, false);
};

/** The scanner of cl100k and its kin, which differ in how many digits a piece takes. */
function cl100kScanner(digits: number): Scanner {
  return (bytes, at, end) => {
    const first = characterAt(bytes, at, end);
    const byte = bytes[at];
    if (byte === apostrophe) {
      const contraction = contractionEnd(bytes, at, end, true);
      if (contraction > at) return contraction;
    }
    if (first & letters) return runEnd(bytes, at, end, letters);
    if (first & Class.number) return numbersEnd(bytes, at, end, digits);
    const after = at + (first >> lengthShift);
    if ((first & Class.newline) === 0) {
      const second = characterAt(bytes, after, end);
      if (second & letters) return runEnd(bytes, after, end, letters);
      const symbolsAt = byte === space ? after : at;
      if ((byte === space ? second : first) & symbols)
        return runEnd(bytes, runEnd(bytes, symbolsAt, end, symbols), end, Class.newline);
    }
    return whiteSpaceEnd(bytes, at, end, true);
  };
}

/** What may be capital in a word of o200k, and what may be small. Caseless letters and marks may be both. */
const capital = Class.upper | Class.caseless | Class.mark;
const small = Class.lower | Class.caseless | Class.mark;

/**
 * `[capital]*[small]+` from `at`, or `at` when it does not match there. After the longest run of capitals stands a
 * lower letter, or else the pattern steps back to the last character of the run that may be small.
 */
function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  let to = at;
  let steppedBack = at;
  for (;;) {
    const character = characterAt(bytes, to, end);
    if (character & Class.lower) return runEnd(bytes, to, end, small);
    if ((character & capital) === 0) return steppedBack;
    to += character >> lengthShift;
    if (character & small) steppedBack = to;
  }
}

/** {@link wordEnd} with the contraction after it. */
function wordWithContraction(bytes: Uint8Array, at: number, end: number): number {
  const word = wordEnd(bytes, at, end);
  return word > at ? withContraction(bytes, word, end) : at;
}

function withContraction(bytes: Uint8Array, at: number, end: number): number {
  const next = characterAt(bytes, at, end);
  return next !== 0 && bytes[at] === apostrophe ? contractionEnd(bytes, at, end, true) : at;
}

const scanO200k: Scanner = (bytes, at, end) => {
  const first = characterAt(bytes, at, end);
  const byte = bytes[at];
  if (first & letters) {
    const word = wordWithContraction(bytes, at, end);
    return word > at ? word : withContraction(bytes, runEnd(bytes, at, end, capital), end);
  }
  if (first & Class.number) return numbersEnd(bytes, at, end, 3);
  const after = at + (first >> lengthShift);
  if ((first & Class.newline) === 0) {
    // One character before the word: without it only a mark can begin a word, and then it is one by itself.
    const word = wordWithContraction(bytes, after, end);
    if (word > after) return word;
    if (first & Class.mark) return wordWithContraction(bytes, at, end);
    const capitals = runEnd(bytes, after, end, capital);
    if (capitals > after) return withContraction(bytes, capitals, end);
    const symbolsAt = byte === space ? after : at;
    if (characterAt(bytes, symbolsAt, end) & symbols) {
      let to = runEnd(bytes, symbolsAt, end, symbols);
      while (characterAt(bytes, to, end) & Class.newline || (to < end && bytes[to] === slash)) to++;
      return to;
    }
  }
  return whiteSpaceEnd(bytes, at, end, true);
};

const telarLetters = letters | Class.mark;

/** End of our contraction at `at`, or `at`: after ' or ’, in one case, and not before a letter or mark. */
function telarContractionEnd(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at];
  const curly = byte === 0xe2 && bytes[at + 1] === 0x80 && bytes[at + 2] === 0x99;
  if (byte !== apostrophe && !curly) return at;
  const letter = at + (curly ? 3 : 1);
  if (characterAt(bytes, letter, end) === 0) return at;
  const first = bytes[letter]! | 0x20;
  const endOf = (to: number): number => (characterAt(bytes, to, end) & telarLetters ? at : to);
  if (bytes[letter]! >= 0x80) return at;
  if (first === 0x73 || first === 0x64 || first === 0x6d || first === 0x74) return endOf(letter + 1);
  const rest = first === 0x6c ? 0x6c : first === 0x76 || first === 0x72 ? 0x65 : 0;
  const sameCase = rest - (first - bytes[letter]!);
  return rest !== 0 && characterAt(bytes, letter + 1, end) !== 0 && bytes[letter + 1] === sameCase
    ? endOf(letter + 2)
    : at;
}

const scanTelar: Scanner = (bytes, at, end) => {
  const first = characterAt(bytes, at, end);
  if (first & Class.other) {
    const contraction = telarContractionEnd(bytes, at, end);
    if (contraction > at) return contraction;
  }
  let start = at;
  let character = first;
  if (bytes[at] === space) {
    start++;
    character = characterAt(bytes, start, end);
  }
  if (character & telarLetters) return runEnd(bytes, start, end, telarLetters);
  if (character & Class.number) return numbersEnd(bytes, start, end, 2);
  if (character & Class.other) return runEnd(bytes, runEnd(bytes, start, end, Class.other), end, Class.newline);
  return whiteSpaceEnd(bytes, at, end, true);
};

const scanners: ReadonlyMap<string, Scanner> = new Map([
  [gpt2Pattern, scanGpt2],
  [patternPresets.gpt4, cl100kScanner(3)],
  // Qwen 2 and 2.5: digits one by one.
  [patternPresets.gpt4.replace('{1,3}', ''), cl100kScanner(1)],
  [patternPresets.o200k, scanO200k],
  [patternPresets.telar, scanTelar],
]);

/** The scanner that cuts as a pattern does, or null where none is written for it. */
export function scannerOf(pattern: string): Scanner | null {
  return scanners.get(pattern) ?? null;
}

/** The scanner of a preset. */
export function presetScanner(preset: PatternPreset): Scanner {
  return scanners.get(patternPresets[preset]) ?? scanWhole;
}
