/** One pass over a text for the places where personal data may stand, so that prose costs little more than reading it. */

const TOKEN = 1;
const DIGIT = 2;
const LETTER = 4;

/** Of ASCII: characters of unbroken tokens, digits, letters. */
const classes = new Uint8Array(128);
for (let unit = 33; unit < 127; unit++) {
  const char = String.fromCharCode(unit);
  classes[unit] =
    ('"\'`,;()[]{}<>|\\'.includes(char) ? 0 : TOKEN) |
    (/\d/.test(char) ? DIGIT : 0) |
    (/[a-z]/i.test(char) ? LETTER : 0);
}

/** Shortest token that may be a key. */
const MIN_TOKEN = 12;
/** Shortest token without a digit that may be a key. */
const MIN_LETTERS = 20;

export interface Candidates {
  /** Offsets of @. */
  ats: number[];
  /** Offsets of the first digit of each group of digits. */
  digits: number[];
  /** Offsets of the colons between hexadecimal digits or colons. */
  colons: number[];
  /** Offsets of the beginnings of long tokens. */
  tokens: number[];
}

export function scan(text: string): Candidates {
  const found: Candidates = { ats: [], digits: [], colons: [], tokens: [] };
  let run = 0;
  let kinds = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const kind = unit < 128 ? classes[unit]! : 0;
    if (kind === 0) {
      if (run >= MIN_TOKEN && ((kinds & DIGIT) !== 0 || run >= MIN_LETTERS)) found.tokens.push(at - run);
      run = kinds = 0;
      continue;
    }
    run++;
    if ((kind & DIGIT) !== 0 && (run === 1 || !isDigitAt(text, at - 1))) found.digits.push(at);
    kinds |= kind;
    if (unit === 64) found.ats.push(at);
    else if (unit === 58 && isHexOrColonAt(text, at + 1)) found.colons.push(at);
  }
  if (run >= MIN_TOKEN && ((kinds & DIGIT) !== 0 || run >= MIN_LETTERS)) found.tokens.push(text.length - run);
  return found;
}

function isDigitAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 48 && unit <= 57;
}

function isHexOrColonAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (unit >= 48 && unit <= 58) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102);
}
