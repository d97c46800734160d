/**
 * Finds equal keys among any number of records in bounded memory: in one hash table where that fits, else records are
 * parted by the top bits of their keys into files, and each file has its turn at the table.
 *
 * Only the first record of a key is held, so a key that millions of records share takes no more memory than another.
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, RunError } from '../../io/errors.js';
import { makeFolder, writeFully } from '../../io/files.js';
import { FirstSeen, SLOT_BYTES, slotsFor } from './first-seen.js';

const RECORD_WORDS = 3;
/** Words read at a time: a whole number of records. */
const READ_WORDS = RECORD_WORDS << 14;
const MOST_PARTS = 4096;

export interface KeyJoinOptions {
  /** Names the files. */
  name: string;
  /** The most records that will be added. */
  records: number;
  memoryBytes: number;
  /** For the files; made when it is needed. */
  folder: string;
  /** Called for every record whose key an earlier record had, with the value of the first of them. */
  onRepeat: (first: number, value: number) => void;
}

export class KeyJoin {
  /** How many parts the keys are divided into; 1 where all are joined in memory. */
  readonly parts: number;
  private readonly options: KeyJoinOptions;
  private readonly table: FirstSeen | null = null;
  private readonly partKeys: number;
  private readonly shift: number;
  private readonly buffers: Int32Array[] = [];
  private readonly buffered: Int32Array;
  private readonly spilled = new Set<number>();

  constructor(options: KeyJoinOptions) {
    this.options = options;
    const { records, memoryBytes } = options;
    // keys are hashes, so that parts differ little; a table grows where one has more
    const keysIn = (parts: number) => (parts === 1 ? records : (1.05 * records) / parts);
    let parts = 1;
    while (parts < MOST_PARTS && SLOT_BYTES * slotsFor(keysIn(parts)) > memoryBytes) parts *= 2;
    this.parts = parts;
    this.partKeys = keysIn(parts);
    this.shift = 32 - Math.log2(parts);
    this.buffered = new Int32Array(parts);
    if (parts === 1) this.table = new FirstSeen(records);
    else {
      const length = RECORD_WORDS * Math.max(16, Math.floor(memoryBytes / 2 / parts / (4 * RECORD_WORDS)));
      for (let part = 0; part < parts; part++) this.buffers.push(new Int32Array(length));
    }
  }

  /** Adds a record: a key of two halves and a value, any 32 bits but 2^32 - 1. @throws RunError when the disk is full */
  add(low: number, high: number, value: number): void {
    if (this.table) {
      const first = this.table.claim(low | 0, high | 0, value | 0);
      if (first !== -1) this.options.onRepeat(first >>> 0, value);
      return;
    }
    const part = high >>> this.shift;
    const buffer = this.buffers[part]!;
    const at = this.buffered[part]!;
    buffer[at] = low;
    buffer[at + 1] = high;
    buffer[at + 2] = value;
    this.buffered[part] = at + RECORD_WORDS;
    if (at + RECORD_WORDS === buffer.length) this.spill(part);
  }

  /**
   * Joins what is still on the disk. `rest` is awaited between pieces of work; `onShare` learns how much is done, 0 to 1.
   * @throws RunError when the disk fails
   */
  async finish(rest: () => Promise<void> | undefined, onShare: (share: number) => void): Promise<void> {
    if (this.table) return;
    for (let part = 0; part < this.parts; part++) this.spill(part);
    this.buffers.length = 0;
    const table = new FirstSeen(this.partKeys);
    const words = new Int32Array(READ_WORDS);
    for (let part = 0; part < this.parts; part++) {
      if (this.spilled.has(part)) {
        for (const count of this.read(part, words)) {
          this.joinAll(table, words, count);
          await rest();
        }
        table.clear();
        this.guarded(part, (path) => rmSync(path));
        this.spilled.delete(part);
      }
      onShare((part + 1) / this.parts);
    }
  }

  /** Removes the files that are left. */
  dispose(): void {
    for (const part of this.spilled) rmSync(this.path(part), { force: true });
    this.spilled.clear();
  }

  private joinAll(table: FirstSeen, words: Int32Array, count: number): void {
    const { onRepeat } = this.options;
    for (let at = 0; at < count; at += RECORD_WORDS) {
      const value = words[at + 2]!;
      const first = table.claim(words[at]!, words[at + 1]!, value);
      if (first !== -1) onRepeat(first >>> 0, value >>> 0);
    }
  }

  private spill(part: number): void {
    const length = this.buffered[part]!;
    if (length === 0) return;
    const fresh = !this.spilled.has(part);
    this.guarded(part, (path) => {
      if (fresh) makeFolder(this.options.folder);
      this.spilled.add(part);
      const descriptor = openSync(path, fresh ? 'w' : 'a');
      try {
        writeFully(descriptor, new Uint8Array(this.buffers[part]!.buffer, 0, 4 * length));
      } finally {
        closeSync(descriptor);
      }
    });
    this.buffered[part] = 0;
  }

  /** Fills `words` from a part's file again and again; yields the number of words. */
  private *read(part: number, words: Int32Array): Generator<number> {
    const bytes = new Uint8Array(words.buffer);
    const descriptor = this.guarded(part, (path) => openSync(path, 'r'));
    try {
      for (;;) {
        let done = 0;
        while (done < bytes.length) {
          const count = this.guarded(part, () => readSync(descriptor, bytes, done, bytes.length - done, null));
          if (count === 0) break;
          done += count;
        }
        if (done > 0) yield done >> 2;
        if (done < bytes.length) return;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  private path(part: number): string {
    return join(this.options.folder, `${this.options.name}-${String(part).padStart(4, '0')}.tmp`);
  }

  private guarded<T>(part: number, work: (path: string) => T): T {
    const path = this.path(part);
    try {
      return work(path);
    } catch (error) {
      throw new RunError(`cannot deduplicate by way of ${path}: ${describeError(error)}`, { cause: error });
    }
  }
}
