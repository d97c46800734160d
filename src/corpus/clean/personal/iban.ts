/** International bank account numbers (ISO 13616): country, its length and format, check digits modulo 97. */
import { countrySpecs, isValidIBAN } from 'ibantools';
import { isWordUnit } from './span.js';

const lengths = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars }]) => (chars === null ? [] : [[country, chars] as const])),
);

/** The end of the IBAN that begins at `start`, in one piece or in groups, or -1. */
export function ibanEnd(text: string, start: number): number {
  const length = lengths.get(text.slice(start, start + 2).toUpperCase());
  if (length === undefined || (start > 0 && isWordUnit(text.charCodeAt(start - 1)))) return -1;
  let compact = '';
  let at = start;
  for (; at < text.length && compact.length < length; at++) {
    const char = text[at]!;
    if (/[A-Za-z0-9]/.test(char)) compact += char;
    else if (!/[ \u00a0-]/.test(char) || !/[A-Za-z0-9]/.test(text[at + 1] ?? '')) return -1;
  }
  if (compact.length < length || (at < text.length && isWordUnit(text.charCodeAt(at)))) return -1;
  return isValidIBAN(compact.toUpperCase()) ? at : -1;
}
