/** Documents of one file: a text file is one document, a `.jsonl` file has one a line in its field "text". */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { describeError, InputError, RunError } from '../io/errors.js';
import type { SourceFile } from './discover.js';
import { binaryReason, invalidUtf8At, isBlank, unixLineEnds, withoutBom } from './text-checks.js';

/** A text from one source. */
export interface Document {
  /** Valid UTF-8 without byte-order mark, lines ended by LF, not blank. */
  text: Uint8Array;
  /** Path of the file, with `:line` for `.jsonl`. */
  source: string;
  /** Hexadecimal SHA-256 of `text`. */
  hash: string;
}

/** A text file is held in memory whole, so it may not be larger: 2 GiB less one byte. */
export const MAX_TEXT_FILE = 2 ** 31 - 1;

/** A line of a `.jsonl` file must fit a JavaScript string. */
const MAX_LINE = 2 ** 28;

const CHUNK = 1 << 20;

export interface ReadOptions {
  /** Told in one line of everything that is left out, and why. */
  warn: (message: string) => void;
  /** Given every byte of the file as it is on the disk. */
  inputHash?: Hash;
}

/**
 * Reads the documents of a file. What is empty or not UTF-8 is left out with a warning, and so is a binary file that was
 * found in a folder.
 * @throws InputError for a file that was named itself and is binary, for a file that is too large or cannot be read, and
 *   for a bad line of a `.jsonl` file (`file:line`); RunError when the file changed since it was found
 */
export function* readDocuments(file: SourceFile, options: ReadOptions): Generator<Document> {
  const { size, mtimeMs } = guarded(file.path, () => statSync(file.path));
  if (size !== file.bytes || mtimeMs !== file.modified)
    throw new RunError(`${file.path} changed while it was being read: run again`);
  if (size === 0) options.warn(`${file.path}: skipped, the file is empty`);
  else if (file.path.toLowerCase().endsWith('.jsonl')) yield* readLines(file, options);
  else yield* readWhole(file, options);
}

function* readWhole(file: SourceFile, { warn, inputHash }: ReadOptions): Generator<Document> {
  const { path } = file;
  if (file.bytes > MAX_TEXT_FILE)
    throw new InputError(
      `${path} has ${(file.bytes / 2 ** 30).toFixed(1)} GiB, more than 2 GiB: split it into smaller files`,
    );
  const raw: Uint8Array = guarded(path, () => readFileSync(path));
  inputHash?.update(raw);
  const binary = binaryReason(raw);
  if (binary !== null && file.explicit) throw new InputError(`cannot use ${path}: ${binary}`);
  if (binary !== null) return warn(`${path}: skipped, ${binary}`);
  const bad = invalidUtf8At(raw);
  if (bad >= 0) return warn(`${path}: skipped, not UTF-8 at byte ${bad}`);
  const document = documentOf(raw, path);
  if (document) yield document;
  else warn(`${path}: skipped, it is blank`);
}

function* readLines(file: SourceFile, options: ReadOptions): Generator<Document> {
  let number = 0;
  for (const bytes of lines(file.path, options.inputHash)) {
    const source = `${file.path}:${++number}`;
    const line = number === 1 ? withoutBom(bytes) : bytes;
    if (isBlank(line)) continue;
    const bad = invalidUtf8At(line);
    if (bad >= 0) {
      options.warn(`${source}: skipped, not UTF-8 at byte ${bad} of the line`);
      continue;
    }
    const document = documentOf(Buffer.from(textField(line, source)), source);
    if (document) yield document;
    else options.warn(`${source}: skipped, its text is blank`);
  }
}

function textField(line: Uint8Array, source: string): string {
  const wanted = 'every line must be an object like {"text": "..."}';
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(line.buffer, line.byteOffset, line.length).toString());
  } catch (error) {
    throw new InputError(`${source} is not JSON (${describeError(error)}): ${wanted}`, { cause: error });
  }
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined;
  if (typeof text !== 'string') throw new InputError(`${source} has no field "text" with a string: ${wanted}`);
  return text;
}

/** Cleans `bytes`, which it may change. Null for blank text. */
function documentOf(bytes: Uint8Array, source: string): Document | null {
  const text = unixLineEnds(withoutBom(bytes));
  return isBlank(text) ? null : { text, source, hash: createHash('sha256').update(text).digest('hex') };
}

/** The lines of a file, without their LF, holding one line at a time. */
function* lines(path: string, inputHash?: Hash): Generator<Uint8Array> {
  const descriptor = guarded(path, () => openSync(path, 'r'));
  try {
    let pending: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const count = guarded(path, () => readSync(descriptor, chunk));
      if (count === 0) break;
      inputHash?.update(chunk.subarray(0, count));
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < count; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...pending, chunk.subarray(from, end)]);
        [pending, length, from] = [[], 0, end + 1];
      }
      pending.push(chunk.subarray(from, count));
      length += count - from;
      if (length > MAX_LINE)
        throw new InputError(`${path} has a line of more than 256 MiB: split its text into several lines`);
    }
    if (length > 0) yield Buffer.concat(pending);
  } finally {
    closeSync(descriptor);
  }
}

function guarded<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
