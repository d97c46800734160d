/**
 * Fingerprints on the disk: one file a unit of the corpus, little-endian 32-bit words.
 *
 * A header of {@link HEADER_WORDS} words, then for each document: twice its number of paragraphs, plus one where it has
 * bands; the exact hash (2); the bands (2 each); its paragraphs (hash 2, index 1 each).
 */
import { closeSync, fsyncSync, fstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { describeError, RunError } from '../../io/errors.js';
import { makeFolder, syncFolder, writeFully } from '../../io/files.js';
import type { Fingerprint } from './fingerprint.js';
import type { DedupOptions } from './options.js';

/** "TELARFPS" and a version; another meaning of the words or of any hash is another version. */
const MAGIC = [0x414c4554, 0x53504652] as const;
const VERSION = 1;
const HEADER_WORDS = 16;
const HEADER_BYTES = 4 * HEADER_WORDS;
const BUFFER_WORDS = 1 << 16;
const EXACT_WORDS = 2;
const PARAGRAPH_WORDS = 3;

/** What a fingerprint depends on: files made with other options cannot be compared. */
function meaning(options: DedupOptions): number[] {
  const { near, paragraphs } = options;
  return [
    near ? near.bands : 0,
    near ? near.rows : 0,
    near ? near.ngram : 0,
    paragraphs ? paragraphs.minCharacters : 0,
  ];
}

const bytesOf = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** Writes the fingerprints of the documents of a unit, in order, to a file that appears whole or not at all. */
export class FingerprintWriter {
  private readonly path: string;
  private readonly temporary: string;
  private readonly options: DedupOptions;
  private readonly descriptor: number;
  private readonly buffer = new Uint32Array(BUFFER_WORDS);
  private buffered = 0;
  private documents = 0;
  private paragraphs = 0;
  private bodyWords = 0;
  private checksum = 0;
  private open = true;
  private finished = false;

  /** @throws RunError where the file cannot be written */
  constructor(path: string, options: DedupOptions) {
    this.path = path;
    this.temporary = `${path}.tmp`;
    this.options = options;
    this.descriptor = this.guarded(() => {
      makeFolder(dirname(path));
      return openSync(this.temporary, 'w');
    });
    this.guarded(() => writeFully(this.descriptor, new Uint8Array(HEADER_BYTES)));
  }

  /** @throws RunError when the disk is full */
  add(fingerprint: Fingerprint): void {
    const { exact, bands, paragraphs, paragraphIndexes } = fingerprint;
    const count = paragraphIndexes.length;
    if (bands.length !== 0 && bands.length !== 2 * (this.options.near ? this.options.near.bands : 0))
      throw new RangeError(`a fingerprint with ${bands.length / 2} bands in ${this.path}`);
    this.push(2 * count + (bands.length > 0 ? 1 : 0));
    for (const word of exact) this.push(word);
    for (const word of bands) this.push(word);
    for (let p = 0; p < count; p++) {
      this.push(paragraphs[2 * p]!);
      this.push(paragraphs[2 * p + 1]!);
      this.push(paragraphIndexes[p]!);
    }
    this.documents++;
    this.paragraphs += count;
  }

  /** Completes the file and gives it its name. */
  finish(): void {
    this.flush();
    const header = new Uint32Array(HEADER_WORDS);
    header.set(MAGIC);
    header.set([VERSION, ...meaning(this.options), this.documents, ...halves(this.paragraphs)], 2);
    header.set([...halves(this.bodyWords), this.checksum], 10);
    header[HEADER_WORDS - 1] = crc32(bytesOf(header.subarray(0, HEADER_WORDS - 1)));
    this.guarded(() => {
      writeSync(this.descriptor, bytesOf(header), 0, HEADER_BYTES, 0);
      fsyncSync(this.descriptor);
    });
    this.close();
    this.guarded(() => {
      renameSync(this.temporary, this.path);
      syncFolder(dirname(this.path));
    });
    this.finished = true;
  }

  /** Leaves nothing behind, where the file is not finished. */
  abandon(): void {
    if (this.finished) return;
    this.close();
    rmSync(this.temporary, { force: true });
  }

  private close(): void {
    if (this.open) closeSync(this.descriptor);
    this.open = false;
  }

  private push(word: number): void {
    this.buffer[this.buffered++] = word;
    if (this.buffered === BUFFER_WORDS) this.flush();
  }

  private flush(): void {
    const bytes = bytesOf(this.buffer.subarray(0, this.buffered));
    this.checksum = crc32(bytes, this.checksum);
    this.guarded(() => writeFully(this.descriptor, bytes));
    this.bodyWords += this.buffered;
    this.buffered = 0;
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new RunError(`cannot write ${this.path}: ${describeError(error)}`, { cause: error });
    }
  }
}

/** Reads the documents of a file one after another. The file's size is checked at once, its checksum at the end. */
export class FingerprintReader {
  readonly documents: number;
  readonly paragraphs: number;
  /** The words of the current document are here. */
  words = new Uint32Array(BUFFER_WORDS);
  /** Where in `words` its exact hash is. */
  exactAt = 0;
  /** Where its bands begin, -1 where it has none. */
  bandsAt = -1;
  /** Where its paragraphs begin, and how many they are. */
  paragraphsAt = 0;
  paragraphCount = 0;
  private readonly path: string;
  private readonly descriptor: number;
  private readonly bandWords: number;
  private readonly checksum: number;
  /** Words that are still on the disk. */
  private left: number;
  private at = 0;
  private end = 0;
  private seenDocuments = 0;
  private seenParagraphs = 0;
  private seenChecksum = 0;

  /** @throws RunError for a file that is missing, damaged, or made with other options */
  constructor(path: string, options: DedupOptions) {
    this.path = path;
    this.descriptor = this.guarded(() => openSync(path, 'r'));
    try {
      const header = new Uint32Array(HEADER_WORDS);
      const size = this.guarded(() => fstatSync(this.descriptor).size);
      if (this.read(header) < HEADER_WORDS) throw this.damaged('it is too short');
      if (header[0] !== MAGIC[0] || header[1] !== MAGIC[1]) throw this.damaged('it is no fingerprint file');
      if (header[HEADER_WORDS - 1] !== crc32(bytesOf(header.subarray(0, HEADER_WORDS - 1))))
        throw this.damaged('the checksum of its header is wrong');
      if (header[2] !== VERSION || meaning(options).some((value, i) => value !== header[3 + i]))
        throw new RunError(`${path} was made with other options or another version: make it again`);
      this.documents = header[7]!;
      this.paragraphs = whole(header[8]!, header[9]!);
      this.left = whole(header[10]!, header[11]!);
      this.checksum = header[12]!;
      this.bandWords = 2 * header[3]!;
      if (size !== HEADER_BYTES + 4 * this.left)
        throw this.damaged(`it has ${size} bytes, not those it was written with`);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Goes to the next document. @throws RunError for a damaged file, at its end at the latest */
  next(): boolean {
    if (this.seenDocuments === this.documents) {
      if (this.left > 0 || this.at < this.end || this.seenParagraphs !== this.paragraphs)
        throw this.damaged('it does not hold what its header says');
      if (this.seenChecksum !== this.checksum) throw this.damaged('its checksum is wrong');
      return false;
    }
    this.need(1);
    const shape = this.words[this.at]!;
    const [count, bandWords] = [shape >>> 1, shape & 1 ? this.bandWords : 0];
    const length = 1 + EXACT_WORDS + bandWords + PARAGRAPH_WORDS * count;
    this.need(length);
    this.exactAt = this.at + 1;
    this.bandsAt = bandWords > 0 ? this.exactAt + EXACT_WORDS : -1;
    this.paragraphsAt = this.exactAt + EXACT_WORDS + bandWords;
    this.paragraphCount = count;
    this.at += length;
    this.seenDocuments++;
    this.seenParagraphs += count;
    return true;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Makes `count` words available from `at`. */
  private need(count: number): void {
    const held = this.end - this.at;
    if (held >= count) return;
    if (count - held > this.left) throw this.damaged('a document reaches beyond its end');
    const target = count > this.words.length ? new Uint32Array(2 * count) : this.words;
    target.set(this.words.subarray(this.at, this.end));
    this.words = target;
    const fresh = target.subarray(held, held + Math.min(target.length - held, this.left));
    if (this.read(fresh) < fresh.length) throw this.damaged('it ended while it was read');
    this.seenChecksum = crc32(bytesOf(fresh), this.seenChecksum);
    this.left -= fresh.length;
    this.at = 0;
    this.end = held + fresh.length;
  }

  /** Reads whole words; fewer than there is room for at the end of the file. */
  private read(words: Uint32Array): number {
    const bytes = bytesOf(words);
    let done = 0;
    while (done < bytes.length) {
      const count = this.guarded(() => readSync(this.descriptor, bytes, done, bytes.length - done, null));
      if (count === 0) break;
      done += count;
    }
    return done >> 2;
  }

  private damaged(why: string): RunError {
    return new RunError(`${this.path} is damaged: ${why}`);
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new RunError(`cannot read ${this.path}: ${describeError(error)}`, { cause: error });
    }
  }
}

function halves(n: number): [number, number] {
  return [n % 2 ** 32, Math.floor(n / 2 ** 32)];
}
function whole(low: number, high: number): number {
  return low + high * 2 ** 32;
}
