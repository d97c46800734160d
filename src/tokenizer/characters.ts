/**
 * Characters read from UTF-8 with their class, as far as pre-tokenisation patterns tell characters apart.
 *
 * What is no UTF-8 reads as a wall, just as the end of the text does: no piece crosses it, and none looks behind it.
 */

/** Classes as bits, so that a set of classes is a mask. Every character has exactly one. */
export const Class = {
  /** Punctuation, symbols, controls, unassigned. */
  other: 1,
  /** \p{Lu}, \p{Lt} */
  upper: 2,
  /** \p{Ll} */
  lower: 4,
  /** \p{Lm}, \p{Lo} */
  caseless: 8,
  /** \p{M} */
  mark: 16,
  /** \p{N} */
  number: 32,
  /** White space that is no newline. */
  space: 64,
  /** \r and \n, the line ends that patterns name. */
  newline: 128,
} as const;

/** Bits of a {@link characterAt} result that hold the class; the others hold the length in bytes. */
export const lengthShift = 8;

const patterns: readonly (readonly [number, RegExp])[] = [
  [Class.upper, /[\p{Lu}\p{Lt}]/u],
  [Class.lower, /\p{Ll}/u],
  [Class.caseless, /[\p{Lm}\p{Lo}]/u],
  [Class.mark, /\p{M}/u],
  [Class.number, /\p{N}/u],
  [Class.newline, /[\r\n]/u],
  [Class.space, /\p{White_Space}/u],
];

function classOf(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  return patterns.find(([, pattern]) => pattern.test(character))?.[0] ?? Class.other;
}

/** `1 << lengthShift | class` of the characters of one byte. */
const ascii = Uint16Array.from({ length: 128 }, (_, code) => (1 << lengthShift) | classOf(code));

/** Classes of the code points, in pages of 256 that are made when a text first needs them. */
const pages: (Uint8Array | undefined)[] = Array.from({ length: 0x1100 }, () => undefined);

function makePage(page: number): Uint8Array {
  const classes = Uint8Array.from({ length: 256 }, (_, i) => classOf((page << 8) | i));
  pages[page] = classes;
  return classes;
}

let endSeen = false;

/** Whether {@link characterAt} met the end, or a character cut off there, since it was last asked: more text could then change what was read. */
export function sawEnd(): boolean {
  const seen = endSeen;
  endSeen = false;
  return seen;
}

/** Length in bytes `<< lengthShift |` class of the character at `at`; 0 at `end`, and where the bytes are no UTF-8. */
export function characterAt(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) {
    endSeen = true;
    return 0;
  }
  const first = bytes[at]!;
  return first < 0x80 ? ascii[first]! : wideCharacterAt(bytes, at, end);
}

function wideCharacterAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  const length = sequenceLength(bytes, at, end);
  let code: number;
  switch (length) {
    case 0:
      return 0;
    case 2:
      code = ((first & 0x1f) << 6) | (bytes[at + 1]! & 0x3f);
      break;
    case 3:
      code = ((first & 0xf) << 12) | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f);
      break;
    default:
      code =
        ((first & 0x7) << 18) |
        ((bytes[at + 1]! & 0x3f) << 12) |
        ((bytes[at + 2]! & 0x3f) << 6) |
        (bytes[at + 3]! & 0x3f);
  }
  const page = pages[code >> 8] ?? makePage(code >> 8);
  return (length << lengthShift) | page[code & 255]!;
}

/** Length of the valid UTF-8 sequence at `at` and before `end`, or 0. Source: The Unicode Standard, table 3-7. */
export function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) {
      endSeen = true;
      return 0;
    }
    const byte = bytes[at + i]!;
    if (i === 1 ? byte < low || byte > high : (byte & 0xc0) !== 0x80) return 0;
  }
  return length;
}
