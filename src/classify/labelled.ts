/** Labelled texts for training and evaluation, from CSV (RFC 4180) or JSON lines. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { CsvError, parse } from 'csv-parse/sync';
import { describeError, InputError } from '../io/errors.js';

export interface Labelled {
  /** Names of the labels. */
  names: string[];
  texts: string[];
  /** For each text the number of its label. */
  labels: Uint8Array;
}

export interface LabelledOptions {
  /** Column or field of the text. */
  text: string;
  /** Column or field of the label. */
  label: string;
  /** Labels as the file has them and their names, in the order wanted; by default all there are, sorted. */
  names?: ReadonlyMap<string, string>;
}

const MOST_LABELS = 100;

/**
 * Reads a `.csv`, `.tsv` or `.jsonl` file.
 * @throws InputError naming file and line for what is missing, no text, or not among the labels
 */
export function readLabelled(path: string, { text, label, names }: LabelledOptions): Labelled {
  const rows = readRows(path);
  const found = rows.map(({ line, row }) => {
    const [content, given] = [row[text], row[label]];
    for (const [field, value] of [
      [text, content],
      [label, given],
    ] as const)
      if (value === undefined)
        throw new InputError(`${path}:${line}: no "${field}"; there are ${Object.keys(row).join(', ') || 'none'}`);
    if (typeof content !== 'string') throw new InputError(`${path}:${line}: "${text}" is not text`);
    if (typeof given !== 'string' && typeof given !== 'number' && typeof given !== 'boolean')
      throw new InputError(`${path}:${line}: "${label}" is not a label`);
    return { line, content, given: String(given) };
  });
  const known = names ?? new Map([...new Set(found.map(({ given }) => given))].sort().map((name) => [name, name]));
  if (known.size < 2 || known.size > MOST_LABELS)
    throw new InputError(`${path}: ${known.size} labels in "${label}"; 2 to ${MOST_LABELS} can be told apart`);
  const numbers = new Map([...known.keys()].map((name, i) => [name, i]));
  const labels = Uint8Array.from(found, ({ line, given }) => {
    const number = numbers.get(given);
    if (number !== undefined) return number;
    throw new InputError(`${path}:${line}: label "${given}" is none of ${[...known.keys()].join(', ')}`);
  });
  return { names: [...known.values()], texts: found.map(({ content }) => content), labels };
}

interface Row {
  line: number;
  row: Readonly<Record<string, unknown>>;
}

function readRows(path: string): Row[] {
  const format = /\.(csv|tsv|jsonl)$/i.exec(path)?.[1]?.toLowerCase();
  if (!format) throw new InputError(`${path}: expected a .csv, .tsv or .jsonl file`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  if (!isUtf8(bytes)) throw new InputError(`${path}: not valid UTF-8`);
  return format === 'jsonl'
    ? jsonRows(bytes.toString('utf8'), path)
    : csvRows(bytes, format === 'tsv' ? '\t' : ',', path);
}

function csvRows(bytes: Buffer, delimiter: string, path: string): Row[] {
  try {
    const records = parse(bytes, {
      columns: true,
      bom: true,
      delimiter,
      info: true,
      skip_empty_lines: true,
    }) as unknown as {
      info: { lines: number };
      record: Record<string, string>;
    }[];
    return records.map(({ info, record }) => ({ line: info.lines, row: record }));
  } catch (error) {
    if (error instanceof CsvError) throw new InputError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
}

function jsonRows(text: string, path: string): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      throw new InputError(`${path}:${i + 1}: not valid JSON (${describeError(error)})`, { cause: error });
    }
    if (typeof row !== 'object' || row === null || Array.isArray(row))
      throw new InputError(`${path}:${i + 1}: expected a JSON object`);
    rows.push({ line: i + 1, row: row as Record<string, unknown> });
  }
  return rows;
}
