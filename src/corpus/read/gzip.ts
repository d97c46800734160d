/**
 * Gzip (RFC 1952), member by member. Node's own gunzip tells neither where members begin nor where they break, and loses
 * what it decoded last before a damaged place; so headers and checksums are read here and zlib does the inflating.
 */
import { setImmediate } from 'node:timers/promises';
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import type { Piece } from './pieces.js';
import type { SourceBytes } from './source-bytes.js';

/** Bytes given to zlib at a time; they inflate to at most 1032 times as much (RFC 1951). */
const INPUT = 1 << 15;

/** Bytes given to zlib at a time where it is known to fail on one of them. */
const CAREFUL_INPUT = 32;

/** A member found by searching behind a damaged place is believed once it has given so much, or ended well. */
const TRUSTED = 1 << 16;

const MAGIC = Uint8Array.of(0x1f, 0x8b, 0x08);

const CUT_OFF = 'the gzip stream is cut off';

const USUAL_HEADER = 1 << 10;

/** Longest member header that is read: an extra field of 64 KiB, a name and a comment. */
const MAX_HEADER = 1 << 17;

export async function* gunzip(file: SourceBytes): AsyncGenerator<Piece> {
  let at = 0;
  while (at < file.size) {
    if (file.read(at, 1)[0] === 0 && isPadding(file, at)) return;
    const member = new Member(file, at);
    yield { kind: 'start', offset: at };
    yield* member.content();
    if (member.damage !== null) yield { kind: 'damage', ...member.damage };
    if (member.end !== null) {
      at = member.end;
      continue;
    }
    const next = yield* resume(file, at + 1);
    if (next === null) return;
    at = next;
  }
}

/** Looks for the next whole member behind a damaged one, and gives its content. Returns where it ends, null for none. */
async function* resume(file: SourceBytes, from: number): AsyncGenerator<Piece, number | null> {
  for (let at = file.find(MAGIC, from); at >= 0; at = file.find(MAGIC, at + 1)) {
    const member = new Member(file, at);
    const held: Piece[] = [{ kind: 'start', offset: at }];
    let length = 0;
    for await (const piece of member.content()) {
      held.push(piece);
      if (piece.kind === 'bytes') length += piece.bytes.length;
      if (length >= TRUSTED) yield* held.splice(0);
    }
    if (length < TRUSTED && member.damage !== null) continue;
    yield* held;
    if (member.damage !== null) yield { kind: 'damage', ...member.damage };
    if (member.end !== null) return member.end;
  }
  return null;
}

/** One member. `content` must have been read to its end before `end` and `damage` are looked at. */
class Member {
  /** Where the next member begins; null where this one broke off. */
  end: number | null = null;
  damage: { offset: number; reason: string } | null = null;

  private readonly file: SourceBytes;
  private readonly offset: number;

  constructor(file: SourceBytes, offset: number) {
    this.offset = offset;
    this.file = file;
  }

  async *content(): AsyncGenerator<Piece> {
    let header = headerLength(this.file.read(this.offset, USUAL_HEADER));
    if (header === CUT_OFF) header = headerLength(this.file.read(this.offset, MAX_HEADER));
    if (typeof header === 'string') return this.fail(this.offset, header);
    const from = this.offset + header;
    let [crc, length] = [0, 0];
    const inflating = new Inflating(this.file, from, INPUT);
    try {
      for await (const bytes of inflating.output()) {
        crc = crc32(bytes, crc);
        length += bytes.length;
        yield { kind: 'bytes', bytes };
      }
    } finally {
      inflating.close();
    }
    if (inflating.failure !== null) {
      yield* recover(this.file, from, inflating.position, length);
      return this.fail(inflating.position, inflating.failure);
    }
    const trailer = this.file.read(inflating.position, 8);
    if (trailer.length < 8) return this.fail(this.file.size, CUT_OFF);
    this.end = inflating.position + 8;
    if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== length % 2 ** 32)
      this.fail(this.offset, 'the gzip checksum does not match: what was read from here may be damaged');
  }

  private fail(offset: number, reason: string): void {
    this.damage = { offset, reason };
  }
}

/** What zlib had decoded of its last input before it failed: the same again, in small steps near the end. */
async function* recover(file: SourceBytes, from: number, failedAt: number, given: number): AsyncGenerator<Piece> {
  const again = new Inflating(file, from, INPUT, failedAt);
  let length = 0;
  try {
    for await (const bytes of again.output()) {
      const fresh = bytes.subarray(Math.max(0, Math.min(bytes.length, given - length)));
      length += bytes.length;
      if (fresh.length > 0) yield { kind: 'bytes', bytes: fresh };
    }
  } finally {
    again.close();
  }
}

/** Raw deflate data of a file, inflated. After `output` ends, `failure` is null or why it broke off at `position`. */
class Inflating {
  failure: string | null = null;
  /** End of the data, or beginning of the input that zlib failed on. */
  position: number;
  private readonly inflate: InflateRaw = createInflateRaw({ chunkSize: 1 << 16 });
  private pending: Uint8Array[] = [];
  private error: Error | null = null;
  private ended = false;
  private wake: () => void = () => {};

  private readonly file: SourceBytes;
  private readonly from: number;
  private readonly input: number;
  private readonly carefulFrom: number;

  constructor(
    file: SourceBytes,
    from: number,
    input: number,
    /** From here on input is given in small steps. */
    carefulFrom = Infinity,
  ) {
    this.carefulFrom = carefulFrom;
    this.file = file;
    this.from = from;
    this.input = input;

    this.position = from;
    this.inflate.on('data', (bytes: Uint8Array) => this.pending.push(bytes));
    this.inflate.on('error', (error) => {
      this.error = error;
      this.wake();
    });
    this.inflate.on('end', () => {
      this.ended = true;
      this.wake();
    });
  }

  async *output(): AsyncGenerator<Uint8Array> {
    for (let at = this.from; !this.ended && this.error === null;) {
      const careful = at >= this.carefulFrom;
      const chunk = this.file.read(at, careful ? CAREFUL_INPUT : Math.min(this.input, this.carefulFrom - at));
      await this.give(chunk);
      if (careful) await setImmediate();
      if (this.error === null) {
        at += chunk.length;
        this.position = this.ended ? this.from + this.inflate.bytesWritten : at;
      }
      yield* this.pending.splice(0);
      if (chunk.length === 0 && !this.ended) break;
    }
    if (this.error !== null) this.failure = `the gzip stream is damaged (${this.error.message})`;
    else if (!this.ended) this.failure = CUT_OFF;
  }

  close(): void {
    this.inflate.destroy();
  }

  /** Resolves once zlib is done with the bytes, has reached the end of the data, or failed. */
  private give(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      if (chunk.length === 0) resolve();
      else this.inflate.write(chunk, () => resolve());
    });
  }
}

/** Length of a member's header, or what is wrong with it. */
function headerLength(bytes: Uint8Array): number | string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return 'this is not a gzip member';
  if (bytes[2] !== 8 || (bytes[3]! & 0xe0) !== 0) return 'the gzip header is damaged';
  const flags = bytes[3]!;
  let at = 10;
  if (flags & 4) at += 2 + (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return CUT_OFF;
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at < bytes.length ? at : CUT_OFF;
}

/** Whether nothing but zero bytes follows, as tapes and some tools pad with. */
function isPadding(file: SourceBytes, from: number): boolean {
  for (let at = from; at < file.size; at += INPUT) if (file.read(at, INPUT).some((byte) => byte !== 0)) return false;
  return true;
}
