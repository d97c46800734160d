/** Readers: documents of files in many formats, streaming, in bounded memory, with everything skipped told of. */
import type { SourceDocument } from '../document.js';
import { type Format, nameOf, type Problem, type ReadUnit, type Report, reporter } from './options.js';
import { SourceBytes } from './source-bytes.js';

export {
  type Compression,
  type Format,
  formats,
  type Problem,
  type ReadUnit,
  type SourceOptions,
  sourceOptionsSchema,
} from './options.js';
export { type PlanOptions, planUnits, UNIT_BYTES } from './plan.js';

export interface ReadOptions {
  /** Whether the first problem is thrown. */
  strict?: boolean | undefined;
  /** Told of what is skipped. */
  onProblem: (problem: Problem) => void;
  /** Given how many bytes more have been read from the disk; they add up to the unit's. */
  onBytes?: ((bytes: number) => void) | undefined;
}

type Reader = (file: SourceBytes, unit: ReadUnit, report: Report) => AsyncGenerator<SourceDocument>;

/** Loaded when they are first needed: what HTML and Parquet lean on is large. */
const readers: Record<Exclude<Format, 'parquet'>, () => Promise<Reader>> = {
  text: async () => (await import('./text.js')).readText,
  markdown: async () => (await import('./text.js')).readText,
  html: async () => (await import('./html.js')).readHtml,
  jsonl: async () => (await import('./jsonl.js')).readJsonl,
  csv: async () => (await import('./csv.js')).readCsv,
  json: async () => (await import('./json.js')).readJson,
  warc: async () => (await import('./warc.js')).readWarc,
};

/**
 * The documents of a unit, in order, in bounded memory. What cannot be read is skipped and told of; documents given before
 * stay good.
 * @throws InputError for a file that cannot be opened, for a binary or too large file that was named itself, and when
 *   `strict` for the first problem; RunError for a file that changed since it was planned
 */
export async function* readUnit(unit: ReadUnit, options: ReadOptions): AsyncGenerator<SourceDocument> {
  const report = reporter(options.strict, options.onProblem);
  let counted = 0;
  const total = unit.to - unit.from;
  const count = (bytes: number): void => {
    const more = Math.min(bytes, total - counted);
    counted += more;
    if (more > 0) options.onBytes?.(more);
  };
  const file = new SourceBytes(unit.path, unit, count);
  try {
    if (unit.bytes === 0) report(nameOf(unit), 'skipped, the file is empty');
    else if (unit.format === 'parquet') yield* (await import('./parquet.js')).readParquet(unit, report, count);
    else {
      const read = await readers[unit.format]();
      yield* read(file, unit, report);
    }
    count(total);
  } finally {
    file.close();
  }
}
