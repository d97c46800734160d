/** JSON lines: a document a line. */
import { describeError } from '../../io/errors.js';
import type { SourceDocument } from '../document.js';
import { isBlank } from '../text-checks.js';
import { contentOf } from './content.js';
import { decode } from './encoding.js';
import { type Line, LineSplitter } from './lines.js';
import { isWhole, nameOf, type ReadUnit, type Report } from './options.js';
import { type Piece, piecesOf, plain } from './pieces.js';
import { documentOf, metaOf, TEXT_FIELD } from './record.js';
import type { SourceBytes } from './source-bytes.js';

/**
 * Documents of the lines that begin in the unit. A line is named by its number where the unit is the whole file
 * (`path:line`), and by the offset of its first byte where it is a slice (`path@offset`), which needs no count of the
 * lines before.
 */
export async function* readJsonl(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const sliced = !isWhole(unit);
  const content = await contentOf(
    sliced ? slice(file, unit) : piecesOf(file, unit.compression),
    unit.options.encoding ?? undefined,
  );
  if ('reason' in content) return report(nameOf(unit), `skipped, ${content.reason}`);
  const meta = content.original === 'utf-8' ? {} : { encoding: content.original };
  const splitter = new LineSplitter(sliced ? lineStart(file, unit.from) : 0);
  let number = 0;
  const sourceOf = (line: Line) => `${nameOf(unit)}${sliced ? `@${line.offset}` : `:${number}`}`;
  const read = (line: Line): SourceDocument | null => {
    number++;
    return documentOfLine(line, sourceOf(line), content.encoding, meta, unit, report);
  };
  for await (const piece of content.pieces) {
    if (piece.kind === 'bytes') {
      for (const line of splitter.push(piece.bytes)) {
        const document = read(line);
        if (document) yield document;
      }
    } else if (piece.kind === 'damage') {
      splitter.reset(splitter.offset);
      report(`${nameOf(unit)}@${piece.offset}`, `skipped behind line ${number}, ${piece.reason}`);
    }
  }
  const last = splitter.end();
  const document = last && read(last);
  if (document) yield document;
}

/** The bytes of the lines that begin in a unit: the last of them may end behind it. */
async function* slice(file: SourceBytes, unit: ReadUnit): AsyncGenerator<Piece> {
  const from = lineStart(file, unit.from);
  const to = lineStart(file, unit.to);
  let at = from;
  if (from < to)
    for await (const piece of plain(file, from)) {
      if (piece.kind !== 'bytes') continue;
      yield { kind: 'bytes', bytes: piece.bytes.subarray(0, to - at) };
      at += piece.bytes.length;
      if (at >= to) return;
    }
}

/** Where the first line begins that begins at `offset` or behind it. */
function lineStart(file: SourceBytes, offset: number): number {
  if (offset === 0 || offset >= file.size) return Math.min(offset, file.size);
  const end = file.find(Uint8Array.of(10), offset - 1);
  return end < 0 ? file.size : end + 1;
}

function documentOfLine(
  line: Line,
  source: string,
  encoding: string,
  meta: Record<string, string>,
  unit: ReadUnit,
  report: Report,
): SourceDocument | null {
  const skip = (reason: string): null => {
    report(source, `skipped, ${reason}`);
    return null;
  };
  if (line.tooLong) return skip('the line has more than 256 MiB');
  if (isBlank(line.bytes)) return null;
  const decoded = decode(line.bytes, encoding);
  if ('reason' in decoded) return skip(`${decoded.reason} of the line, which begins at byte ${line.offset}`);
  const field = unit.options.field ?? TEXT_FIELD;
  let record: unknown;
  try {
    record = JSON.parse(decoded.text);
  } catch (error) {
    return skip(`it is not JSON (${describeError(error)})`);
  }
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, field))
    return skip(`it has no field "${field}"`);
  const fields = record as Record<string, unknown>;
  const text = fields[field];
  if (typeof text !== 'string') return skip(`its field "${field}" is not a string`);
  return documentOf(text, source, { ...metaOf(fields, field), ...meta }, report);
}
