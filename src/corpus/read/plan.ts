/** From paths to units of reading. */
import { statSync } from 'node:fs';
import { InputError } from '../../io/errors.js';
import { detectEncoding, SAMPLE } from './encoding.js';
import { discover, type SourceFile } from './discover.js';
import { formatOf, sniffCompression, sniffFormat, splitName } from './formats.js';
import { checkSelect } from './json.js';
import { type Compression, type Problem, type ReadUnit, type SourceOptions, sourceOptionsSchema } from './options.js';
import { piecesOf } from './pieces.js';
import { SourceBytes } from './source-bytes.js';
import { spool, spoolFolderFor } from './spool.js';

/** Bytes of a slice where none are given: large enough that starting one costs nothing beside reading it. */
export const UNIT_BYTES = 32 << 20;

export interface PlanOptions extends SourceOptions {
  /** Slices of large files have about so many bytes (default 32 MiB). */
  unitBytes?: number | undefined;
  /** Where standard input and compressed Parquet are written before they are read. */
  spoolFolder?: string | undefined;
  /** Told of what is left out. */
  warn: (problem: Problem) => void;
  /** What "-" stands for (default: the process's standard input). */
  stdin?: AsyncIterable<Uint8Array> | undefined;
}

/**
 * The units that `paths` are read in, in order. Plain `.jsonl` files are cut at lines and Parquet files at row groups
 * when they are larger than `unitBytes`; any other file is one unit.
 *
 * @param paths files, folders, globs, or "-" for standard input
 * @throws InputError for a path that is not there or holds nothing to read, and for options that are wrong
 */
export async function planUnits(paths: readonly string[], options: PlanOptions): Promise<ReadUnit[]> {
  const { unitBytes = UNIT_BYTES, spoolFolder, warn, stdin, ...given } = options;
  const parsed = sourceOptionsSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InputError(`${issue!.path.join('.') || 'options'}: ${issue!.message}`);
  }
  const source: SourceOptions = parsed.data;
  if (source.select !== undefined) checkSelect(source.select);
  const units: ReadUnit[] = [];
  for (const files of grouped(paths, warn)) {
    if (files === '-') units.push(await stdinUnit(source, spoolFolder, stdin ?? process.stdin));
    else for (const file of files) units.push(await unitOf(file, source, spoolFolder));
  }
  const sliced: ReadUnit[] = [];
  for (const unit of units) sliced.push(...(await slices(unit, unitBytes)));
  return sliced;
}

/** Files of runs of paths, with "-" where it stands. */
function grouped(paths: readonly string[], warn: (problem: Problem) => void): (SourceFile[] | '-')[] {
  if (!paths.includes('-')) return [discover(paths, warn)];
  if (paths.filter((path) => path === '-').length > 1) throw new InputError('"-" (standard input) is given twice');
  const at = paths.indexOf('-');
  const found = paths.length > 1 ? discover(paths.toSpliced(at, 1), warn) : [];
  const before = at === 0 ? 0 : discover(paths.slice(0, at)).length;
  return [found.slice(0, before), '-', found.slice(before)];
}

async function unitOf(file: SourceFile, options: SourceOptions, spoolFolder: string | undefined): Promise<ReadUnit> {
  const { extension, compression } = splitName(file.path);
  const unit: ReadUnit = {
    path: file.path,
    bytes: file.bytes,
    from: 0,
    to: file.bytes,
    format: options.format ?? formatOf(extension),
    compression,
    options,
    modified: file.modified,
    ...(file.explicit ? { explicit: true } : {}),
  };
  return unit.format === 'parquet' && compression !== 'none' ? unpacked(unit, spoolFolder) : unit;
}

/** Parquet is read from behind, so what it is compressed with must come off first. */
async function unpacked(unit: ReadUnit, spoolFolder: string | undefined): Promise<ReadUnit> {
  const folder = spoolFolderFor(`${unit.path} (Parquet that is compressed as a whole)`, spoolFolder);
  const path = await spool(contentOf(unit), folder, 'parquet', unit.modified);
  return { ...spooled(unit, path), compression: 'none' };
}

async function* contentOf(unit: ReadUnit): AsyncGenerator<Uint8Array> {
  const file = new SourceBytes(unit.path, unit);
  try {
    // Damage is told of when what there is turns out not to be a whole file.
    for await (const piece of piecesOf(file, unit.compression)) if (piece.kind === 'bytes') yield piece.bytes;
  } finally {
    file.close();
  }
}

async function stdinUnit(
  options: SourceOptions,
  spoolFolder: string | undefined,
  stdin: AsyncIterable<Uint8Array>,
): Promise<ReadUnit> {
  const folder = spoolFolderFor('standard input', spoolFolder);
  const path = await spool(stdin, folder, 'stdin');
  const head = await beginning(path, 'none');
  const compression = sniffCompression(head);
  const content = compression === 'none' ? head : await beginning(path, compression);
  const format = options.format ?? sniffFormat(content);
  const { size, mtimeMs } = statSync(path);
  const unit: ReadUnit = { path, bytes: size, from: 0, to: size, format, compression, options, modified: mtimeMs };
  const named: ReadUnit = { ...unit, name: 'stdin', explicit: true };
  return format === 'parquet' && compression !== 'none' ? unpacked(named, spoolFolder) : named;
}

function spooled(unit: ReadUnit, path: string): ReadUnit {
  const { size, mtimeMs } = statSync(path);
  return { ...unit, path, bytes: size, to: size, modified: mtimeMs, name: unit.name ?? unit.path };
}

/** The first bytes of a file's content. */
async function beginning(path: string, compression: Compression): Promise<Uint8Array> {
  const { size, mtimeMs } = statSync(path);
  const file = new SourceBytes(path, { bytes: size, modified: mtimeMs });
  try {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const piece of piecesOf(file, compression)) {
      if (piece.kind === 'damage') break;
      if (piece.kind === 'bytes') length += parts.push(piece.bytes) && piece.bytes.length;
      if (length >= SAMPLE) break;
    }
    return Buffer.concat(parts);
  } finally {
    file.close();
  }
}

async function slices(unit: ReadUnit, unitBytes: number): Promise<ReadUnit[]> {
  if (unit.bytes <= unitBytes || unit.compression !== 'none') return [unit];
  if (unit.format === 'jsonl') return lineSlices(unit, unitBytes);
  if (unit.format !== 'parquet') return [unit];
  const { rowGroups } = await import('./parquet.js');
  const starts = await rowGroups(unit.path).then(
    (groups) => groups.map(({ offset }) => offset),
    () => [], // what is wrong with it is told by whoever reads it
  );
  const cuts = [0];
  for (const offset of starts.slice(1)) if (offset >= cuts.at(-1)! + unitBytes) cuts.push(offset);
  return cuts.map((from, i) => ({ ...unit, from, to: cuts[i + 1] ?? unit.bytes }));
}

/** All slices are read in the encoding of the file's beginning. */
async function lineSlices(unit: ReadUnit, unitBytes: number): Promise<ReadUnit[]> {
  const head = await beginning(unit.path, 'none');
  const found = unit.options.encoding === undefined ? detectEncoding(head, true) : { encoding: unit.options.encoding };
  if ('reason' in found || /^(utf-?16|iso-2022)/i.test(found.encoding)) return [unit];
  const options = { ...unit.options, encoding: found.encoding };
  const count = Math.ceil(unit.bytes / unitBytes);
  const cut = (i: number) => Math.round((i * unit.bytes) / count);
  return Array.from({ length: count }, (_, i) => ({ ...unit, from: cut(i), to: cut(i + 1), options }));
}
