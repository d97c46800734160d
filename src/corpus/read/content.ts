/** Content of a line format in one encoding that is ASCII where it matters: UTF-16 and the like become UTF-8 on the way. */
import { detectEncoding, label, SAMPLE } from './encoding.js';
import type { Piece } from './pieces.js';

/** Encodings in which the bytes of LF, quotes and commas may be part of other characters. */
const notAscii = new Set(['utf-16le', 'utf-16be', 'iso-2022-jp']);

/** Bytes that must be text in a file whose first MiB is not all text. */
const BEGINNING = 1 << 10;

/** Stands for a half surrogate pair in what was UTF-16: no byte of UTF-8, so that the line it is in is found invalid. */
const INVALID = Uint8Array.of(0xff);

export interface Content {
  pieces: AsyncGenerator<Piece>;
  /** What lines are to be decoded with. */
  encoding: string;
  /** What the file was in. */
  original: string;
}

/**
 * @param given the encoding where it is known; else it is detected in the first MiB
 * @returns the reason where it cannot be told or is binary
 */
export async function contentOf(
  pieces: AsyncGenerator<Piece>,
  given: string | undefined,
): Promise<Content | { reason: string }> {
  const head: Piece[] = [];
  let length = 0;
  while (length < SAMPLE) {
    const next = await pieces.next();
    if (next.done) break;
    head.push(next.value);
    if (next.value.kind === 'bytes') length += next.value.bytes.length;
    if (given !== undefined || next.value.kind === 'damage') break;
  }
  const sample = Buffer.concat(head.flatMap((piece) => (piece.kind === 'bytes' ? [piece.bytes] : [])));
  const found = given === undefined ? detectEncoding(sample, true) : { encoding: label(given) };
  // Where the beginning is text, a place behind it that is not costs its lines only.
  const beginning = 'reason' in found ? detectEncoding(sample.subarray(0, BEGINNING), true) : found;
  if ('reason' in found && 'reason' in beginning) {
    await pieces.return(undefined);
    return found;
  }
  const original = 'encoding' in beginning ? beginning.encoding : 'utf-8';
  const all = joined(head, pieces);
  if (!notAscii.has(original)) return { pieces: all, encoding: original, original };
  return { pieces: transcoded(all, original), encoding: 'utf-8', original };
}

async function* joined(head: Piece[], rest: AsyncGenerator<Piece>): AsyncGenerator<Piece> {
  try {
    while (head.length > 0) yield head.shift()!;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* transcoded(pieces: AsyncGenerator<Piece>, encoding: string): AsyncGenerator<Piece> {
  const toUtf8 = encoding === 'iso-2022-jp' ? japaneseToUtf8() : utf16ToUtf8(encoding);
  let done = 0;
  for await (const piece of pieces) {
    if (piece.kind !== 'bytes') {
      yield piece;
      continue;
    }
    const bytes = toUtf8(piece.bytes);
    if (bytes === null) {
      yield { kind: 'damage', offset: done, reason: `not ${encoding} behind this place` };
      return;
    }
    done += piece.bytes.length;
    yield { kind: 'bytes', bytes };
  }
  const rest = toUtf8(null);
  yield { kind: 'bytes', bytes: rest ?? INVALID };
}

/** Gives UTF-8 for the next bytes; for null the end. Null for what is not valid. */
type ToUtf8 = (bytes: Uint8Array | null) => Uint8Array | null;

function japaneseToUtf8(): ToUtf8 {
  const decoder = new TextDecoder('iso-2022-jp', { fatal: true });
  return (bytes) => {
    try {
      return Buffer.from(bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode());
    } catch {
      return null;
    }
  };
}

/** Halves of surrogate pairs become a byte that is none of UTF-8. */
function utf16ToUtf8(encoding: string): ToUtf8 {
  let rest: Uint8Array = new Uint8Array(0);
  let begun = false;
  return (bytes) => {
    if (bytes === null) return rest.length > 0 ? INVALID : rest;
    const all = Buffer.concat([rest, bytes]);
    let length = all.length & ~1;
    const lastUnit = length === 0 ? 0 : encoding === 'utf-16le' ? all[length - 1]! : all[length - 2]!;
    if (lastUnit >= 0xd8 && lastUnit <= 0xdb) length -= 2;
    rest = Uint8Array.from(all.subarray(length));
    const units = all.subarray(0, length);
    if (encoding === 'utf-16be') units.swap16();
    let text = units.toString('utf16le');
    if (!begun && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    begun ||= length > 0;
    if (text.isWellFormed()) return Buffer.from(text);
    const parts = text.split(/[\ud800-\udfff]/u).map((part) => Buffer.from(part));
    return Buffer.concat(parts.flatMap((part, i) => (i === 0 ? [part] : [INVALID, part])));
  };
}
