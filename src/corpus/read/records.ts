/** Records as they stand in files: the lines of JSON lines, the rows of Parquet, one by one and named by their place. */
import { JsonDuckDBValueConverter } from '@duckdb/node-api';
import { InputError } from '../../io/errors.js';
import { isBlank } from '../text-checks.js';
import { discover } from './discover.js';
import { formatOf, splitName } from './formats.js';
import { LineSplitter } from './lines.js';
import { connect, firstLine, isDuckDbError, pattern, quoted } from './parquet.js';
import { piecesOf } from './pieces.js';
import { SourceBytes } from './source-bytes.js';
import type { SourceFile } from './discover.js';

/** A record and where it stands: `path:line` of JSON lines, `path#row` of Parquet, both from 1. */
export type FileRecord = { where: string } & (
  | { kind: 'line'; bytes: Uint8Array }
  | { kind: 'row'; row: Readonly<Record<string, unknown>> }
  /** Here something could not be read. */
  | { kind: 'damage'; reason: string }
);

/** Longest line in bytes. */
const MAX_LINE = 2 ** 26;

/**
 * The records of JSON lines (`.jsonl`, `.ndjson`, with .gz or .zst behind) and Parquet files, in order. Blank lines are none.
 * @param columns what is read of Parquet, where it is there
 * @throws InputError for paths that are not there, hold nothing, or are of another format
 */
export async function* readRecords(
  paths: readonly string[],
  columns: readonly string[],
): AsyncGenerator<FileRecord, void, undefined> {
  const files = discover(paths);
  for (const { path } of files) {
    const { extension, compression } = splitName(path);
    const format = formatOf(extension);
    if (format !== 'jsonl' && !(format === 'parquet' && compression === 'none'))
      throw new InputError(`${path}: expected JSON lines (.jsonl, .jsonl.gz, .jsonl.zst) or .parquet`);
  }
  for (const file of files) {
    if (formatOf(splitName(file.path).extension) === 'jsonl') yield* readLines(file);
    else yield* readRows(file.path, columns);
  }
}

async function* readLines({ path, bytes, modified }: SourceFile): AsyncGenerator<FileRecord> {
  const file = new SourceBytes(path, { bytes, modified });
  try {
    const splitter = new LineSplitter(0, MAX_LINE);
    let number = 0;
    const next = (line: { bytes: Uint8Array; tooLong?: true }): FileRecord | null => {
      const where = `${path}:${++number}`;
      if (line.tooLong) return { where, kind: 'damage', reason: 'the line has more than 64 MiB' };
      const start = number === 1 && Buffer.from(line.bytes.subarray(0, 3)).toString('hex') === 'efbbbf' ? 3 : 0;
      const text = line.bytes.subarray(start);
      return isBlank(text) ? null : { where, kind: 'line', bytes: text };
    };
    for await (const piece of piecesOf(file, splitName(path).compression)) {
      if (piece.kind === 'damage') {
        splitter.reset(splitter.offset);
        yield { where: `${path}:${number + 1}`, kind: 'damage', reason: `not read from here on: ${piece.reason}` };
      } else if (piece.kind === 'bytes')
        for (const line of splitter.push(piece.bytes)) {
          const record = next(line);
          if (record) yield record;
        }
    }
    const last = splitter.end();
    const record = last && next(last);
    if (record) yield record;
  } finally {
    file.close();
  }
}

async function* readRows(path: string, wanted: readonly string[]): AsyncGenerator<FileRecord> {
  const connection = await connect();
  let row = 0;
  try {
    const described = await connection.runAndReadAll(
      'select column_name from (describe select * from read_parquet($path, hive_partitioning = false))',
      { path: pattern(path) },
    );
    const all = described.getRows().map(([name]) => String(name));
    const columns = all.filter((name) => wanted.includes(name));
    // A row without any of them is told of as a record without fields: with names, the reader says what there is.
    if (columns.length === 0) {
      yield { where: `${path}#1`, kind: 'row', row: Object.fromEntries(all.map((name) => [name, null])) };
      return;
    }
    const result = await connection.stream(
      `select ${columns.map(quoted).join(', ')} from read_parquet($path, hive_partitioning = false)`,
      { path: pattern(path) },
    );
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      for (const values of chunk.convertRows(JsonDuckDBValueConverter)) {
        const fields = columns.flatMap((name, i) => (values[i] === null ? [] : [[name, values[i]] as const]));
        yield { where: `${path}#${++row}`, kind: 'row', row: Object.fromEntries(fields) };
      }
    }
  } catch (error) {
    if (!isDuckDbError(error)) throw error;
    yield { where: `${path}#${row + 1}`, kind: 'damage', reason: `not read from here on: ${firstLine(error)}` };
  } finally {
    connection.closeSync();
  }
}
