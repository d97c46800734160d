/**
 * Repair of mojibake: UTF-8 that was decoded as windows-1252 or Latin-1, once or several times ("cafÃ©" for "café").
 *
 * In such text every character above U+007F was one byte of a UTF-8 sequence. A place where the bytes form a valid sequence
 * is a candidate; it is *bad* where no writer would have put these characters side by side (a capital Ã before ©, a letter
 * before a control character). The number of bad places is the badness of a text; only repairs that lower it are made:
 * a text whose characters above U+007F all fit is decoded as a whole if it has a bad place; else each line that fits; in other
 * lines the bad places alone.
 * Controls that remain are quotes and dashes of windows-1252 that was read as Latin-1, and become these.
 * The idea is that of ftfy (Speer 2019); the rules are our own, and err on the side of leaving text alone.
 */

/** Bytes 0x80 to 0x9F of windows-1252; the five that it leaves undefined are themselves. */
const windows1252 =
  '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f' + // 0x80
  '\u0090‘’“”•–—˜™š›œ\u009džŸ'; // 0x90

const extraBytes = new Map([...windows1252].map((char, i) => [char.charCodeAt(0), 0x80 + i]));

/** Controls that stand for a character of windows-1252. */
const controls = /[\u0080\u0082-\u008c\u008e\u0091-\u009c\u009e\u009f]/g;

/** Something that begins like a mis-decoded sequence: the text may hold mojibake only where this occurs. */
const anySequence = new RegExp(`[\\u00c2-\\u00f4][\\u0080-\\u00bf${windows1252}]`);

/** What may well follow an accented letter ("CITÉ»", "MENÜ“", "CAFÉ™", "Úžasný", "café…»"), so that it proves nothing. */
const afterLetters = new Set([...'«»‹›‘’“”‚„…–—•†‡™©®°·§¶´¹²³ªº\u00a0\u00adŠŒŽšœžŸ'].map((char) => char.charCodeAt(0)));

/** Marks that, between a capital and a lower-case letter, stand in no text ("Å›wiat" for "świat"). */
const notInsideWords = new Set([...'‚„†‡‹›“”™°·»«¶§•'].map((char) => char.charCodeAt(0)));

const nothing = /[\p{Cn}\p{Co}]/u;

/** Rounds of decoding: text that was mis-decoded more often is not to be had. */
const MAX_ROUNDS = 4;

/** The text with mojibake repaired, and how many sequences that took. Correct text comes back as it is. */
export function repairMojibake(text: string): { text: string; repaired: number } {
  let repaired = 0;
  for (let round = 0; round < MAX_ROUNDS && anySequence.test(text); round++) {
    const fixed = repairPiece(text, true) ?? repairLines(text);
    if (fixed === null) break;
    text = fixed.text;
    repaired += fixed.repaired;
  }
  // What is left of windows-1252 that was read as Latin-1: quotes and dashes that became controls.
  text = text.replace(controls, (control) => {
    repaired++;
    return windows1252[control.charCodeAt(0) - 0x80]!;
  });
  return { text, repaired };
}

interface Repair {
  text: string;
  repaired: number;
}

function repairLines(text: string): Repair | null {
  let repaired = 0;
  const lines = text.split('\n').map((line) => {
    const fixed = anySequence.test(line) ? (repairPiece(line, true) ?? repairPiece(line, false)) : null;
    repaired += fixed?.repaired ?? 0;
    return fixed?.text ?? line;
  });
  return repaired > 0 ? { text: lines.join('\n'), repaired } : null;
}

/** Places in a text that only mojibake explains. */
export function badness(text: string): number {
  const sequences = anySequence.test(text) ? scan(text).filter((sequence) => sequence.bad).length : 0;
  return sequences + (text.match(controls)?.length ?? 0);
}

interface Sequence {
  at: number;
  length: number;
  codePoint: number;
  /** Whether correct text does not look like this. */
  bad: boolean;
}

/**
 * Decodes all sequences of a piece of text that has a bad place: if `whole`, only where every character above U+007F is part
 * of one, else the bad places alone. Null where that does not lower the badness.
 */
function repairPiece(piece: string, whole: boolean): Repair | null {
  const all = scan(piece);
  const bad = all.filter((sequence) => sequence.bad);
  if (bad.length === 0) return null;
  if (whole && all.reduce((sum, { length }) => sum + length, 0) < charactersAbove(piece)) return null;
  const chosen = whole ? all : bad;
  let text = '';
  let end = 0;
  for (const { at, length, codePoint } of chosen) {
    text += piece.slice(end, at) + String.fromCodePoint(codePoint);
    end = at + length;
  }
  text += piece.slice(end);
  return badness(text) < badness(piece) ? { text, repaired: chosen.length } : null;
}

/** Characters above U+007F. */
function charactersAbove(line: string): number {
  let n = 0;
  for (let i = 0; i < line.length; i++) if (line.charCodeAt(i) > 0x7f) n++;
  return n;
}

/** All valid sequences in a line, from the left. */
function scan(line: string): Sequence[] {
  const found: Sequence[] = [];
  for (let at = 0; at < line.length; at++) {
    const lead = line.charCodeAt(at);
    if (lead < 0xc2 || lead > 0xf4) continue;
    const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const codePoint = decode(line, at, lead, length);
    if (codePoint === null) continue;
    found.push({ at, length, codePoint, bad: isBad(line, at, lead, length) });
    at += length - 1;
  }
  return found;
}

/** The code point that the characters at `at` stand for as bytes of UTF-8, or null (Unicode 16, table 3-7). */
function decode(line: string, at: number, lead: number, length: number): number | null {
  let codePoint = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const unit = line.charCodeAt(at + i); // NaN behind the end
    const byte = unit >= 0x80 && unit <= 0xbf ? unit : extraBytes.get(unit);
    if (byte === undefined) return null;
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x10000;
  if (codePoint < least || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint < 0xe000)) return null;
  return nothing.test(String.fromCodePoint(codePoint)) ? null : codePoint;
}

function isBad(line: string, at: number, lead: number, length: number): boolean {
  const before = at > 0 ? line.charCodeAt(at - 1) : 0x20;
  const rest = Array.from({ length: length - 1 }, (_, i) => line.charCodeAt(at + 1 + i));
  if (length > 2) return rest.some((unit) => !afterLetters.has(unit));
  const mark = rest[0]!;
  if (!afterLetters.has(mark)) return true;
  // ß and ÷ are no capitals: "Fuß“" is as good as "café“".
  if (lead === 0xdf || lead === 0xd7) return false;
  // A capital behind a lower-case letter, and one of the two that stand for most of Western Europe at the beginning of a word.
  if (isLower(before)) return true;
  if ((lead === 0xc2 || lead === 0xc3) && !isUpper(before)) return true;
  const after = at + length < line.length ? line.charCodeAt(at + length) : 0x20;
  return notInsideWords.has(mark) && isLower(after);
}

function isLower(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0xdf && unit <= 0xff && unit !== 0xf7);
}

function isUpper(unit: number): boolean {
  return (unit >= 0x41 && unit <= 0x5a) || (unit >= 0xc0 && unit <= 0xde && unit !== 0xd7);
}
