/** Tokenizers side by side on one text. */
import type { Tokenizer } from './types.js';

/** What {@link compareTokenizers} measures of one tokenizer. */
export interface TokenizerFigures {
  vocabSize: number;
  tokens: number;
  bytesPerToken: number;
  /** Distinct ids that occur. */
  usedTokens: number;
  /** Encoding on one core, the best of the rounds, in millions of bytes a second. */
  megabytesPerSecond: number;
  /** Whether decoding gives the text back, byte for byte. */
  exact: boolean;
}

/** Text is encoded in pieces of about this many bytes, so that any length will do. */
const pieceLength = 1 << 24;

/**
 * Encodes a text with each tokenizer in turn, and in rounds until two seconds or ten rounds have passed, so that whatever
 * else the machine does falls on all alike.
 */
export function compareTokenizers(tokenizers: readonly Tokenizer[], text: Uint8Array): TokenizerFigures[] {
  const best = tokenizers.map(() => Infinity);
  const encoded: Uint32Array[][] = [];
  const begun = performance.now();
  for (let round = 0; round < 10 && (round === 0 || performance.now() - begun < 2000); round++)
    tokenizers.forEach((tokenizer, i) => {
      const start = performance.now();
      encoded[i] = pieces(text).map((piece) => tokenizer.encode(piece));
      best[i] = Math.min(best[i] ?? Infinity, performance.now() - start);
    });
  return tokenizers.map((tokenizer, i) => {
    const ids = encoded[i] ?? [];
    const tokens = ids.reduce((sum, part) => sum + part.length, 0);
    const used = new Uint8Array(tokenizer.vocabSize);
    for (const part of ids) for (const id of part) used[id] = 1;
    return {
      vocabSize: tokenizer.vocabSize,
      tokens,
      bytesPerToken: text.length / tokens || 0,
      usedTokens: used.reduce((sum, bit) => sum + bit, 0),
      megabytesPerSecond: text.length / 1e3 / (best[i] || Infinity),
      exact: pieces(text).every((piece, part) => Buffer.compare(tokenizer.decodeBytes(ids[part] ?? []), piece) === 0),
    };
  });
}

/** The text in pieces, cut behind a line end if there is one. */
function pieces(text: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < text.length;) {
    const most = Math.min(text.length, at + pieceLength);
    const line = most < text.length ? text.lastIndexOf(10, most) : -1;
    const end = line > at ? line + 1 : most;
    parts.push(text.subarray(at, end));
    at = end;
  }
  return parts;
}
