/** Formats whose file is read whole, within a limit. */
import { constants } from 'node:buffer';
import { InputError } from '../../io/errors.js';
import { decode, detectEncoding } from './encoding.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { piecesOf } from './pieces.js';
import type { SourceBytes } from './source-bytes.js';

/** A text is a JavaScript string, so it may not be longer: 512 MiB of characters. */
export const MAX_TEXT = constants.MAX_STRING_LENGTH;

/**
 * All of a file's content, decompressed. Null, and reported, where it is damaged, empty or larger than `limit` bytes.
 * @throws InputError for a plain file that is too large and was named itself
 */
export async function readWhole(
  file: SourceBytes,
  unit: ReadUnit,
  limit: number,
  report: Report,
): Promise<Uint8Array | null> {
  const tooLarge = `it has more than ${(limit / 2 ** 20).toFixed(0)} MiB: split it into smaller files`;
  if (unit.compression === 'none' && unit.explicit && unit.bytes > limit)
    throw new InputError(`cannot use ${unit.path}: ${tooLarge}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of piecesOf(file, unit.compression)) {
    if (piece.kind === 'damage') {
      report(nameOf(unit), `skipped, ${piece.reason} at byte ${piece.offset}`);
      return null;
    }
    if (piece.kind !== 'bytes') continue;
    length += piece.bytes.length;
    if (length > limit) {
      report(nameOf(unit), `skipped, ${tooLarge}`);
      return null;
    }
    parts.push(piece.bytes);
  }
  if (length === 0) {
    report(nameOf(unit), 'skipped, the file is empty');
    return null;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/**
 * The text of a file's content, and the encoding where it is not UTF-8. Null, and reported, where it cannot be told or
 * has invalid bytes.
 * @throws InputError for content that is binary in a file that was named itself
 */
export function decodeWhole(
  bytes: Uint8Array,
  unit: ReadUnit,
  report: Report,
): { text: string; meta: Record<string, string> } | null {
  const found = unit.options.encoding === undefined ? detectEncoding(bytes) : { encoding: unit.options.encoding };
  if ('reason' in found) {
    if (unit.explicit && found.reason.includes('binary'))
      throw new InputError(`cannot use ${nameOf(unit)}: ${found.reason}`);
    report(nameOf(unit), `skipped, ${found.reason}`);
    return null;
  }
  const decoded = decode(bytes, found.encoding);
  if ('text' in decoded)
    return { text: decoded.text, meta: found.encoding === 'utf-8' ? {} : { encoding: found.encoding } };
  report(nameOf(unit), `skipped, ${decoded.reason}`);
  return null;
}
