/** Writes the token shards of one split: a shard is closed once it is full, never in the middle of a document. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, RunError } from '../io/errors.js';
import { sha256, syncFolder, writeAtomic, writeFully } from '../io/files.js';
import { DOCUMENT_FIELDS, type ShardEntry, type SplitEntry, splitOf } from './shard-manifest.js';

/** Tokens held back before they are written. */
const BUFFER = 1 << 18;

interface OpenShard {
  name: string;
  descriptor: number;
  hash: Hash;
  tokens: number;
  textBytes: number;
  /** {@link DOCUMENT_FIELDS} numbers a document. */
  index: number[];
}

export interface ShardWriterOptions {
  folder: string;
  /** Files are called `<name>-00000.bin`. */
  name: string;
  /** Number of the first shard (default 0). */
  first?: number;
  dtype: 'uint16' | 'uint32';
  /** A shard with this many tokens takes no further document. */
  shardTokens: number;
}

export class ShardWriter {
  private readonly options: ShardWriterOptions;
  private readonly buffer: Uint16Array | Uint32Array;
  private buffered = 0;
  private shard: OpenShard | null = null;
  private readonly finished: ShardEntry[] = [];

  constructor(options: ShardWriterOptions) {
    this.options = options;
    this.buffer = options.dtype === 'uint16' ? new Uint16Array(BUFFER) : new Uint32Array(BUFFER);
  }

  /** Begins a document. */
  begin(): void {
    if (this.shard && this.shard.tokens >= this.options.shardTokens) this.close();
    this.shard ??= this.open();
    this.shard.index.push(this.shard.tokens);
  }

  /** Adds tokens to the document that was begun. */
  write(ids: ArrayLike<number>): void {
    const shard = this.shard!;
    for (let i = 0; i < ids.length; i++) {
      this.buffer[this.buffered++] = ids[i]!;
      if (this.buffered === BUFFER) this.flush(shard);
    }
    shard.tokens += ids.length;
  }

  /** Ends the document: its bytes of text, and how many of them its tokens do not account for. */
  end(textBytes: number, surplus: number): void {
    this.shard!.index.push(textBytes, surplus);
    this.shard!.textBytes += textBytes;
  }

  /** Closes the last shard and tells what was written. */
  finish(): SplitEntry {
    if (this.shard) this.close();
    return splitOf(this.finished);
  }

  /** Leaves no open file and no unfinished one. */
  abandon(): void {
    if (!this.shard) return;
    closeSync(this.shard.descriptor);
    rmSync(this.path(`${this.shard.name}.tmp`), { force: true });
    this.shard = null;
  }

  private open(): OpenShard {
    const number = (this.options.first ?? 0) + this.finished.length;
    const name = `${this.options.name}-${String(number).padStart(5, '0')}.bin`;
    const descriptor = this.guarded(name, () => openSync(this.path(`${name}.tmp`), 'w'));
    return { name, descriptor, hash: createHash('sha256'), tokens: 0, textBytes: 0, index: [] };
  }

  private flush(shard: OpenShard): void {
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = this.buffer;
    const bytes = new Uint8Array(buffer, byteOffset, this.buffered * BYTES_PER_ELEMENT);
    shard.hash.update(bytes);
    this.guarded(shard.name, () => writeFully(shard.descriptor, bytes));
    this.buffered = 0;
  }

  private close(): void {
    const shard = this.shard!;
    const { name, tokens, textBytes, index } = shard;
    this.flush(shard);
    this.guarded(name, () => fsyncSync(shard.descriptor));
    closeSync(shard.descriptor);
    this.shard = null;
    this.guarded(name, () => {
      renameSync(this.path(`${name}.tmp`), this.path(name));
      syncFolder(this.options.folder);
    });
    const indexFile = name.replace('.bin', '.docs.bin');
    const indexBytes = new Uint8Array(Float64Array.from(index).buffer);
    writeAtomic(this.path(indexFile), indexBytes);
    this.finished.push({
      file: name,
      sha256: shard.hash.digest('hex'),
      tokens,
      documents: index.length / DOCUMENT_FIELDS,
      textBytes,
      index: { file: indexFile, sha256: sha256(indexBytes) },
    });
  }

  private path(name: string): string {
    return join(this.options.folder, name);
  }

  private guarded<T>(name: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new RunError(`cannot write ${this.path(name)}: ${describeError(error)}`, { cause: error });
    }
  }
}
