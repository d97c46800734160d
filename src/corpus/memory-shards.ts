/** Token shards held in memory: for small corpora and for tests. */
import { sha256 } from '../io/files.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { TokenShards, TokenSplit } from './shards.js';
import { boundaryTokens, tokenByteLengths } from './tokenize.js';

/**
 * Tokenizes texts into shards that are never written.
 * @throws InputError for a tokenizer with neither bos nor eos
 */
export function shardsInMemory(
  tokenizer: Tokenizer,
  texts: { train: readonly string[]; heldOut?: readonly string[] },
): TokenShards {
  const { startToken, endToken } = boundaryTokens(tokenizer);
  const tokenBytes = tokenByteLengths(tokenizer);
  const split = (documents: readonly string[]): TokenSplit => {
    const starts = new Float64Array(documents.length + 1);
    const surplus = new Float64Array(documents.length);
    const tokens: number[] = [];
    let textBytes = 0;
    for (const [i, text] of documents.entries()) {
      const ids = tokenizer.encode(text);
      const bytes = Buffer.byteLength(text);
      surplus[i] = ids.reduce((left, id) => left - tokenBytes[id]!, bytes);
      textBytes += bytes;
      tokens.push(startToken);
      for (const id of ids) tokens.push(id);
      starts[i + 1] = tokens.length;
    }
    const all = Int32Array.from(tokens);
    const read = (from: number, into: Int32Array) => into.set(all.subarray(from, from + into.length));
    return { documents: documents.length, tokens: all.length, textBytes, starts, surplus, read };
  };
  const { train, heldOut = [] } = texts;
  return {
    train: split(train),
    heldOut: split(heldOut),
    vocabSize: tokenizer.vocabSize,
    startToken,
    endToken,
    tokenBytes,
    hash: sha256(JSON.stringify([tokenizer.hash, train, heldOut])),
  };
}
