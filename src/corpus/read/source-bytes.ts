/** The bytes of a file on the disk, read anywhere, counted as they are read. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { describeError, InputError, RunError } from '../../io/errors.js';

/** Bytes read at a time by those who read a file from end to end. */
export const CHUNK = 1 << 18;

export class SourceBytes {
  readonly size: number;
  private readonly descriptor: number;
  /** Bytes before this have been told of. */
  private told: number;
  /** What was read last, and from where. */
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;

  private readonly path: string;
  private readonly onBytes: (bytes: number) => void;

  /**
   * @param expected what the file was when it was planned
   * @param onBytes given the number of bytes more that have been read from the disk
   * @throws InputError for a file that cannot be read, RunError for one that is no longer what it was
   */
  constructor(
    path: string,
    expected: { bytes: number; modified: number; from?: number },
    onBytes: (bytes: number) => void = () => {},
  ) {
    this.onBytes = onBytes;
    this.path = path;

    this.descriptor = this.guarded(() => openSync(path, 'r'));
    const { size, mtimeMs } = fstatSync(this.descriptor);
    if (size !== expected.bytes || mtimeMs !== expected.modified) {
      this.close();
      throw new RunError(`${path} changed while it was being read: run again`);
    }
    this.size = size;
    this.told = expected.from ?? 0;
  }

  /** At most `length` bytes from `offset`, fewer at the end of the file. They stay as they are, and must be left so. */
  read(offset: number, length: number): Buffer {
    const end = Math.min(this.size, offset + length);
    if (end <= offset) return Buffer.alloc(0);
    if (offset < this.windowAt || end > this.windowAt + this.window.length) this.load(offset, Math.max(length, CHUNK));
    return this.window.subarray(offset - this.windowAt, end - this.windowAt);
  }

  /** Offset of the first place from `offset` where `pattern` stands, or -1. */
  find(pattern: Uint8Array, offset: number): number {
    for (let at = offset; at < this.size; at += CHUNK) {
      const index = this.read(at, CHUNK + pattern.length - 1).indexOf(pattern);
      if (index >= 0) return at + index;
    }
    return -1;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private load(offset: number, length: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.min(length, this.size - offset));
    for (let done = 0; done < bytes.length;) {
      const count = this.guarded(() => readSync(this.descriptor, bytes, done, bytes.length - done, offset + done));
      if (count === 0) throw new RunError(`${this.path} changed while it was being read: run again`);
      done += count;
    }
    [this.window, this.windowAt] = [bytes, offset];
    const end = offset + bytes.length;
    if (end > this.told) this.onBytes(end - this.told);
    this.told = Math.max(this.told, end);
  }

  private guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw new InputError(`cannot read ${this.path}: ${describeError(error)}`, { cause: error });
    }
  }
}
