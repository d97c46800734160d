/** Plain text and Markdown: a file is one document. */
import { parse } from 'yaml';
import type { SourceDocument } from '../document.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { documentOf, metaValue } from './record.js';
import type { SourceBytes } from './source-bytes.js';
import { decodeWhole, MAX_TEXT, readWhole } from './whole.js';

/** Front matter is looked for in so many characters. */
const MAX_FRONT_MATTER = 1 << 16;

/** Entries of front matter that are kept. */
const MAX_ENTRIES = 16;

export async function* readText(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const bytes = await readWhole(file, unit, MAX_TEXT, report);
  const decoded = bytes && decodeWhole(bytes, unit, report);
  if (!decoded) return;
  const { text, meta } =
    unit.format === 'markdown' ? splitFrontMatter(decoded.text) : { text: decoded.text, meta: undefined };
  const document = documentOf(text, nameOf(unit), { ...meta, ...decoded.meta }, report);
  if (document) yield document;
}

/**
 * Takes YAML front matter off a Markdown text: a block between two lines of `---` at the very start that begins
 * with an entry at once and holds a mapping.
 * Its short entries are returned, lists joined by commas. Anything else stays in the text.
 */
export function splitFrontMatter(text: string): { text: string; meta: Record<string, string> } {
  const head = text.slice(0, MAX_FRONT_MATTER);
  const match = /^\ufeff?---[ \t]*\r?\n((?:[#\w"'][^\n]*\n[\s\S]*?)?)(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/.exec(head);
  if (!match) return { text, meta: {} };
  let values: unknown;
  try {
    values = parse(match[1]!, { logLevel: 'silent', maxAliasCount: 0 });
  } catch {
    return { text, meta: {} };
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return { text, meta: {} };
  const meta: Record<string, string> = {};
  for (const [key, value] of Object.entries(values).slice(0, MAX_ENTRIES)) {
    const kept = metaValue(Array.isArray(value) ? value.map((item) => metaValue(item) ?? '').join(', ') : value);
    if (kept !== null && key.length <= 64) meta[key] = kept;
  }
  return { text: text.slice(match[0].length).replace(/^(?:[ \t]*\r?\n)+/, ''), meta };
}
