/** Texts and what comes with them, made into documents: the checks that every format ends with. */
import type { SourceDocument } from '../document.js';
import type { Report } from './options.js';

/** Fields of a record that are kept beside its text. */
const META_FIELDS = [
  'id',
  'url',
  'title',
  'language',
  'lang',
  'date',
  'timestamp',
  'author',
  'license',
  'source',
  'label',
];

/** Longest value, in UTF-16 units, that is kept beside a text. */
const MAX_META = 512;

/** Share of control characters from which a text counts as binary. */
const CONTROL_SHARE = 0.1;

/** Default name of the field or column that holds the text. */
export const TEXT_FIELD = 'text';

/** A value as metadata: strings, numbers and truth values that are short; null for anything else. */
export function metaValue(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'bigint')
    return null;
  const text = String(value).trim().toWellFormed();
  return text.length > 0 && text.length <= MAX_META ? text : null;
}

/** Whether a field of this name is kept beside the text. */
export const isMetaField = (name: string): boolean => META_FIELDS.includes(name);

/** What is kept of a record beside its text. */
export function metaOf(record: Readonly<Record<string, unknown>>, field: string): Record<string, string> {
  const meta: Record<string, string> = {};
  for (const name of META_FIELDS) {
    if (name === field || !Object.hasOwn(record, name)) continue;
    const value = metaValue(record[name]);
    if (value !== null) meta[name] = value;
  }
  return meta;
}

/**
 * The document of a text: without byte-order mark, CRLF as LF. Null, and reported, when it is blank, binary, or not
 * well-formed Unicode.
 */
export function documentOf(
  text: string,
  source: string,
  meta: Readonly<Record<string, string>>,
  report: Report,
): SourceDocument | null {
  const reason = textReason(text);
  if (reason !== null) {
    report(source, reason);
    return null;
  }
  const start = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return { text: start.includes('\r') ? start.replaceAll('\r\n', '\n') : start, source, meta };
}

/** Why this is no text to learn from, or null where it is one. */
function textReason(text: string): string | null {
  if (!/[^\s\ufeff]/.test(text)) return 'skipped, its text is blank';
  const nul = text.indexOf('\0');
  if (nul >= 0) return `skipped, it is binary, not text (a NUL character at ${nul})`;
  if (!text.isWellFormed()) return 'skipped, its text is not well-formed Unicode (half of a surrogate pair)';
  const controls = countControls(text);
  if (controls <= CONTROL_SHARE * text.length) return null;
  return `skipped, it is binary, not text (${Math.round((100 * controls) / text.length)}% control characters)`;
}

/** Control characters other than white space, backspace and escape. */
export function countControls(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 31 && code !== 127) continue;
    if ((code < 8 || code > 13) && code !== 27) count++;
  }
  return count;
}
