/**
 * Documents that cleaning kept, on the disk: a JSON line each, `{"text", "source", "language"?, ...}`, and an index of
 * {@link INDEX_FIELDS} float64 numbers a document.
 */
import { closeSync, fsyncSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { describeError, RunError } from '../../io/errors.js';
import { writeAtomic, writeFully } from '../../io/files.js';

/** Where its line begins, bytes of its text in UTF-8, and 48 bits of the hash of its content. */
export const INDEX_FIELDS = 3;

/** Bytes that are held back before they are written. */
const BUFFER = 1 << 20;

/** A line of the file. */
export interface KeptDocument {
  text: string;
  source: string;
  language?: string;
  toxicity?: number;
  meta?: Readonly<Record<string, string>>;
}

/** Writes the kept documents of a unit; the files appear when all are there. */
export class KeptDocumentsWriter {
  private readonly path: string;
  private readonly indexPath: string;
  private descriptor: number | null;
  private readonly index: number[] = [];
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private offset = 0;

  constructor(path: string, indexPath: string) {
    this.path = path;
    this.indexPath = indexPath;
    this.descriptor = this.guarded(() => openSync(`${path}.tmp`, 'w'));
  }

  /** @param textBytes size of the text in UTF-8; @param hash 48 bits of the hash of its content, as a whole number */
  add(document: KeptDocument, textBytes: number, hash: number): void {
    const line = Buffer.from(`${JSON.stringify(document)}\n`);
    this.index.push(this.offset, textBytes, hash);
    this.pending.push(line);
    this.offset += line.length;
    this.pendingBytes += line.length;
    if (this.pendingBytes >= BUFFER) this.flush();
  }

  finish(): void {
    this.flush();
    const descriptor = this.descriptor!;
    this.guarded(() => fsyncSync(descriptor));
    closeSync(descriptor);
    this.descriptor = null;
    this.guarded(() => renameSync(`${this.path}.tmp`, this.path));
    writeAtomic(this.indexPath, new Uint8Array(Float64Array.from(this.index).buffer));
  }

  /** Leaves no open and no unfinished file. */
  abandon(): void {
    if (this.descriptor === null) return;
    closeSync(this.descriptor);
    this.descriptor = null;
    rmSync(`${this.path}.tmp`, { force: true });
  }

  private flush(): void {
    const bytes = Buffer.concat(this.pending);
    this.guarded(() => writeFully(this.descriptor!, bytes));
    this.pending = [];
    this.pendingBytes = 0;
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new RunError(`cannot write ${this.path}: ${describeError(error)}`, { cause: error });
    }
  }
}

/** The index of a unit. [documents x INDEX_FIELDS] @throws RunError for a damaged file */
export function readKeptIndex(path: string, documents: number): Float64Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new RunError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  if (bytes.length !== 8 * INDEX_FIELDS * documents)
    throw new RunError(`${path} is damaged: it has ${bytes.length} bytes for ${documents} documents`);
  return new Float64Array(new Uint8Array(bytes).buffer);
}

/** Reads lines of kept documents at any place, with a few files open at a time. */
export class KeptDocumentsReader {
  private readonly pathOf: (unit: number) => string;
  private readonly open = new Map<number, number>();
  private buffer = Buffer.alloc(1 << 16);

  /** Files open at once at most. */
  private static readonly MAX_OPEN = 128;

  constructor(pathOf: (unit: number) => string) {
    this.pathOf = pathOf;
  }

  /** The document whose line begins at `offset`. @param textBytes size of its text: what is read at first */
  read(unit: number, offset: number, textBytes: number): KeptDocument {
    const descriptor = this.descriptorOf(unit);
    let [have, wanted] = [0, textBytes + 512];
    for (;;) {
      if (this.buffer.length < wanted) {
        const larger = Buffer.alloc(2 * wanted);
        larger.set(this.buffer.subarray(0, have));
        this.buffer = larger;
      }
      const count = readSync(descriptor, this.buffer, have, wanted - have, offset + have);
      const end = this.buffer.subarray(0, have + count).indexOf(10, have);
      if (end >= 0) return parseLine(this.buffer.toString('utf8', 0, end), this.pathOf(unit), offset);
      if (count === 0) throw new RunError(`${this.pathOf(unit)} is damaged: no line ends after byte ${offset}`);
      have += count;
      wanted = Math.max(wanted, have + (have >> 1));
    }
  }

  close(): void {
    for (const descriptor of this.open.values()) closeSync(descriptor);
    this.open.clear();
  }

  private descriptorOf(unit: number): number {
    let descriptor = this.open.get(unit);
    if (descriptor !== undefined) return descriptor;
    if (this.open.size >= KeptDocumentsReader.MAX_OPEN) {
      const [oldest, stale] = this.open.entries().next().value!;
      closeSync(stale);
      this.open.delete(oldest);
    }
    try {
      descriptor = openSync(this.pathOf(unit), 'r');
    } catch (error) {
      throw new RunError(`cannot read ${this.pathOf(unit)}: ${describeError(error)}`, { cause: error });
    }
    this.open.set(unit, descriptor);
    return descriptor;
  }
}

function parseLine(line: string, path: string, offset: number): KeptDocument {
  try {
    const value = JSON.parse(line) as KeptDocument;
    if (typeof value.text === 'string' && typeof value.source === 'string') return value;
  } catch {
    // said below
  }
  throw new RunError(`${path} is damaged: no document at byte ${offset}`);
}
