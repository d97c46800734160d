/** Input that cannot be read anywhere one likes, made into a file: standard input, and Parquet that is compressed. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, InputError, RunError } from '../../io/errors.js';
import { makeFolder, writeFully } from '../../io/files.js';

/**
 * Writes bytes to a file of a folder, whose name tells their hash and whose date is `modified`, so that the same bytes
 * give the same file in another run.
 * @returns its path
 * @throws RunError where it cannot be written; whatever reading the bytes throws
 */
export async function spool(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  prefix: string,
  modified = 0,
): Promise<string> {
  const temporary = join(folder, `${prefix}.${randomBytes(4).toString('hex')}.tmp`);
  const hash = createHash('sha256');
  const guarded = <T>(write: () => T): T => {
    try {
      return write();
    } catch (error) {
      throw new RunError(`cannot write ${temporary}: ${describeError(error)}`, { cause: error });
    }
  };
  const descriptor = guarded(() => {
    makeFolder(folder);
    return openSync(temporary, 'wx');
  });
  try {
    try {
      for await (const chunk of bytes) {
        hash.update(chunk);
        guarded(() => writeFully(descriptor, chunk));
      }
      guarded(() => fsyncSync(descriptor));
    } finally {
      closeSync(descriptor);
    }
    const path = join(folder, `${prefix}-${hash.digest('hex').slice(0, 16)}`);
    guarded(() => {
      utimesSync(temporary, modified / 1000, modified / 1000);
      renameSync(temporary, path);
    });
    return path;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** @throws InputError where there is no folder to spool to */
export function spoolFolderFor(what: string, folder: string | undefined): string {
  if (folder === undefined) throw new InputError(`${what} needs a folder to be spooled to, and there is none`);
  return folder;
}
