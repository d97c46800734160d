/**
 * Files of one JSON object a line that survive a crash: a line is appended whole, a torn last line is dropped on reading,
 * and a resumed run cuts off what came after its checkpoint.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { describeError, InputError, RunError } from './errors.js';
import { makeFolder, writeAtomic, writeFully } from './files.js';

/** Appends lines to a file until it is closed. */
export class LineAppender {
  private readonly path: string;
  private descriptor: number | null;

  /** Opens or makes the file, and its folder. @throws RunError when it cannot be written */
  constructor(path: string) {
    this.path = path;
    this.descriptor = this.guarded(() => {
      makeFolder(dirname(path));
      return openSync(path, 'a');
    });
  }

  /** Appends a line at once. @throws RunError when the disk is full */
  append(line: string): void {
    const { descriptor } = this;
    if (descriptor === null) throw new Error(`${this.path} is closed`);
    this.guarded(() => writeFully(descriptor, Buffer.from(`${line}\n`)));
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw new RunError(`cannot write ${this.path}: ${describeError(error)}`, { cause: error });
    }
  }
}

/**
 * Reads a file of JSON lines; a file that does not exist has none. A last line without its end is dropped: the process
 * died while it was written.
 * @throws InputError naming file and line for anything else that does not fit the schema
 */
export function readJsonLines<T>(path: string, schema: z.ZodType<T>): T[] {
  return wholeLines(path).map((line, i) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new InputError(`${path}:${i + 1} is not JSON: ${describeError(error)}`, { cause: error });
    }
    const { data, error } = schema.safeParse(value);
    if (!error) return data;
    throw new InputError(`${path}:${i + 1}: ${z.prettifyError(error).replaceAll(/\s+/g, ' ')}`);
  });
}

/** Rewrites the file, if it exists, with only the lines that `keep` says yes to, and without a torn one. */
export function keepLines(path: string, keep: (line: string) => boolean): void {
  if (!existsSync(path)) return;
  const kept = wholeLines(path).filter(keep);
  writeAtomic(path, kept.map((line) => `${line}\n`).join(''));
}

function wholeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}
