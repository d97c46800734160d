/**
 * International bank account numbers (ISO 13616): country, its length and format, check digits modulo 97. Check digits that
 * some countries have inside besides are not looked at: a made-up number is to be masked like a real one.
 */
import { countrySpecs } from 'ibantools';
import { isWordUnit } from './span.js';

const formats = new Map(
  Object.entries(countrySpecs).flatMap(([country, { chars, bban_regexp: format }]) =>
    chars && format ? [[country, { chars, format: new RegExp(format) }] as const] : [],
  ),
);

/** The end of the IBAN that begins at `start`, in one piece or in groups, or -1. */
export function ibanEnd(text: string, start: number): number {
  const country = formats.get(text.slice(start, start + 2).toUpperCase());
  if (!country || (start > 0 && isWordUnit(text.charCodeAt(start - 1)))) return -1;
  let compact = '';
  let at = start;
  for (; at < text.length && compact.length < country.chars; at++) {
    const char = text[at]!;
    if (/[A-Za-z0-9]/.test(char)) compact += char;
    else if (!/[ \u00a0-]/.test(char) || !/[A-Za-z0-9]/.test(text[at + 1] ?? '')) return -1;
  }
  if (compact.length < country.chars || (at < text.length && isWordUnit(text.charCodeAt(at)))) return -1;
  const number = compact.toUpperCase();
  return country.format.test(number.slice(4)) && remainder(number) === 1 ? at : -1;
}

/** Of the number modulo 97, its first four characters moved to the end, A read as 10 to Z as 35. */
function remainder(number: string): number {
  let rest = 0;
  for (const char of number.slice(4) + number.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
