/** Is this text? Binary junk, invalid UTF-8, byte-order marks and line ends. All on bytes. */
import { isUtf8 } from 'node:buffer';

/** Bytes that are looked at for control characters. */
const SAMPLE = 1 << 16;

/** Share of control characters from which a file counts as binary. */
const CONTROL_SHARE = 0.1;

/** Why these bytes are not text in UTF-8 at all, or null where they may be. */
export function binaryReason(bytes: Uint8Array): string | null {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return 'it is UTF-16: convert it with `iconv -f UTF-16 -t UTF-8`';
  const nul = bytes.indexOf(0);
  if (nul >= 0) return `it is binary, not text (a NUL byte at offset ${nul})`;
  const sample = bytes.subarray(0, SAMPLE);
  let controls = 0;
  for (const byte of sample) if ((byte < 32 && !(byte >= 8 && byte <= 13) && byte !== 27) || byte === 127) controls++;
  if (controls <= CONTROL_SHARE * sample.length) return null;
  return `it is binary, not text (${Math.round((100 * controls) / sample.length)}% control characters)`;
}

/**
 * Offset of the first byte that is not part of a whole UTF-8 character (Unicode 16, table 3-7), or -1 for valid text.
 * A character cut off by the end counts from its first byte.
 */
export function invalidUtf8At(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1;
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0 || at + length > bytes.length) return at;
    for (let i = 1; i < length; i++) {
      const byte = bytes[at + i]!;
      const low = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const high = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      if (byte < low || byte > high) return at;
    }
    at += length;
  }
  return -1;
}

/** The bytes without a UTF-8 byte-order mark. */
export function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Turns CRLF into LF, in place; a CR alone stays. */
export function unixLineEnds(bytes: Uint8Array): Uint8Array {
  let from = bytes.indexOf(13);
  if (from < 0) return bytes;
  let to = from;
  for (; from < bytes.length; from++) if (bytes[from] !== 13 || bytes[from + 1] !== 10) bytes[to++] = bytes[from]!;
  return bytes.subarray(0, to);
}

/** Whether there is nothing but ASCII white space. */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
}
