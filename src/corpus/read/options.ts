/** What the readers are told, and what they tell: options of a source, units of reading, problems. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';

/** Kinds of file that documents are read from. */
export const formats = ['text', 'markdown', 'html', 'jsonl', 'csv', 'parquet', 'json', 'warc'] as const;
export type Format = (typeof formats)[number];

/** What a file may be wrapped in, by its last extension. */
export type Compression = 'none' | 'gzip' | 'zstd';

/** How the files of a source are to be read. */
export const sourceOptionsSchema = z.strictObject({
  /** By default from the extension (behind .gz / .zst), and for stdin from the first bytes. */
  format: z.enum(formats).optional(),
  /** Field or column that holds the text (default "text"). */
  field: z.string().min(1).optional(),
  /** For json: a JMESPath expression giving the texts (strings, or objects with the field). */
  select: z.string().min(1).optional(),
  /** Encoding by its WHATWG label, where detection is not wanted. */
  encoding: z
    .string()
    .refine(isEncoding, { error: 'not an encoding that can be read: use a WHATWG label such as "windows-1252"' })
    .optional(),
});

export interface SourceOptions {
  format?: Format | undefined;
  field?: string | undefined;
  select?: string | undefined;
  encoding?: string | undefined;
}

/**
 * An independent slice of the input, plain JSON. It takes what begins in its bytes [from, to): the whole file, lines of a
 * large plain `.jsonl` file, or row groups of a Parquet file.
 */
export interface ReadUnit {
  path: string;
  /** Size of the file when it was planned. */
  bytes: number;
  from: number;
  to: number;
  format: Format;
  compression: Compression;
  options: SourceOptions;
  /** Last change in milliseconds since 1970 when it was planned. */
  modified: number;
  /** What documents and problems call the file, where it is not its path: it was spooled. */
  name?: string;
  /** Whether the user named the file itself: it may then not be binary. */
  explicit?: true;
}

/** What was skipped: file and offset or line, and why. */
export interface Problem {
  source: string;
  reason: string;
}

/** Tells of what is skipped; throws instead when reading strictly. */
export type Report = (source: string, reason: string) => void;

/** @throws InputError from the report that it makes when `strict` */
export function reporter(strict: boolean | undefined, onProblem: (problem: Problem) => void): Report {
  return (source, reason) => {
    if (strict) throw new InputError(`${source}: ${reason}`);
    onProblem({ source, reason });
  };
}

/** What documents and problems of a unit call its file. */
export const nameOf = (unit: ReadUnit): string => unit.name ?? unit.path;

/** Whether a unit is its whole file. */
export const isWhole = (unit: ReadUnit): boolean => unit.from === 0 && unit.to === unit.bytes;

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding.length > 0;
  } catch {
    return false;
  }
}
