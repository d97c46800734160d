/**
 * Any bytes as a string and back, and UTF-8 that arrives in pieces.
 *
 * A byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 + byte, which no valid text can hold, so
 * the string still says exactly what the bytes were (the way of Python's PEP 383).
 */
import { InputError } from '../io/errors.js';
import { sequenceLength } from './characters.js';

/** Most bytes, or UTF-16 units, that are encoded at once: far below the longest string JavaScript can hold. */
export const maxTextLength = 2 ** 28;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const looseDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const loneSurrogate = /\p{Cs}/u;

/** One escaped byte: a lone surrogate made by {@link textOf}. */
export const escapedByte = /[\u{DC80}-\u{DCFF}]/u;

/** UTF-8 bytes of a string; lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; bytes that are not UTF-8 become U+FFFD. A byte order mark stays. */
export function textOfUtf8(bytes: Uint8Array): string {
  return looseDecoder.decode(bytes);
}

/** A text and whether it holds escaped bytes. */
export interface EscapedText {
  readonly text: string;
  readonly escaped: boolean;
}

/** @throws InputError for a text above {@link maxTextLength}. */
export function checkLength(source: string | Uint8Array): void {
  if (source.length > maxTextLength)
    throw new InputError(
      `a text of ${source.length} ${typeof source === 'string' ? 'characters' : 'bytes'} is too long to encode at once: split it into documents`,
    );
}

/**
 * The text to encode for a string (lone surrogates become U+FFFD, as in UTF-8) or for any bytes (invalid bytes escaped).
 * @throws InputError above {@link maxTextLength}.
 */
export function textOf(source: string | Uint8Array): EscapedText {
  checkLength(source);
  if (typeof source === 'string')
    return { text: loneSurrogate.test(source) ? textOfUtf8(utf8(source)) : source, escaped: false };
  try {
    return { text: strictDecoder.decode(source), escaped: false };
  } catch {
    return { text: escapeInvalid(source), escaped: true };
  }
}

function escapeInvalid(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at, bytes.length);
    if (length > 0) {
      at += length;
      continue;
    }
    if (at > start) parts.push(strictDecoder.decode(bytes.subarray(start, at)));
    parts.push(String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    start = ++at;
  }
  if (bytes.length > start) parts.push(strictDecoder.decode(bytes.subarray(start)));
  return parts.join('');
}

/** The bytes that {@link textOf} made an escaped text of. */
export function bytesOfEscaped(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const part of text.split(new RegExp(`(${escapedByte.source})`, 'u'))) {
    if (escapedByte.test(part)) {
      bytes[length++] = part.charCodeAt(0) - 0xdc00;
      continue;
    }
    length += encoder.encodeInto(part, bytes.subarray(length)).written;
  }
  return bytes.slice(0, length);
}

/** Text of UTF-8 that arrives in pieces: each push gives the complete characters so far, never half of one. */
export class Utf8Stream {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** Takes the next bytes and gives the characters they complete. Invalid bytes become U+FFFD. */
  push(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** The rest: U+FFFD where the bytes ended within a character, else nothing. The stream can then be used anew. */
  end(): string {
    return this.#decoder.decode();
  }
}
