/**
 * Zstandard (RFC 8878), frame by frame. `fzstd` decodes blocks; frames, their limits and their checksums are looked after
 * here, so that damage is found and placed, and memory is not given away by a header's word.
 */
import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import type { Piece } from './pieces.js';
import type { SourceBytes } from './source-bytes.js';

/** Largest window, in bytes: what the reference decoder takes without being asked. */
const MAX_WINDOW = 1 << 27;

const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);

interface Header {
  length: number;
  window: number;
  checksum: boolean;
}

interface Damage {
  offset: number;
  reason: string;
  /** Where the frame ends, if that is known all the same. */
  end?: number;
}

let hashing: ReturnType<typeof xxhash> | null = null;

export async function* unzstd(file: SourceBytes): AsyncGenerator<Piece> {
  hashing ??= xxhash();
  const { create64 } = await hashing;
  for (let at = 0; at < file.size;) {
    const skipped = skippable(file, at);
    if (skipped > 0 && at + skipped <= file.size) {
      at += skipped;
      continue;
    }
    yield { kind: 'start', offset: at };
    const end = yield* frame(file, at, create64());
    if (typeof end === 'number') {
      at = end;
      continue;
    }
    yield { kind: 'damage', offset: end.offset, reason: end.reason };
    const next = end.end ?? file.find(MAGIC, at + 1);
    if (next < 0) return;
    at = next;
  }
}

type Hash = Awaited<ReturnType<typeof xxhash>>['create64'] extends () => infer H ? H : never;

/** The content of the frame at an offset. Returns where it ends, or what is wrong with it. */
async function* frame(file: SourceBytes, offset: number, hash: Hash): AsyncGenerator<Piece, number | Damage> {
  const header = frameHeader(file.read(offset, 18));
  if (typeof header === 'string') return { offset, reason: header };
  let output: Uint8Array[] = [];
  const decoder = new Decompress((bytes) => output.push(bytes));
  let at = offset + header.length;
  for (let from = offset; ; from = at) {
    const block = file.read(at, 3);
    if (block.length < 3) return cutOff(file);
    const word = block.readUIntLE(0, 3);
    const [last, type, size] = [(word & 1) === 1, (word >> 1) & 3, word >> 3];
    if (type === 3) return { offset: at, reason: 'the zstd frame is damaged (unknown kind of block)' };
    if (size > 1 << 17) return { offset: at, reason: 'the zstd frame is damaged (a block of more than 128 KiB)' };
    const end = at + 3 + (type === 1 ? 1 : size) + (last && header.checksum ? 4 : 0);
    if (end > file.size) return cutOff(file);
    const bytes = file.read(from, end - from);
    try {
      decoder.push(bytes, last);
    } catch (error) {
      return { offset: at, reason: `the zstd frame is damaged (${error instanceof Error ? error.message : error})` };
    }
    for (const bytes of output) {
      hash.update(bytes);
      if (bytes.length > 0) yield { kind: 'bytes', bytes };
    }
    output = [];
    at = end;
    if (!last) continue;
    if (header.checksum && Number(hash.digest() & 0xffff_ffffn) !== bytes.readUInt32LE(bytes.length - 4))
      return { offset, reason: 'the zstd checksum does not match: what was read from here may be damaged', end: at };
    return at;
  }
}

/** Section 3.1.1.1 of the RFC. */
function frameHeader(bytes: Buffer): Header | string {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) return 'this is not a zstd frame';
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor & 32) !== 0;
  const idBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = descriptor >> 6 === 0 ? (single ? 1 : 0) : 1 << (descriptor >> 6);
  const length = 5 + (single ? 0 : 1) + idBytes + sizeBytes;
  if (bytes.length < length) return 'the zstd stream is cut off';
  if (descriptor & 8) return 'the zstd header is damaged';
  const idAt = length - sizeBytes - idBytes;
  if (bytes.subarray(idAt, idAt + idBytes).some((byte) => byte !== 0)) return 'the zstd frame needs a dictionary';
  const sizeAt = length - sizeBytes;
  let window: number;
  if (single) window = sizeBytes === 8 ? Number(bytes.readBigUInt64LE(sizeAt)) : bytes.readUIntLE(sizeAt, sizeBytes);
  else window = 2 ** (10 + (bytes[5]! >> 3)) * (1 + (bytes[5]! & 7) / 8);
  if (window > MAX_WINDOW) return 'the zstd window is larger than 128 MiB: compress without --long or --ultra';
  return { length, window, checksum: (descriptor & 4) !== 0 };
}

/** Length of the skippable frame at an offset, 0 where there is none. */
function skippable(file: SourceBytes, offset: number): number {
  const head = file.read(offset, 8);
  if (head.length < 8 || head.readUInt32LE(0) >>> 4 !== 0x184d2a5) return 0;
  return 8 + head.readUInt32LE(4);
}

const cutOff = (file: SourceBytes): Damage => ({ offset: file.size, reason: 'the zstd stream is cut off' });
