/** Which files a list of files, folders and globs means: recursive, in a fixed order, each file once. */
import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { describeError, InputError } from '../../io/errors.js';
import { isLeftOut, splitName } from './formats.js';
import type { Problem } from './options.js';

/** A file to read documents from. */
export interface SourceFile {
  path: string;
  /** Size in bytes when it was found. */
  bytes: number;
  /** Last change in milliseconds since 1970 when it was found. */
  modified: number;
  /** Whether the user named the file itself rather than a folder above it or a glob. */
  explicit: boolean;
}

/** Files found so far, each once by its real path. */
interface Found {
  files: SourceFile[];
  seen: Set<string>;
  warn: (problem: Problem) => void;
}

/**
 * Files under `paths`, in the order of the arguments, and within a folder or a glob in the byte order of their paths.
 * In folders and globs, hidden entries and extensions of binary formats are left out (the latter with one warning), in
 * folders also .json, which is more often settings or a description of the text beside it than text. A file that is named
 * itself is always taken. Links are followed, each folder and file once, so a loop of links ends.
 * @throws InputError for a path that does not exist, cannot be read, or holds no file to read
 */
export function discover(paths: readonly string[], warn: (problem: Problem) => void = () => {}): SourceFile[] {
  if (paths.length === 0) throw new InputError('no text given: name files, folders or globs');
  const found: Found = { files: [], seen: new Set(), warn };
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats && isDynamicPattern(path)) takeGlob(path, found);
    else takePath(path, found);
  }
  if (found.files.length === 0) throw new InputError(`no file to read in ${paths.join(', ')}`);
  return found.files;
}

function takePath(path: string, found: Found): void {
  const stats = inspect(path);
  if (stats.isDirectory()) {
    const walk = new Walk(path, found);
    walk.visit(path);
    walk.finish();
  } else if (!stats.isFile()) throw new InputError(`${path} is neither a file nor a folder: write its text to a file`);
  else take(path, stats, true, found);
}

function takeGlob(pattern: string, found: Found): void {
  const walk = new Walk(pattern, found);
  let paths: string[];
  try {
    paths = globSync(pattern, { dot: false, expandDirectories: false, onlyFiles: false });
  } catch (error) {
    throw new InputError(`cannot read ${pattern}: ${describeError(error)}`, { cause: error });
  }
  for (const path of paths.map((path) => path.replace(/\/$/, '')).sort(byteOrder)) walk.entry(path, false);
  walk.finish();
}

/** The files of one folder or glob. */
class Walk {
  private readonly skipped = new Map<string, number>();
  private readonly before: number;
  private known = 0;

  private readonly root: string;
  private readonly found: Found;

  constructor(root: string, found: Found) {
    this.found = found;
    this.root = root;

    this.before = found.files.length;
  }

  visit(folder: string): void {
    const real = realpathSync(folder);
    if (this.found.seen.has(real)) {
      this.known++;
      return;
    }
    this.found.seen.add(real);
    for (const name of list(folder)) if (!name.startsWith('.')) this.entry(join(folder, name), true);
  }

  entry(path: string, inFolder: boolean): void {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) {
      this.found.warn({ source: path, reason: 'skipped, a link to nothing' });
      return;
    }
    const { extension } = splitName(path);
    if (stats.isDirectory()) this.visit(path);
    else if (stats.isFile() && (isLeftOut(extension) || (inFolder && extension === 'json')))
      this.skipped.set(extension, (this.skipped.get(extension) ?? 0) + 1);
    else if (stats.isFile() && !take(path, stats, false, this.found)) this.known++;
  }

  finish(): void {
    if (this.skipped.size > 0) {
      const count = [...this.skipped.values()].reduce((sum, n) => sum + n);
      const kinds = [...this.skipped.keys()].sort().map((extension) => `.${extension}`);
      const files = count === 1 ? 'file that is' : 'files that are';
      this.found.warn({
        source: this.root,
        reason: `skipped ${count} ${files} not text by name (${kinds.join(', ')})`,
      });
    }
    if (this.found.files.length === this.before && this.known === 0)
      throw new InputError(
        `${this.root} holds no file to read: give text, .md, .html, .jsonl, .csv, .parquet or .warc`,
      );
  }
}

function take(path: string, stats: Stats, explicit: boolean, { files, seen }: Found): boolean {
  const real = realpathSync(path);
  if (seen.has(real)) return false;
  seen.add(real);
  files.push({ path, bytes: stats.size, modified: stats.mtimeMs, explicit });
  return true;
}

function inspect(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort(byteOrder);
  } catch (error) {
    throw new InputError(`cannot read the folder ${folder}: ${describeError(error)}`, { cause: error });
  }
}

const byteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
