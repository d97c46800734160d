/**
 * Rows of CSV (RFC 4180), cut on bytes so that fields in any encoding that keeps ASCII stay as they are, and so that one
 * quote out of place costs a row and not the rest of the file.
 */

/** Longest row in bytes: a quote that is never closed is looked for no further. */
export const MAX_ROW = 1 << 25;

const [QUOTE, LF, CR] = [34, 10, 13];

const [LITERAL, MISSING] = [-1, -2];

/** A row; `fields` holds begin, end and 1 for a quoted field, for each of its columns. */
export interface Row {
  bytes: Uint8Array;
  fields: number[];
  /** Line of the file that it begins on, from 1. */
  line: number;
}

/** A place where no row could be made of the bytes. */
export interface BadRow {
  line: number;
  reason: string;
}

export class CsvRows {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private line = 1;
  /** So many bytes must there be before it is worth looking again for the end of the row. */
  private wanted = 0;
  /** Where the row scanned last ended, and how many lines it has. */
  private next = 0;
  private lines = 0;

  private readonly delimiter: number;
  private readonly lineEnd: number;
  private readonly maxRow: number;

  /**
   * @param delimiter byte between columns
   * @param lineEnd byte that ends a row: LF, or CR in files that have no LF
   */
  constructor(delimiter: number, lineEnd: number, maxRow = MAX_ROW) {
    this.maxRow = maxRow;
    this.lineEnd = lineEnd;
    this.delimiter = delimiter;
  }

  /** The line that the next row begins on. */
  get position(): number {
    return this.line;
  }

  /** Rows that end in `bytes`. */
  *push(bytes: Uint8Array): Generator<Row | BadRow> {
    this.bytes = this.at === this.bytes.length ? bytes : Buffer.concat([this.bytes.subarray(this.at), bytes]);
    this.at = 0;
    if (this.bytes.length < this.wanted) return;
    yield* this.rows(false);
    while (this.bytes.length - this.at > this.maxRow) {
      yield { line: this.line, reason: `the row has more than ${this.maxRow} bytes, or a quote that is never closed` };
      this.skipLine();
      yield* this.rows(false);
    }
    this.wanted = Math.min(2 * (this.bytes.length - this.at), this.maxRow + 1);
  }

  /** The rows that are left when there are no more bytes. */
  *end(): Generator<Row | BadRow> {
    yield* this.rows(true);
    while (this.at < this.bytes.length) {
      yield { line: this.line, reason: 'it has a quote that is never closed' };
      this.skipLine();
      yield* this.rows(true);
    }
  }

  private *rows(final: boolean): Generator<Row | BadRow> {
    while (this.at < this.bytes.length) {
      const fields = this.scan(final);
      if (fields === null) return;
      const blank = fields.length === 3 && fields[0] === fields[1] && fields[2] === 0;
      const row = { bytes: this.bytes, fields, line: this.line };
      [this.at, this.line] = [this.next, this.line + this.lines];
      if (!blank) yield row;
    }
  }

  /** The fields of the row at `at`; null when its end is not there. */
  private scan(final: boolean): number[] | null {
    const { bytes } = this;
    const fields: number[] = [];
    this.lines = 1;
    let at = this.at;
    for (;;) {
      let end = bytes[at] === QUOTE ? this.closingQuote(at, final) : LITERAL;
      if (end === MISSING) return null;
      if (end >= 0) {
        fields.push(at + 1, end, 1);
        at = end + 1;
      } else {
        const from = at;
        while (at < bytes.length && bytes[at] !== this.delimiter && bytes[at] !== this.lineEnd) at++;
        if (at === bytes.length && !final) return null;
        end = bytes[at] !== this.delimiter && at > from && bytes[at - 1] === CR ? at - 1 : at;
        fields.push(from, end, 0);
      }
      if (bytes[at] === this.delimiter) {
        at++;
        continue;
      }
      if (bytes[at] === CR && this.lineEnd === LF) at++;
      this.next = Math.min(at + 1, bytes.length);
      return fields;
    }
  }

  /**
   * The quote that closes the field which begins with one at `open`: what follows it ends the field. LITERAL where
   * something else follows, so that the quotes are part of the text; MISSING where there is none, or none yet.
   */
  private closingQuote(open: number, final: boolean): number {
    const { bytes } = this;
    for (let at = open + 1; ;) {
      const quote = bytes.indexOf(QUOTE, at);
      if (quote < 0) return MISSING;
      if (bytes[quote + 1] === QUOTE) {
        at = quote + 2;
        continue;
      }
      const atLineEnd = bytes[quote + 1] === CR && this.lineEnd === LF;
      const after = bytes[quote + (atLineEnd ? 2 : 1)];
      if (after === undefined && !final) return MISSING;
      if (after !== undefined && after !== this.lineEnd && (atLineEnd || after !== this.delimiter)) return LITERAL;
      return this.countLines(open, quote);
    }
  }

  private countLines(from: number, to: number): number {
    const field = this.bytes.subarray(from, to);
    for (let at = field.indexOf(this.lineEnd); at >= 0; at = field.indexOf(this.lineEnd, at + 1)) this.lines++;
    return to;
  }

  /** Goes on at the next line, whatever the row there was. */
  private skipLine(): void {
    const end = this.bytes.indexOf(this.lineEnd, this.at);
    this.at = end < 0 ? this.bytes.length : end + 1;
    this.line++;
  }
}
