/** Durable file writing: temporary file, fsync, rename, so that a crash leaves the old file or the new one, never half. */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError, InputError, RunError } from './errors.js';

/** Writes all of `bytes`, however many calls the operating system takes for it. */
export function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30));
}

/**
 * Writes a file atomically, creating its folder. `write` receives an open descriptor.
 * @throws RunError naming the path when the disk is full or the folder cannot be written; nothing is left behind.
 */
export function writeAtomicWith(path: string, write: (descriptor: number) => void): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    makeFolder(dirname(path));
    const descriptor = openSync(temporary, 'wx');
    try {
      write(descriptor);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // where the folder itself is unusable there is nothing to remove
    }
    if (error instanceof RunError || error instanceof InputError) throw error;
    throw new RunError(`cannot write ${path}: ${describeError(error)}`, { cause: error });
  }
}

/**
 * Makes a folder and those above it, where they do not exist. Node's own recursive `mkdirSync` never returns where the
 * folder above exists and refuses, as in `/proc`.
 * @throws the operating system's error
 */
export function makeFolder(path: string): void {
  const folder = resolve(path);
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(folder).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder);
  }
}

/** Writes text or bytes atomically; see {@link writeAtomicWith}. */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  writeAtomicWith(path, (descriptor) => writeFully(descriptor, bytes));
}

/** Makes a rename in `folder` survive a power cut. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Hexadecimal SHA-256 of a file, read in 4 MiB pieces. */
export function sha256File(path: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(4 << 20);
  const descriptor = openSync(path, 'r');
  try {
    for (;;) {
      const count = readSync(descriptor, buffer, 0, buffer.length, null);
      if (count === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Hexadecimal SHA-256 of text or bytes in memory. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
