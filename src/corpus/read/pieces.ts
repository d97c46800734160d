/** The content of a file piece by piece, whatever it is compressed with. */
import { gunzip } from './gzip.js';
import type { Compression } from './options.js';
import { CHUNK, type SourceBytes } from './source-bytes.js';
import { unzstd } from './zstd.js';

/** A part of a file's content, or what happened in between. Offsets are those of the file on the disk. */
export type Piece =
  | { kind: 'bytes'; bytes: Uint8Array }
  /** A gzip member or a zstd frame begins. */
  | { kind: 'start'; offset: number }
  /** Content from here to the next piece is lost. */
  | { kind: 'damage'; offset: number; reason: string };

/** The content of a file, in order and in bounded memory. Damage is told of and, where another member begins, left behind. */
export function piecesOf(file: SourceBytes, compression: Compression): AsyncGenerator<Piece> {
  if (compression === 'gzip') return gunzip(file);
  return compression === 'zstd' ? unzstd(file) : plain(file, 0);
}

/** The bytes of a file from an offset on. */
export async function* plain(file: SourceBytes, from: number): AsyncGenerator<Piece> {
  for (let at = from; at < file.size; at += CHUNK) yield { kind: 'bytes', bytes: file.read(at, CHUNK) };
}
