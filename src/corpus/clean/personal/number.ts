/** Numbers in a text that are personal: cards, bank accounts, addresses of IPv4, social security numbers, phones. */
import { isCard } from './card.js';
import { ibanEnd } from './iban.js';
import { isPersonalIPv4 } from './ip.js';
import { countryInFront, isPhone } from './phone.js';
import { isDigit, isWordUnit, type PersonalKind, type Span } from './span.js';

/** Longest number that is looked at, in characters and groups of digits. */
const MAX_LENGTH = 48;
const MAX_GROUPS = 12;
/** Characters in front of a number that may say what it is. */
const BEFORE = 32;

const socialSecurity = /^(?!000|666|9)\d{3}([ -]?)(?!00)\d{2}\1(?!0000)\d{4}$/;
const socialSecurityCue = /(?:\bssn|social security)(?: (?:number|no|#))?\.?\s{0,2}(?:is|[:=#])?\s{0,2}$/i;

/** `digits` are the offsets where groups of digits begin. */
export function findNumbers(text: string, digits: readonly number[]): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const at of digits) {
    if (at < done) continue;
    const letters = at >= 2 && isLetter(text.charCodeAt(at - 1)) && isLetter(text.charCodeAt(at - 2));
    const iban = letters ? ibanEnd(text, at - 2) : -1;
    const span: Span | null = iban >= 0 ? { kind: 'iban', start: at - 2, end: iban } : numberAt(text, at, done);
    if (span === null) continue;
    found.push(span);
    done = span.end;
  }
  return found;
}

/** The longest number that begins with the group of digits at `at` and is personal; what is in front of `done` is masked. */
function numberAt(text: string, at: number, done: number): Span | null {
  let start = at;
  if (text[start - 1] === '(') start--;
  if (text[start - 1] === '+') start--;
  const front = start > 0 ? text.charCodeAt(start - 1) : 32;
  if (isWordUnit(front) || '$€£¥'.includes(text[start - 1] ?? ' ')) return null;
  if ('.,'.includes(text[start - 1] ?? ' ') && start > 1 && isDigit(text.charCodeAt(start - 2))) return null;

  const { ends, total, dots } = groupsFrom(text, at);
  if (total < 7 && dots < 3) return null;
  const before = text.slice(Math.max(done, start - BEFORE), start);
  for (let i = ends.length - 1; i >= 0; i--) {
    const end = ends[i]!;
    if (!endsAt(text, end)) continue;
    const written = text.slice(start, end);
    const country = before.endsWith(']') || before.endsWith('] ') ? countryInFront(written, before) : 0;
    if (country > 0) return { kind: 'phone', start: start - country, end };
    const kind = kindOf(written, before);
    if (kind !== null) return { kind, start, end };
    // The bracket in front may belong to the text around: "(555-123-4567)".
    if (start === at) continue;
    const inner = text.slice(at, end);
    const innerKind = written.startsWith('(') && !written.includes(')') ? kindOf(inner, before) : null;
    if (innerKind !== null) return { kind: innerKind, start: at, end };
  }
  return null;
}

/** Ends of the groups of digits that follow one another with at most three separators between, how many digits and dots in all. */
function groupsFrom(text: string, at: number): { ends: number[]; total: number; dots: number } {
  const ends: number[] = [];
  let [total, dots, separators] = [0, 0, 0];
  const limit = Math.min(text.length, at + MAX_LENGTH);
  let i = at;
  for (; i < limit; i++) {
    const unit = text.charCodeAt(i);
    if (isDigit(unit)) {
      total++;
      separators = 0;
      if (isDigit(text.charCodeAt(i + 1))) continue;
      ends.push(i + 1);
      if (ends.length === MAX_GROUPS) break;
    } else if (isSeparator(unit) && ++separators <= 3) {
      if (unit === 46) dots++;
    } else break;
  }
  return { ends, total, dots };
}

/** Space, no-break spaces, hyphens, dot, brackets, slash. */
function isSeparator(unit: number): boolean {
  return (
    unit === 32 ||
    unit === 0xa0 ||
    unit === 0x202f ||
    unit === 45 ||
    unit === 0x2011 ||
    unit === 46 ||
    unit === 40 ||
    unit === 41 ||
    unit === 47
  );
}

function endsAt(text: string, end: number): boolean {
  if (end >= text.length) return true;
  const next = text.charCodeAt(end);
  if (isWordUnit(next) || next === 37) return false;
  return !((next === 46 || next === 44) && isDigit(text.charCodeAt(end + 1)));
}

function kindOf(written: string, before: string): PersonalKind | null {
  if (isCard(written)) return 'card';
  if (/^[\d.]{8,15}$/.test(written) && isPersonalIPv4(written, before)) return 'ip';
  const ssn = socialSecurity.exec(written);
  if (ssn && (ssn[1] === '-' || socialSecurityCue.test(before))) return 'ssn';
  return isPhone(written, before) ? 'phone' : null;
}

function isLetter(unit: number): boolean {
  return (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
}
