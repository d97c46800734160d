/**
 * Phone numbers. Numbers of other kinds look much like them, so the way a number is written must speak for it:
 * a + (or 00) and a country; three, three and four digits with brackets, hyphens or dots, as in North America; a leading 0 and
 * groups, valid in one of the countries; or a word such as "tel" in front. Lengths and prefixes are libphonenumber's.
 */
import { Metadata, parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min';

/** Countries whose national numbers are looked for: those that dial a 0 inside the country. */
const countries: readonly CountryCode[] = [
  ...([
    'GB',
    'FR',
    'DE',
    'IT',
    'NL',
    'BE',
    'CH',
    'AT',
    'AU',
    'IN',
    'JP',
    'KR',
    'SE',
    'IE',
    'ZA',
    'BR',
    'TR',
    'NZ',
  ] as const),
];

/** What their numbers are behind the 0, from libphonenumber's metadata: one pattern, for tables of numbers are many numbers. */
const national = new RegExp(`^(?:${countries.map(pattern).join('|')})$`);

function pattern(country: CountryCode): string {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  // The method is there but not declared.
  return (metadata.numberingPlan as unknown as { nationalNumberPattern(): string }).nationalNumberPattern();
}

/** 0 and an area, then one to four groups; pairs throughout; a mobile number in one piece. */
const nationalShape =
  /^(?:\(?0[1-9]\d{0,4}\)?[ ./-]{1,3}\d{2,8}(?:[ .-]\d{2,5}){0,3}|0[1-9](?:[ .-]\d\d){4}|0[1-9]\d{8,9})$/;

const northAmerica = /^(?:1[ .-]?)?(?:\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|\d{3}[ .-]\d{3}-\d{4})$/;
const cue =
  /(?:\b(?:tel|phone|telephone|telefon|téléphone|teléfono|telefono|call|fax|mobile|mobil|cell|whatsapp|sms|text|dial|hotline|contact)|[☎✆])(?:\s?(?:number|no|nr|#|us|me|at|on|is))*\.?\s{0,2}[:=]?\s{0,2}[([]?$/i;
/** Dates and spans of years: no phone number is written like this. */
const date =
  /^(?:\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}|(?:1[5-9]|20)\d\d[ -](?:1[5-9]|20)\d\d)(?!\d)/;
/** An American ZIP code with its four more digits, and what stands in front of numbers of letter boxes. */
const postal = /^\d{5}-\d{4}$/;
const postalCue = /\b(?:postal|box|zip|apartado|casilla)\s$/i;

/** A country in square brackets, as in the World Factbook: "[213] (0) 770-08-2000". */
const bracketed = /\[\+?([1-9]\d{0,2})\] ?$/;

/** How many characters in front of a number name its country in square brackets, 0 where it is none or the number is not one of it. */
export function countryInFront(written: string, before: string): number {
  const country = bracketed.exec(before);
  if (!country || date.test(written)) return 0;
  return isValid(`+${country[1]} ${written.replace(/^\(0\)/, '')}`) ? country[0].length : 0;
}

/**
 * Whether a number is a phone number. `written` begins with a digit, + or bracket and holds 7 to 15 digits; `before` is the text
 * in front, some characters of it.
 */
export function isPhone(written: string, before: string): boolean {
  const digits = written.replace(/\D/g, '');
  if (digits.length < 7 || digits.length > 15 || /^(\d)\1*$/.test(digits)) return false;
  if (written.startsWith('+')) return isPossible(written);
  if (date.test(written) || postal.test(written) || postalCue.test(before)) return false;
  if (northAmerica.test(written)) return true;
  const called = cue.test(before);
  if (called && /^[(\d]/.test(written)) return true;
  if (/^00[1-9]/.test(digits) && digits.length >= 10) return isValid(`+${digits.slice(2)}`);
  if (nationalShape.test(written) && digits.length >= 9 && digits.length <= 12 && !/\d[ -]$/.test(before))
    return national.test(digits.slice(1));
  return /^[2-9]\d{2} \d{3} \d{4}$/.test(written) && isValid(`+1 ${written}`);
}

/** A + is a strong sign: the length is enough, for a made-up number is to be masked like a real one. */
function isPossible(written: string): boolean {
  return parsePhoneNumberFromString(written)?.isPossible() ?? false;
}

function isValid(international: string): boolean {
  return parsePhoneNumberFromString(international)?.isValid() ?? false;
}
