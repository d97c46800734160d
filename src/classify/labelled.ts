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

/** Texts with the label each has, if any. */
export interface TextRows {
  texts: string[];
  /** Line of each in its file, from 1. */
  lines: number[];
  /** Number of each text's label, or -1 for a text without. */
  labels: Int32Array;
}

/**
 * Reads texts from a `.txt` file, one a line, or a `.csv`, `.tsv` or `.jsonl` file, where they may have labels.
 * @param names the labels there may be; null does not look for labels
 * @throws InputError naming file and line for what is no text, and for a label that is not among the names
 */
export function readTexts(
  path: string,
  { text, label }: Pick<LabelledOptions, 'text' | 'label'>,
  names: readonly string[] | null,
): TextRows {
  const rows = readRows(path, text);
  if (rows.length === 0) throw new InputError(`${path}: no texts`);
  const texts = rows.map(({ line, row }) => {
    const content = row[text];
    if (typeof content === 'string') return content;
    const what =
      content === undefined ? `no "${text}"; there are ${Object.keys(row).join(', ')}` : `"${text}" is not text`;
    throw new InputError(`${path}:${line}: ${what}`);
  });
  const labels = Int32Array.from(rows, ({ line, row }) => {
    const given = row[label];
    if (!names || given === undefined || given === null) return -1;
    const number = names.indexOf(String(given));
    if (number >= 0) return number;
    throw new InputError(`${path}:${line}: label "${String(given)}" is none of ${names.join(', ')}`);
  });
  return { texts, lines: rows.map(({ line }) => line), labels };
}

interface Row {
  line: number;
  row: Readonly<Record<string, unknown>>;
}

/** @param plain the field that lines of a `.txt` file become; without it such files are not read */
function readRows(path: string, plain?: string): Row[] {
  const format = /\.(csv|tsv|jsonl|txt)$/i.exec(path)?.[1]?.toLowerCase();
  if (!format || (format === 'txt' && plain === undefined))
    throw new InputError(`${path}: expected a ${plain === undefined ? '' : '.txt, '}.csv, .tsv or .jsonl file`);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  if (!isUtf8(bytes)) throw new InputError(`${path}: not valid UTF-8`);
  if (format === 'txt')
    return bytes
      .toString('utf8')
      .split(/\r?\n/)
      .map((content, i) => ({ line: i + 1, row: { [plain!]: content } }))
      .filter(({ row }) => row[plain!]!.trim() !== '');
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
