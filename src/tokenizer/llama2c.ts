/**
 * The tokenizer file of llama2.c (such as `tok512.bin`): SentencePiece tokens with scores, without merges.
 *
 * llama2.c merges the neighbouring pair whose joined text is the token of the best score. So every way to cut a token
 * into two tokens is a merge, and the merges stand in the order of score.
 */
import { InputError } from '../io/errors.js';
import { specialToken } from './added.js';
import { BpeTokenizer } from './bpe.js';
import { byteTokenName, maxVocabulary } from './spec.js';
import type { Tokenizer } from './types.js';

const bosId = 1;
const eosId = 2;
const firstByteId = 3;
const firstTextId = firstByteId + 256;
const space = '▁';
/** Longer tokens do not occur, and each costs a merge for every place it can be cut. */
const longestToken = 1024;

/**
 * Reads a llama2.c tokenizer: int32 longest token, then for each token float32 score, int32 length and the bytes, all
 * little-endian. Ids 0, 1 and 2 are `<unk>`, `<s>` and `</s>`, ids 3 to 258 the bytes. Encoding equals llama2.c's, with
 * one exception: "▁" (U+2581) in a text is a space, as everywhere in SentencePiece.
 * @throws InputError when the file does not hold exactly `vocabSize` tokens of this form.
 */
export function readLlama2cTokenizer(bytes: Uint8Array, vocabSize: number, where = 'llama2.c tokenizer'): Tokenizer {
  const entries = readEntries(bytes, vocabSize, where);
  const vocabulary = ['<unk>', '<s>', '</s>'];
  for (let byte = 0; byte < 256; byte++) vocabulary.push(byteTokenName(byte));
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  for (const [id, { text }] of entries.entries()) {
    if (id < firstByteId) continue;
    if (id < firstTextId) {
      if (text !== vocabulary[id]) throw new InputError(`${where}: token ${id} is "${text}", not ${vocabulary[id]}`);
      continue;
    }
    const token = text.replaceAll(' ', space);
    const other = ids.get(token);
    if (token === '' || other !== undefined)
      throw new InputError(`${where}: token ${id} is ${token === '' ? 'empty' : `the same as token ${other}`}`);
    ids.set(token, id);
    vocabulary.push(token);
  }
  return new BpeTokenizer(
    {
      vocabulary,
      merges: mergesByScore(vocabulary, entries, ids),
      added: [specialToken(0, '<unk>'), specialToken(bosId, '<s>'), specialToken(eosId, '</s>')],
      normalizers: [
        { type: 'Prepend', prepend: space },
        { type: 'Replace', pattern: ' ', content: space },
      ],
      preTokenizers: [],
      decoder: { type: 'SentencePiece', space, strip: true },
      unknown: 0,
      fuseUnknown: true,
      byteFallback: true,
      ignoreMerges: false,
      bos: bosId,
      eos: eosId,
      addsBos: true,
      addsEos: false,
    },
    where,
  );
}

interface Entry {
  readonly text: string;
  readonly score: number;
}

function readEntries(bytes: Uint8Array, vocabSize: number, where: string): Entry[] {
  if (!Number.isInteger(vocabSize) || vocabSize < firstTextId || vocabSize > maxVocabulary)
    throw new InputError(`${where}: a vocabulary of ${vocabSize} is impossible: it has at least ${firstTextId} tokens`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const entries: Entry[] = [];
  let at = 4;
  for (let id = 0; id < vocabSize; id++) {
    if (at + 8 > bytes.length)
      throw new InputError(`${where}: the file ends at token ${id} of ${vocabSize}: is this its vocabulary size?`);
    const score = view.getFloat32(at, true);
    const length = view.getInt32(at + 4, true);
    at += 8;
    if (length < 0 || length > longestToken || at + length > bytes.length || !Number.isFinite(score))
      throw new InputError(`${where}: token ${id} is damaged (length ${length}, score ${score})`);
    try {
      entries.push({ text: decoder.decode(bytes.subarray(at, at + length)), score });
    } catch (error) {
      throw new InputError(`${where}: token ${id} is not UTF-8`, { cause: error });
    }
    at += length;
  }
  if (at !== bytes.length)
    throw new InputError(
      `${where}: ${bytes.length - at} bytes follow token ${vocabSize - 1}: is this its vocabulary size?`,
    );
  return entries;
}

function mergesByScore(
  vocabulary: readonly string[],
  entries: readonly Entry[],
  ids: ReadonlyMap<string, number>,
): Uint32Array {
  const merges: { left: number; right: number; id: number; score: number; cut: number }[] = [];
  for (let id = firstTextId; id < vocabulary.length; id++) {
    const token = vocabulary[id] ?? '';
    const characters = [...token];
    let cut = 0;
    for (const character of characters.slice(0, -1)) {
      cut += character.length;
      const left = ids.get(token.slice(0, cut)) ?? -1;
      const right = ids.get(token.slice(cut)) ?? -1;
      if (left >= firstTextId && right >= firstTextId)
        merges.push({ left, right, id, score: entries[id]?.score ?? 0, cut });
    }
  }
  // Of two ways to make the same token the one with the longer left part goes first: merging goes from the left, so
  // that is how the parts of a run of one character lie.
  merges.sort((a, b) => b.score - a.score || a.id - b.id || b.cut - a.cut);
  return Uint32Array.from(merges.flatMap(({ left, right }) => [left, right]));
}
