/**
 * The two ways a command can fail that are not bugs.
 *
 * Everything else that is thrown is a bug and keeps its stack trace.
 */

/** Bad usage or bad input: a flag, file, folder or model the user gave. The command exits with 2. */
export class InputError extends Error {
  override name = 'InputError';
}

/** Work that could not be finished (full disk, NaN loss, corrupt state). The command exits with 1. */
export class RunError extends Error {
  override name = 'RunError';
}

/** The operating system's words for an error such as ENOENT or ENOSPC, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOSPC':
      return 'no space left on the disk';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EISDIR':
      return 'it is a folder, not a file';
    case 'ENOTDIR':
      return 'a part of the path is a file, not a folder';
    case 'EEXIST':
      return 'it exists already';
    default:
      return error.message;
  }
}
