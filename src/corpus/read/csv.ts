/** CSV and its relatives: a document a row, from the column that the header names. */
import type { SourceDocument } from '../document.js';
import { withoutBom } from '../text-checks.js';
import { contentOf } from './content.js';
import { CsvRows, type Row } from './csv-rows.js';
import { decode } from './encoding.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { piecesOf } from './pieces.js';
import { documentOf, isMetaField, metaOf, TEXT_FIELD } from './record.js';
import type { SourceBytes } from './source-bytes.js';

/** Bytes in which the header must end. */
const MAX_HEADER = 1 << 16;

const DELIMITERS = [',', ';', '\t', '|'];

/** What separates the columns: that with which the header has the column `field`, or else the most columns. */
export function delimiterOf(header: string, field: string): string {
  const columns = (delimiter: string) => header.split(delimiter).map((name) => unquoted(name.trim()));
  return (
    DELIMITERS.find((delimiter) => columns(delimiter).length > 1 && columns(delimiter).includes(field)) ??
    DELIMITERS.reduce((best, delimiter) => (columns(delimiter).length > columns(best).length ? delimiter : best))
  );
}

/** Documents of a CSV file; each is named by the line that its row begins on (`path:line`, the header being line 1). */
export async function* readCsv(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const name = nameOf(unit);
  const content = await contentOf(piecesOf(file, unit.compression), unit.options.encoding);
  if ('reason' in content) return report(name, `skipped, ${content.reason}`);
  const table = new Table(unit, content.encoding, content.original, report);
  let head: Uint8Array = new Uint8Array(0);
  let rows: CsvRows | null = null;
  for await (const piece of content.pieces) {
    if (piece.kind === 'damage') {
      const line = rows?.position ?? 1;
      return report(`${name}@${piece.offset}`, `skipped from line ${line} on, ${piece.reason}`);
    }
    if (piece.kind !== 'bytes') continue;
    let { bytes } = piece;
    if (rows === null) {
      head = bytes = head.length === 0 ? withoutBom(bytes) : Buffer.concat([head, bytes]);
      if (head.length < MAX_HEADER && !head.includes(10)) continue;
      rows = rowsOf(head, table.field);
    }
    yield* table.documents(rows.push(bytes));
    if (table.hopeless) return;
  }
  if (rows === null && head.length > 0) {
    rows = rowsOf(head, table.field);
    yield* table.documents(rows.push(head));
  }
  if (rows === null) report(name, 'skipped, the file is empty');
  else yield* table.documents(rows.end());
}

function rowsOf(head: Uint8Array, field: string): CsvRows {
  const lineEnd = head.includes(10) || !head.includes(13) ? 10 : 13;
  const end = head.indexOf(lineEnd);
  const header = Buffer.from(end < 0 ? head : head.subarray(0, end)).toString('latin1');
  return new CsvRows(delimiterOf(header, Buffer.from(field).toString('latin1')).charCodeAt(0), lineEnd);
}

/** Turns rows into documents, once the first has named the columns. */
class Table {
  readonly field: string;
  /** Whether the header does not have the column. */
  hopeless = false;
  private columns: string[] | null = null;
  /** Indexes of the columns that are looked at. */
  private kept: number[] = [];

  private readonly unit: ReadUnit;
  private readonly encoding: string;
  private readonly original: string;
  private readonly report: Report;

  constructor(unit: ReadUnit, encoding: string, original: string, report: Report) {
    this.report = report;
    this.unit = unit;
    this.encoding = encoding;
    this.original = original;

    this.field = unit.options.field ?? TEXT_FIELD;
  }

  *documents(rows: Iterable<Row | { line: number; reason: string }>): Generator<SourceDocument> {
    for (const row of rows) {
      if ('reason' in row) this.report(this.source(row.line), `skipped, ${row.reason}`);
      else if (this.columns === null) this.header(row);
      else {
        const document = this.document(row, this.columns);
        if (document) yield document;
      }
      if (this.hopeless) return;
    }
  }

  private header(row: Row): void {
    this.columns = [];
    for (let i = 0; 3 * i < row.fields.length; i++) {
      const name = valueOf(row, i, this.encoding);
      this.columns.push('text' in name ? name.text.trim() : '');
    }
    this.kept = [...this.columns.keys()].filter((i) => {
      const name = this.columns![i]!;
      return name === this.field || isMetaField(name);
    });
    if (this.columns.includes(this.field)) return;
    this.hopeless = true;
    const names = this.columns.join(', ').slice(0, 200);
    this.report(
      nameOf(this.unit),
      `skipped, its header has no column "${this.field}" (but ${names}): name one of them`,
    );
  }

  private document(row: Row, columns: readonly string[]): SourceDocument | null {
    const source = this.source(row.line);
    const count = row.fields.length / 3;
    const skip = (reason: string): null => {
      this.report(source, `skipped, ${reason}`);
      return null;
    };
    if (count !== columns.length) return skip(`it has ${count} columns where the header has ${columns.length}`);
    const record: Record<string, string> = {};
    for (const i of this.kept) {
      const value = valueOf(row, i, this.encoding);
      if ('text' in value) record[columns[i]!] = value.text;
      else if (columns[i] === this.field) return skip(`${value.reason} of its column "${this.field}"`);
    }
    const encoding = this.original === 'utf-8' ? {} : { encoding: this.original };
    return documentOf(record[this.field] ?? '', source, { ...metaOf(record, this.field), ...encoding }, this.report);
  }

  private source(line: number): string {
    return `${nameOf(this.unit)}:${line}`;
  }
}

function valueOf(row: Row, column: number, encoding: string): ReturnType<typeof decode> {
  const bytes = row.bytes.subarray(row.fields[3 * column], row.fields[3 * column + 1]);
  const decoded = decode(bytes, encoding);
  if ('reason' in decoded || row.fields[3 * column + 2] === 0 || !decoded.text.includes('""')) return decoded;
  return { text: decoded.text.replaceAll('""', '"') };
}

const unquoted = (name: string): string => (/^".*"$/s.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name);
