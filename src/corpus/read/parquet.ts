/** Parquet by DuckDB, a row group at a time, on one thread and in little memory. */
import { DuckDBBlobValue, type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { describeError } from '../../io/errors.js';
import type { SourceDocument } from '../document.js';
import { decode } from './encoding.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { documentOf, isMetaField, metaOf, TEXT_FIELD } from './record.js';

/** What DuckDB may take. Reading rows in order needs no more, and nothing is ever spilled to the disk. */
const SETTINGS = {
  threads: '1',
  memory_limit: '256MB',
  temp_directory: '',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  preserve_insertion_order: 'true',
};

/** A row group: rows [from, to) of the file, whose first byte is at `offset`. */
export interface RowGroup {
  offset: number;
  from: number;
  to: number;
}

let instance: Promise<DuckDBInstance> | null = null;

/** A connection to the one instance of DuckDB; it is to be closed. */
export async function connect(): Promise<DuckDBConnection> {
  instance ??= DuckDBInstance.create(':memory:', SETTINGS);
  return (await instance).connect();
}

/**
 * The row groups of a file, in order.
 * @throws an error in DuckDB's words for a file that is not whole
 */
export async function rowGroups(path: string): Promise<RowGroup[]> {
  const connection = await connect();
  try {
    return await rowGroupsBy(connection, path);
  } finally {
    connection.closeSync();
  }
}

/** Documents of the row groups that begin in the unit, named by the number of the row in the file (`path#row`, from 1). */
export async function* readParquet(
  unit: ReadUnit,
  report: Report,
  onBytes: (bytes: number) => void,
): AsyncGenerator<SourceDocument> {
  const connection = await connect();
  try {
    const field = unit.options.field ?? TEXT_FIELD;
    const begun = await begin(connection, unit, field);
    if ('reason' in begun) return report(nameOf(unit), `skipped, ${begun.reason}`);
    for (const [i, group] of begun.groups.entries()) {
      yield* readGroup(connection, unit, group, [field, ...begun.meta], report);
      onBytes((begun.groups[i + 1]?.offset ?? unit.to) - group.offset);
    }
  } finally {
    connection.closeSync();
  }
}

async function begin(
  connection: DuckDBConnection,
  unit: ReadUnit,
  field: string,
): Promise<{ groups: RowGroup[]; meta: string[] } | { reason: string }> {
  try {
    const groups = await rowGroupsBy(connection, unit.path);
    const described = await connection.runAndReadAll(
      'select column_name, column_type from (describe select * from read_parquet($path, hive_partitioning = false))',
      { path: pattern(unit.path) },
    );
    const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    const text = columns.find(({ name }) => name === field);
    if (!text) {
      const names = columns.map(({ name }) => name).join(', ');
      return { reason: `it has no column "${field}" (but ${names.slice(0, 200)}): name one of them` };
    }
    if (text.type !== 'VARCHAR' && text.type !== 'BLOB')
      return { reason: `its column "${field}" holds ${text.type}, not text` };
    const meta = columns.map(({ name }) => name).filter((name) => name !== field && isMetaField(name));
    return { groups: groups.filter(({ offset }) => offset >= unit.from && offset < unit.to), meta };
  } catch (error) {
    return { reason: `it is not a whole Parquet file (${firstLine(error)})` };
  }
}

async function* readGroup(
  connection: DuckDBConnection,
  unit: ReadUnit,
  group: RowGroup,
  columns: readonly string[],
  report: Report,
): AsyncGenerator<SourceDocument> {
  const [field] = columns as [string];
  const query =
    `select ${columns.map(quoted).join(', ')} ` +
    'from read_parquet($path, file_row_number = true, hive_partitioning = false) ' +
    `where file_row_number >= ${group.from} and file_row_number < ${group.to}`;
  let row = group.from;
  try {
    const result = await connection.stream(query, { path: pattern(unit.path) });
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
      const values = columns.map((_, i) => chunk.getColumnValues(i));
      for (let i = 0; i < chunk.rowCount; i++) {
        const source = `${nameOf(unit)}#${++row}`;
        const text = textOf(values[0]![i] ?? null);
        if (typeof text !== 'string') {
          report(source, `skipped, its "${field}" is ${text.reason}`);
          continue;
        }
        const record = Object.fromEntries(columns.map((name, c) => [name, values[c]![i]]));
        const document = documentOf(text, source, metaOf(record, field), report);
        if (document) yield document;
      }
    }
  } catch (error) {
    if (!isDuckDbError(error)) throw error;
    report(`${nameOf(unit)}#${row + 1}`, `skipped up to row ${group.to}, the file is damaged (${firstLine(error)})`);
  }
}

async function rowGroupsBy(connection: DuckDBConnection, path: string): Promise<RowGroup[]> {
  const result = await connection.runAndReadAll(
    `select row_group_id::integer, any_value(row_group_num_rows)::double,
            min(coalesce(least(dictionary_page_offset, data_page_offset), data_page_offset))::double
     from parquet_metadata($path) group by row_group_id order by row_group_id`,
    { path: pattern(path) },
  );
  let from = 0;
  return result.getRows().map(([, rows, offset]) => {
    const group = { offset: Number(offset), from, to: from + Number(rows) };
    from = group.to;
    return group;
  });
}

function textOf(value: DuckDBValue): string | { reason: string } {
  if (typeof value === 'string') return value;
  if (!(value instanceof DuckDBBlobValue)) return { reason: 'null' };
  const decoded = decode(value.bytes, 'utf-8');
  return 'text' in decoded ? decoded.text : decoded;
}

/** DuckDB takes a path for a glob: the characters that make it one stand for themselves in brackets. */
export const pattern = (path: string): string => path.replace(/[*?[]/g, '[$&]');

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const firstLine = (error: unknown): string => describeError(error).split('\n', 1)[0]!.slice(0, 200);

/** DuckDB throws plain errors that name their kind, as in "IO Error: ...". */
export const isDuckDbError = (error: unknown): boolean =>
  error instanceof Error && error.name === 'Error' && /^[A-Z][\w -]*( Error|Exception|Input)?:/i.test(error.message);
