/** Which files a list of files and folders means: recursive, in a fixed order, each file once. */
import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { extname, join } from 'node:path';
import { describeError, InputError } from '../io/errors.js';

/** A file of text to read. */
export interface SourceFile {
  path: string;
  /** Size in bytes when it was found. */
  bytes: number;
  /** Last change in milliseconds since 1970 when it was found. */
  modified: number;
  /** Whether the user named the file itself rather than a folder above it. */
  explicit: boolean;
}

/** Extensions that a folder's files are not read with: binary formats, and data that is not prose. */
const notText = new Set(
  (
    '7z a ai aac apk arrow avi avif avro bin bmp bz2 ckpt class cab db deb dll dmg doc docx dylib eot epub exe feather ' +
    'flac flv gguf gif gz h5 heic ico iso jar jpeg jpg json lock lz4 lzma m4a map mdb mkv mobi mov mp3 mp4 mpg msgpack ' +
    'msi node npy npz o obj odp ods odt ogg onnx opus otf parquet pb pdf pkl png ppt pptx psd pt pth pyc pyo rar rpm ' +
    'rtf safetensors so sqlite sqlite3 svg tar tflite tgz tif tiff ttf wasm wav webm webp wmv woff woff2 xls xlsx xz z ' +
    'zip zst'
  ).split(' '),
);

/**
 * Files under `paths`, in the order of the arguments and within a folder in the byte order of their paths.
 * In folders, hidden entries and extensions of binary formats are left out (the latter with one warning); a file that is
 * named itself is always taken. Links are followed, each folder and file once, so a loop of links ends.
 * @throws InputError for a path that does not exist, cannot be read, or holds no file of text.
 */
export function discover(paths: readonly string[], warn: (message: string) => void = () => {}): SourceFile[] {
  if (paths.length === 0) throw new InputError('no text given: name files or folders of text');
  const files: SourceFile[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const stats = inspect(path);
    if (stats.isDirectory()) walk(path, files, seen, warn);
    else if (!stats.isFile()) throw new InputError(`${path} is neither a file nor a folder: write its text to a file`);
    else take(path, stats, true, files, seen);
  }
  if (files.length === 0) throw new InputError(`no file of text in ${paths.join(', ')}`);
  return files;
}

function walk(root: string, files: SourceFile[], seen: Set<string>, warn: (message: string) => void): void {
  const skipped = new Map<string, number>();
  const before = files.length;
  let known = 0;
  const visit = (folder: string): void => {
    const real = realpathSync(folder);
    if (seen.has(real)) {
      known++;
      return;
    }
    seen.add(real);
    for (const name of list(folder)) {
      if (name.startsWith('.')) continue;
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (!stats) {
        warn(`${path}: skipped, a link to nothing`);
        continue;
      }
      const extension = extname(name).slice(1).toLowerCase();
      if (stats.isDirectory()) visit(path);
      else if (stats.isFile() && notText.has(extension)) skipped.set(extension, (skipped.get(extension) ?? 0) + 1);
      else if (stats.isFile() && !take(path, stats, false, files, seen)) known++;
    }
  };
  visit(root);
  if (skipped.size > 0) {
    const count = [...skipped.values()].reduce((sum, n) => sum + n);
    const kinds = [...skipped.keys()].sort().map((extension) => `.${extension}`);
    warn(`${root}: skipped ${count} ${count === 1 ? 'file' : 'files'} that are not text by name (${kinds.join(', ')})`);
  }
  if (files.length === before && known === 0)
    throw new InputError(`${root} holds no file of text: give a folder with .txt, .md or .jsonl files`);
}

function take(path: string, stats: Stats, explicit: boolean, files: SourceFile[], seen: Set<string>): boolean {
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
    return readdirSync(folder).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    throw new InputError(`cannot read the folder ${folder}: ${describeError(error)}`, { cause: error });
  }
}
