/** Web archives: pages and texts of the responses and conversions in a WARC file, as Common Crawl has them. */
import type { SourceDocument } from '../document.js';
import { decodePage, documentOfPage, MAX_HTML } from './html.js';
import { mediaType, parseResponse } from './http-response.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { piecesOf } from './pieces.js';
import { documentOf, metaValue } from './record.js';
import type { SourceBytes } from './source-bytes.js';
import { type WarcRecord, WarcRecords } from './warc-records.js';

const HTML = new Set(['text/html', 'application/xhtml+xml']);

/**
 * Documents of a WARC file, named by where their records begin: `path@offset` in the file, and in compressed files the
 * offset of the gzip member or zstd frame, with `+n` for a record that begins n decompressed bytes within it.
 */
export async function* readWarc(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const name = nameOf(unit);
  const records = new WarcRecords(piecesOf(file, unit.compression), (place, reason) =>
    report(`${name}${place}`, `skipped, ${reason}`),
  );
  for await (const record of records.records()) {
    const document = documentOfRecord(record, `${name}${record.place}`, unit.options.encoding ?? null, report);
    if (document) yield document;
  }
}

/** Null for a record that holds no text: requests, metadata, images, pages that were not found. */
function documentOfRecord(
  record: WarcRecord,
  source: string,
  encoding: string | null,
  report: Report,
): SourceDocument | null {
  const kind = record.fields.get('warc-type')?.toLowerCase();
  if (kind !== 'response' && kind !== 'conversion' && kind !== 'resource') return null;
  const meta: Record<string, string> = {};
  const url = metaValue(record.fields.get('warc-target-uri')?.replace(/^<(.*)>$/, '$1'));
  const date = metaValue(record.fields.get('warc-date'));
  const language = metaValue(record.fields.get('warc-identified-content-language'));
  if (url !== null) meta.url = url;
  if (date !== null) meta.date = date;
  if (language !== null) meta.language = language;
  const outer = mediaType(record.fields.get('content-type') ?? '');
  let content = { ...outer, body: record.block };
  if (kind === 'response') {
    if (outer.type !== 'application/http') return null;
    const response = parseResponse(record.block);
    if ('reason' in response) {
      report(source, `skipped, ${response.reason}`);
      return null;
    }
    if (response.status < 200 || response.status > 299) return null;
    content = response;
  }
  const { body, type, charset } = content;
  if (!HTML.has(type) && type !== 'text/plain') return null;
  if (body.length > MAX_HTML) {
    report(source, `skipped, its content has more than ${MAX_HTML >> 20} MiB`);
    return null;
  }
  if (body.length === 0) return null;
  if (HTML.has(type)) return documentOfPage(body, encoding ?? charset, source, meta, report);
  const decoded = decodePage(body, encoding ?? charset);
  if ('text' in decoded) return documentOf(decoded.text, source, meta, report);
  report(source, `skipped, ${decoded.reason}`);
  return null;
}
