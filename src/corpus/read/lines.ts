/** Content cut into lines, holding one line at a time. */

/** A longer line is skipped: it must fit a JavaScript string. */
export const MAX_LINE = 2 ** 28;

/** A line without its LF. */
export interface Line {
  /** Empty where `tooLong`. */
  bytes: Uint8Array;
  /** Offset of its first byte in the content. */
  offset: number;
  /** Whether it was longer than may be. */
  tooLong?: true;
}

export class LineSplitter {
  private pending: Uint8Array[] = [];
  private length = 0;
  private tooLong = false;
  /** Offset of the first byte of the line that is being gathered. */
  private start: number;

  private readonly maxLine: number;

  constructor(from: number, maxLine = MAX_LINE) {
    this.maxLine = maxLine;
    this.start = from;
  }

  /** Lines that end in `bytes`. */
  *push(bytes: Uint8Array): Generator<Line> {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      const last = bytes.subarray(from, end);
      from = end + 1;
      yield this.take(last, 1);
    }
    const rest = bytes.subarray(from);
    this.length += rest.length;
    if (this.length > this.maxLine) {
      this.tooLong = true;
      this.pending = [];
    } else if (rest.length > 0) this.pending.push(rest);
  }

  /** The last line, which no LF ended; null where there is none. */
  end(): Line | null {
    return this.length > 0 ? this.take(new Uint8Array(0), 0) : null;
  }

  /** Forgets the beginning of a line, and goes on at an offset. */
  reset(offset: number): void {
    [this.pending, this.length, this.tooLong, this.start] = [[], 0, false, offset];
  }

  /** Offset of the first byte of the line that is being gathered. */
  get offset(): number {
    return this.start;
  }

  private take(last: Uint8Array, ended: 0 | 1): Line {
    const offset = this.start;
    const length = this.length + last.length;
    const tooLong = this.tooLong || length > this.maxLine;
    const bytes = tooLong
      ? new Uint8Array(0)
      : this.pending.length === 0
        ? last
        : Buffer.concat([...this.pending, last], length);
    this.reset(offset + length + ended);
    return tooLong ? { bytes, offset, tooLong } : { bytes, offset };
  }
}
