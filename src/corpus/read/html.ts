/** HTML pages: a file is one document, its main content. */
import { isUtf8 } from 'node:buffer';
import type { SourceDocument } from '../document.js';
import { type Decoded, decode, detectEncoding, label } from './encoding.js';
import { extractContent } from './html-content.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { documentOf, metaValue } from './record.js';
import type { SourceBytes } from './source-bytes.js';
import { readWhole } from './whole.js';

/** Largest page in bytes. */
export const MAX_HTML = 1 << 25;

/** Bytes in which a page says what encoding it has (the HTML standard asks for the first 1024; many pages need more). */
const PRESCAN = 1 << 12;

export async function* readHtml(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const bytes = await readWhole(file, unit, MAX_HTML, report);
  if (!bytes) return;
  const document = documentOfPage(bytes, unit.options.encoding ?? null, nameOf(unit), {}, report);
  if (document) yield document;
}

/**
 * The document of a page's bytes.
 * @param charset the encoding that was told from outside, by options or by a header of HTTP
 */
export function documentOfPage(
  bytes: Uint8Array,
  charset: string | null,
  source: string,
  meta: Record<string, string>,
  report: Report,
): SourceDocument | null {
  const decoded = decodePage(bytes, charset);
  const content = 'reason' in decoded ? decoded : extractContent(decoded.text);
  if ('reason' in content) {
    report(source, `skipped, ${content.reason}`);
    return null;
  }
  const title = metaValue(content.title);
  const lang = metaValue(content.language);
  return documentOf(
    content.text,
    source,
    { ...meta, ...(title === null ? {} : { title }), ...(lang === null ? {} : { lang }) },
    report,
  );
}

/**
 * Text of bytes that may say themselves what encoding they have. A byte-order mark goes before everything, then UTF-8
 * with characters of several bytes that is valid (which no other encoding is by chance), then what was told, then what a
 * `meta` element tells, then the detector.
 */
export function decodePage(bytes: Uint8Array, charset: string | null): Decoded {
  const marked = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const told = known(charset) ?? known(declaredIn(bytes));
  const isUtf8Text = isUtf8(bytes) && bytes.some((byte) => byte >= 0x80);
  if (!marked && (isUtf8Text || told !== null)) return decode(bytes, isUtf8Text ? 'utf-8' : told!);
  const found = detectEncoding(bytes);
  return 'reason' in found ? found : decode(bytes, found.encoding);
}

/** A label that can be decoded with. */
function known(charset: string | null): string | null {
  try {
    return charset === null ? null : label(new TextDecoder(charset.trim()).encoding);
  } catch {
    return null;
  }
}

/** The encoding that a page's own head tells. UTF-16 cannot be told in ASCII, and means UTF-8 (as the standard says). */
function declaredIn(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PRESCAN)).toString('latin1');
  const match =
    /<meta\b[^>]{0,512}?\bcharset\s*=\s*["']?\s*([\w.:-]{2,40})/i.exec(head) ??
    /^\s*<\?xml\b[^>]{0,256}?\bencoding\s*=\s*["']([\w.:-]{2,40})/i.exec(head);
  const name = match?.[1] ?? null;
  return name !== null && /^utf-?16/i.test(name) ? 'utf-8' : name;
}
