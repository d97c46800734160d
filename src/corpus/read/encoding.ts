/** Bytes to text: which encoding it is, and decoding that never makes up a character. */
import { isUtf8 } from 'node:buffer';
import { analyse } from 'chardet';
import { binaryReason, invalidUtf8At } from '../text-checks.js';
import { isPlausible } from './plausible.js';
import { countControls } from './record.js';

/** Bytes that are looked at for the encoding of a file. */
export const SAMPLE = 1 << 20;

/** Bytes that the detector is given: it is slow. */
const DETECTED = 1 << 15;

/** Confidence, of 100, from which a guess of the detector is tried. */
const CONFIDENCE = 10;

/** Fewer bytes outside ASCII than this tell little. */
const FEW = 16;

/** What windows-1252 has at 0x80 to 0x9f; five places are not used and stay control characters. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** A text or why there is none. */
export type Decoded = { text: string } | { reason: string };

/**
 * The encoding of bytes as a WHATWG label: by byte-order mark, as UTF-8 where they are that or nearly, as UTF-16 by where
 * zero bytes stand, else by the statistics of `chardet`, whose guess must decode into plausible text.
 *
 * @param cut whether the bytes are only the beginning of something
 */
export function detectEncoding(bytes: Uint8Array, cut = false): { encoding: string } | { reason: string } {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && c === 0 && d === 0) return { reason: 'it is UTF-32, which is not read' };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le' };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be' };
  if (bytes.includes(0)) {
    const encoding = utf16ByZeros(bytes);
    if (encoding !== null) return { encoding };
  }
  const binary = binaryReason(bytes);
  if (binary !== null) return { reason: binary };
  const bad = invalidUtf8At(bytes);
  if (bad < 0 || (cut && bad > bytes.length - 4)) return { encoding: bytes.includes(0x1b) ? escaped(bytes) : 'utf-8' };
  if (isMostlyUtf8(bytes.subarray(Math.max(0, bad - SAMPLE / 2), bad + SAMPLE / 2))) return { encoding: 'utf-8' };
  const from = Math.max(0, bad - DETECTED / 2);
  const sample = bytes.subarray(from, from + DETECTED);
  for (const name of guesses(sample)) {
    const decoded = decode(sample, name, from + DETECTED < bytes.length || cut);
    if ('text' in decoded && isPlausible(decoded.text)) return { encoding: label(name) };
  }
  return { reason: `not UTF-8 at byte ${bad}, and in no other encoding that could be told` };
}

/**
 * Decodes bytes strictly, without their byte-order mark.
 * @param encoding a WHATWG label
 * @param cut whether the last character may be cut off
 */
export function decode(bytes: Uint8Array, encoding: string, cut = false): Decoded {
  const known = label(encoding);
  if (known === 'utf-8') {
    if (!isUtf8(bytes)) {
      const at = invalidUtf8At(bytes);
      if (!cut || at < bytes.length - 3) return { reason: `not UTF-8 at byte ${at}` };
      return decode(bytes.subarray(0, at), encoding);
    }
    const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    return { text: utf8(bytes, from) };
  }
  if (known === 'windows-1252') return { text: windows1252(bytes) };
  try {
    return { text: new TextDecoder(known, { fatal: true }).decode(bytes, { stream: cut }) };
  } catch {
    return { reason: `not ${known} at byte ${invalidAt(bytes, known)}` };
  }
}

/** A label's own name; labels that are not known stay as they are. */
export function label(encoding: string): string {
  try {
    return new TextDecoder(encoding).encoding;
  } catch {
    return encoding.toLowerCase();
  }
}

/** UTF-8 that is known to be valid, as a string. */
export const utf8 = (bytes: Uint8Array, from = 0): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.length - from).toString('utf8');

/**
 * Names of encodings that `chardet` finds likely, the likeliest first. Few bytes outside ASCII do not tell one Latin
 * alphabet from another: the western one then counts double, for it is the commonest by far.
 */
function guesses(sample: Uint8Array): string[] {
  let high = 0;
  for (const byte of sample) if (byte >= 0x80) high++;
  const weight = (name: string) => (high < FEW && /^(ISO-8859-1|windows-1252)$/.test(name) ? 2 : 1);
  return analyse(sample)
    .filter(({ name, confidence }) => confidence >= CONFIDENCE && !/^UTF|^ASCII/.test(name))
    .map(({ name, confidence }) => ({ name, score: confidence * weight(name) }))
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}

/** Own table: Node 20 decodes windows-1252 as if it were ISO 8859-1. */
function windows1252(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .replace(/[\u0080-\u009f]/g, (control) => WINDOWS_1252[control.charCodeAt(0) - 0x80]!);
}

/** How many bytes decode before the first that does not: a longer beginning never decodes where a shorter one fails. */
function invalidAt(bytes: Uint8Array, encoding: string): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    try {
      new TextDecoder(encoding, { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return good;
}

/** UTF-16 without byte-order mark: ASCII characters in it have their zero bytes all on one side. */
function utf16ByZeros(bytes: Uint8Array): string | null {
  const sample = bytes.subarray(0, Math.min(1 << 16, bytes.length & ~1));
  const zeros = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) zeros[i & 1]!++;
  const [even, odd] = zeros as [number, number];
  const encoding = odd > even ? 'utf-16le' : 'utf-16be';
  if (Math.min(even, odd) * 20 > Math.max(even, odd) || Math.max(even, odd) * 5 < sample.length / 2) return null;
  if (bytes.length < 1 << 16 && bytes.length % 2 === 1) return null;
  const units = Buffer.from(sample);
  if (encoding === 'utf-16be') units.swap16();
  const text = units.toString('utf16le');
  return countControls(text) > 0 || text.includes('\uffff') ? null : encoding;
}

/** Whether valid characters of several bytes are at least as many as invalid bytes: then this is UTF-8 that was damaged. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  let [valid, invalid] = [0, 0];
  for (let at = 0; at < bytes.length;) {
    const bad = invalidUtf8At(bytes.subarray(at, at + 4096));
    const end = bad < 0 ? Math.min(bytes.length, at + 4096) : at + bad;
    for (let i = at; i < end; i++) if (bytes[i]! >= 0xc0) valid++;
    if (bad < 0) at = end;
    else if (bad >= 4093 && end + 4 <= bytes.length) at = end;
    else {
      invalid++;
      at = end + 1;
    }
  }
  return valid >= invalid;
}

/** ASCII with escape sequences may be ISO-2022-JP. */
function escaped(bytes: Uint8Array): string {
  const japanese = analyse(bytes.subarray(0, DETECTED)).some((m) => m.name === 'ISO-2022-JP' && m.confidence >= 50);
  return japanese && 'text' in decode(bytes, 'iso-2022-jp', true) ? 'iso-2022-jp' : 'utf-8';
}
