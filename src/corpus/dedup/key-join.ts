/**
 * Finds equal keys among any number of records in bounded memory. Records are parted by the top bits of their keys, in
 * memory as far as it goes and then in files; each part has its turn at one hash table, small enough for the cache.
 *
 * Only the first record of a key is held there, so a key that millions of records share takes no more than another.
 */
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, RunError } from '../../io/errors.js';
import { makeFolder, writeFully } from '../../io/files.js';
import { FirstSeen, SLOT_BYTES, slotsFor } from './first-seen.js';

const RECORD_WORDS = 3;
/** Words read at a time: a whole number of records. */
const READ_WORDS = RECORD_WORDS << 14;
const RECORD_BYTES = 4 * RECORD_WORDS;
const MOST_PARTS = 4096;
/** A smaller table is not worth a part of its own. */
const LEAST_SLOTS = 64;
/** Memory for the table, where there is more. */
const TABLE_BYTES = 4 << 20;

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
  private readonly options: KeyJoinOptions;
  private readonly parts: number;
  private readonly partKeys: number;
  private readonly buffers: Int32Array[];
  /** Words in each buffer. */
  private readonly buffered: Int32Array;
  private readonly spilled = new Set<number>();

  constructor(options: KeyJoinOptions) {
    this.options = options;
    const { records, memoryBytes } = options;
    const tableBytes = Math.min(TABLE_BYTES, memoryBytes / 4);
    // keys are hashes, so that parts differ little; a table grows where one has more
    const keysIn = (parts: number) => Math.ceil(parts === 1 ? records : (1.05 * records) / parts) + 16;
    let parts = 1;
    for (
      let slots = slotsFor(keysIn(1));
      SLOT_BYTES * slots > tableBytes && slots > LEAST_SLOTS && parts < MOST_PARTS;
    ) {
      parts *= 2;
      slots = slotsFor(keysIn(parts));
    }
    this.parts = parts;
    this.partKeys = keysIn(parts);
    const affordable = Math.floor((memoryBytes - tableBytes) / parts / RECORD_BYTES);
    const length = RECORD_WORDS * Math.max(1, Math.min(affordable, this.partKeys));
    this.buffers = Array.from({ length: parts }, () => new Int32Array(length));
    this.buffered = new Int32Array(parts);
  }

  /** Adds a record: a key of two halves and a value, any 32 bits but 2^32 - 1. @throws RunError when the disk is full */
  add(low: number, high: number, value: number): void {
    const part = Math.floor((high / 2 ** 32) * this.parts);
    const buffer = this.buffers[part]!;
    let at = this.buffered[part]!;
    if (at === buffer.length) {
      this.spill(part);
      at = 0;
    }
    buffer[at] = low;
    buffer[at + 1] = high;
    buffer[at + 2] = value;
    this.buffered[part] = at + RECORD_WORDS;
  }

  /**
   * Calls back for every repeat. `rest` is awaited between pieces of work; `onShare` learns how much is done, 0 to 1.
   * @throws RunError when the disk fails
   */
  async finish(rest: () => Promise<void> | undefined, onShare: (share: number) => void): Promise<void> {
    const table = new FirstSeen(this.partKeys);
    const words = new Int32Array(READ_WORDS);
    for (let part = 0; part < this.parts; part++) {
      if (this.spilled.has(part)) {
        for (const count of this.read(part, words)) {
          this.joinAll(table, words, count);
          await rest();
        }
        this.guarded(part, (path) => rmSync(path));
        this.spilled.delete(part);
      }
      this.joinAll(table, this.buffers[part]!, this.buffered[part]!);
      table.clear();
      await rest();
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
