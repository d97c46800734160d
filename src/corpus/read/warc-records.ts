/**
 * Records of a WARC file (ISO 28500). A record's Content-Length is not believed until another record, or the end, stands
 * where it says; where it lies, the record is given up and reading goes on at the next that begins with `WARC/1.`.
 */
import { ByteQueue } from './byte-queue.js';
import type { Piece } from './pieces.js';

/** Longest header of a record in bytes. */
const MAX_HEADER = 1 << 16;

/** Longest block that is held, in bytes; longer ones are passed over. */
export const MAX_BLOCK = 1 << 26;

/** Bytes behind a block in which the next record must begin: two line ends, with room for sloppy writers. */
const LOOK_AHEAD = 16;

/** Bytes that tell whether a record begins. */
const BEGINNING = 64;

const SIGNATURE = Buffer.from('\nWARC/1.');

export interface WarcRecord {
  /** Where it begins: see {@link WarcRecords.place}. */
  place: string;
  /** Fields by their names in lower case. */
  fields: ReadonlyMap<string, string>;
  block: Buffer;
}

interface Head {
  fields: Map<string, string>;
  /** Bytes of the header with the blank line behind it. */
  length: number;
}

export class WarcRecords {
  private readonly queue = new ByteQueue();
  /** Offset of the queue's first byte in the content. */
  private position = 0;
  /** Gzip members or zstd frames: where they begin in the content, and in the file. */
  private starts: { content: number; offset: number }[] = [];
  private damage: { offset: number; reason: string } | null = null;
  private finished = false;

  private readonly pieces: AsyncGenerator<Piece>;
  private readonly skip: (place: string, reason: string) => void;

  /** @param skip told of what is left out: place and reason */
  constructor(pieces: AsyncGenerator<Piece>, skip: (place: string, reason: string) => void) {
    this.skip = skip;
    this.pieces = pieces;
  }

  async *records(): AsyncGenerator<WarcRecord> {
    try {
      for (;;) {
        await this.passLineEnds();
        if (this.queue.length > 0) {
          const record = await this.record();
          if (record) yield record;
        } else if (this.damage !== null) {
          this.skip(`@${this.damage.offset}`, this.damage.reason);
          this.damage = null;
          if (await this.fill()) await this.resynchronise(0);
        } else return;
      }
    } finally {
      await this.pieces.return(undefined);
    }
  }

  private async record(): Promise<WarcRecord | null> {
    const place = this.place(this.position);
    const head = await this.head();
    if (head === null) {
      this.skip(place, 'no WARC record begins here: read on at the next');
      await this.resynchronise(1);
      return null;
    }
    const told = head.fields.get('content-length') ?? '';
    const length = /^\d{1,15}$/.test(told) ? Number(told) : -1;
    const lies = async (reason: string): Promise<null> => {
      this.skip(place, `${reason}: read on at the next record`);
      await this.resynchronise(head.length);
      return null;
    };
    if (length < 0) return lies(`its Content-Length is not a number of bytes (${JSON.stringify(told.slice(0, 40))})`);
    if (length > MAX_BLOCK) return this.passOver(place, head, length);
    const end = head.length + length;
    if (!(await this.has(end))) return lies(`its Content-Length of ${length} reaches beyond the end`);
    await this.has(end + LOOK_AHEAD);
    const inside = this.starts.find(({ content }) => content > this.position && content < this.position + end);
    if (!this.nextBegins(end) || (inside && this.beginsAt(inside.content - this.position)))
      return lies(`its Content-Length of ${length} does not lead to the next record`);
    const block = this.queue.slice(head.length, end);
    const damaged = this.damage !== null && (this.starts.at(-1)?.content ?? 0) < this.position + end;
    this.use(end);
    if (!damaged) return { place, fields: head.fields, block };
    this.skip(place, 'the record is in a damaged place');
    return null;
  }

  /** The header of the record that the queue begins with; null where there is none. */
  private async head(): Promise<Head | null> {
    await this.has(BEGINNING);
    if (!this.beginsAt(0)) return null;
    for (let wanted = 1 << 12; ; wanted *= 4) {
      const more = await this.has(wanted);
      const text = this.queue.slice(0, Math.min(wanted, MAX_HEADER)).toString('utf8');
      const match = /\r?\n\r?\n/.exec(text);
      if (match) {
        const lines = text.slice(0, match.index).split(/\r?\n/).slice(1);
        const length = Buffer.byteLength(text.slice(0, match.index)) + match[0].length;
        return { fields: fieldsOf(lines), length };
      }
      if (!more || wanted >= MAX_HEADER) return null;
    }
  }

  /** Lets a block pass that is too long to hold, unless another record begins within it: then its length was a lie. */
  private async passOver(place: string, head: Head, length: number): Promise<null> {
    const lie = `its Content-Length of ${length} does not lead to the next record: read on at the next record`;
    this.use(head.length);
    for (let left = length; left > 0;) {
      const there = await this.has(Math.min(left, 1 << 16));
      const at = this.queue.indexOf(SIGNATURE, 0);
      if (at >= 0 && at < left && (await this.has(at + 1 + BEGINNING), this.beginsAt(at + 1))) {
        this.skip(place, lie);
        this.use(at + 1);
        return null;
      }
      if (!there) {
        this.skip(place, `its Content-Length of ${length} reaches beyond the end`);
        this.use(this.queue.length);
        return null;
      }
      // What may be the beginning of a signature stays.
      const passed = Math.min(left, Math.max(1, this.queue.length - BEGINNING));
      this.use(passed);
      left -= passed;
    }
    this.skip(place, `the record has ${(length / 2 ** 20).toFixed(0)} MiB, more than 64 MiB`);
    return null;
  }

  /** Uses up everything before the next record that begins at `from` or behind it. */
  private async resynchronise(from: number): Promise<void> {
    if (from === 0 && (await this.has(BEGINNING), this.beginsAt(0))) return;
    for (let at = Math.max(0, from - 1); ;) {
      const found = this.queue.indexOf(SIGNATURE, at);
      if (found >= 0) {
        await this.has(found + 1 + BEGINNING);
        if (this.beginsAt(found + 1)) return this.use(found + 1);
        at = found + 1;
        continue;
      }
      const passed = Math.max(0, this.queue.length - SIGNATURE.length);
      this.use(passed);
      at = Math.max(0, at - passed);
      if (!(await this.fill())) return this.use(this.queue.length);
    }
  }

  /** Whether a record begins at an offset of the queue: a version and a field. */
  private beginsAt(at: number): boolean {
    return /^WARC\/[01]\.\d{1,2}\r?\n[\w-]+:/.test(this.queue.slice(at, at + BEGINNING).toString('latin1'));
  }

  /** Whether behind a block that ends at `end` a record begins, or nothing more comes. */
  private nextBegins(end: number): boolean {
    const behind = this.queue.slice(end, end + LOOK_AHEAD).toString('latin1');
    const next = behind.replace(/^[\r\n]+/, '');
    return 'WARC/'.startsWith(next.slice(0, 5)) && (next.length >= 5 || this.queue.length <= end + LOOK_AHEAD);
  }

  /** Where a record is: its offset, or that of the compressed member it begins in, with `+n` for bytes within that. */
  private place(position: number): string {
    while (this.starts.length > 1 && this.starts[1]!.content <= position) this.starts.shift();
    const [start] = this.starts;
    if (!start || start.content > position) return `@${position}`;
    return start.content === position ? `@${start.offset}` : `@${start.offset}+${position - start.content}`;
  }

  private async passLineEnds(): Promise<void> {
    for (;;) {
      const bytes = this.queue.slice(0, BEGINNING);
      const other = bytes.findIndex((byte) => byte !== 10 && byte !== 13);
      this.use(other < 0 ? bytes.length : other);
      if (other >= 0) return;
      if (bytes.length === 0 && !(await this.fill())) return;
    }
  }

  private use(count: number): void {
    const used = Math.min(count, this.queue.length);
    this.queue.skip(used);
    this.position += used;
  }

  /** Reads on until `count` bytes are in the queue; false where there are not so many. */
  private async has(count: number): Promise<boolean> {
    while (this.queue.length < count) if (!(await this.fill())) return false;
    return true;
  }

  /** Reads more bytes; false at the end, and before a damaged place. */
  private async fill(): Promise<boolean> {
    while (this.damage === null && !this.finished) {
      const next = await this.pieces.next();
      if (next.done) this.finished = true;
      else if (next.value.kind === 'damage') this.damage = next.value;
      else if (next.value.kind === 'start')
        this.starts.push({ content: this.position + this.queue.length, offset: next.value.offset });
      else {
        this.queue.push(next.value.bytes);
        return true;
      }
    }
    return false;
  }
}

function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}
