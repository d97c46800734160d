/** From a corpus and a tokenizer to a folder of token shards. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, InputError, RunError } from '../io/errors.js';
import { makeFolder, sha256, writeAtomic } from '../io/files.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { Corpus } from './corpus.js';
import { pacer } from './pacing.js';
import { MANIFEST_FILE, type ShardManifest, type SplitEntry } from './shard-manifest.js';
import { ShardWriter } from './shard-writer.js';
import { tailStart, type Part } from './split.js';

/** Longer texts are encoded in pieces of about this many bytes. */
const PIECE = 1 << 22;

/** Warnings kept in the manifest. */
const MAX_WARNINGS = 1000;

const OWN_FILES = /^(?:(?:train|heldout)-\d+(?:\.docs)?\.bin(?:\.tmp)?|token-bytes\.bin)$/;

export interface TokenizeOptions {
  corpus: Corpus;
  tokenizer: Tokenizer;
  /** Folder to write, made if need be. Shards of an earlier run in it are replaced. */
  out: string;
  /** A shard with this many tokens takes no further document (default 100 million). */
  shardTokens?: number;
  onProgress?: (done: TokenizeProgress) => void;
  signal?: AbortSignal;
}

export interface TokenizeProgress {
  /** Bytes of text so far, and in all. */
  textBytes: number;
  totalTextBytes: number;
  documents: number;
  totalDocuments: number;
  tokens: number;
}

/**
 * Writes `train-00000.bin`, `heldout-00000.bin` and so on, their indexes, and last `manifest.json`, without which the
 * folder counts as unfinished. Every document is the start token (the tokenizer's bos, else eos), then its tokens.
 * @throws InputError for a tokenizer with neither bos nor eos; RunError when the folder cannot be written
 */
export async function tokenizeToShards(options: TokenizeOptions): Promise<ShardManifest> {
  const { corpus, tokenizer, out, shardTokens = 1e8 } = options;
  const { startToken } = boundaryTokens(tokenizer);
  emptyFolder(out);
  const dtype = tokenDtype(tokenizer);
  const lengths = tokenByteLengths(tokenizer);
  const rest = pacer(options.signal);
  const progress = { textBytes: 0, documents: 0, tokens: 0 };
  const report = () =>
    options.onProgress?.({ ...progress, totalTextBytes: corpus.textBytes, totalDocuments: corpus.documents });

  const write = async (part: Part, name: string): Promise<SplitEntry> => {
    const writer = new ShardWriter({ folder: out, name, dtype, shardTokens });
    try {
      for await (const { text } of corpus.read(part)) {
        for (const piece of writeDocument(writer, text, { tokenizer, lengths, startToken })) {
          progress.tokens += piece.tokens;
          progress.textBytes += piece.bytes;
          report();
          await rest();
        }
        progress.tokens++;
        progress.documents++;
      }
      return writer.finish();
    } finally {
      writer.abandon();
    }
  };
  const train = await write('train', 'train');
  const heldOut = await write('heldOut', 'heldout');
  report();

  return writeManifest(out, tokenizer, {
    heldOutFraction: corpus.split.fraction,
    train,
    heldOut,
    inputs: [...corpus.inputs],
    warnings: [...corpus.warnings],
  });
}

/** Writes what makes a folder of shards whole: the sizes of the tokens and, last, the manifest. */
export function writeManifest(
  folder: string,
  tokenizer: Tokenizer,
  parts: Pick<ShardManifest, 'heldOutFraction' | 'train' | 'heldOut' | 'inputs' | 'warnings'>,
): ShardManifest {
  const tokenBytes = new Uint8Array(tokenByteLengths(tokenizer).buffer);
  writeAtomic(join(folder, 'token-bytes.bin'), tokenBytes);
  const manifest: ShardManifest = {
    format: 'telar-shards',
    version: 1,
    tokenizer: { hash: tokenizer.hash, vocabSize: tokenizer.vocabSize },
    dtype: tokenDtype(tokenizer),
    ...boundaryTokens(tokenizer),
    tokenBytes: { file: 'token-bytes.bin', sha256: sha256(tokenBytes) },
    ...parts,
    warnings: parts.warnings.slice(0, MAX_WARNINGS),
  };
  writeAtomic(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** How the ids of a tokenizer are written. */
export function tokenDtype({ vocabSize }: Pick<Tokenizer, 'vocabSize'>): 'uint16' | 'uint32' {
  return vocabSize <= 65536 ? 'uint16' : 'uint32';
}

/**
 * The tokens that stand before a document and are predicted after it.
 * @throws InputError for a tokenizer with neither bos nor eos
 */
export function boundaryTokens({ bos, eos }: Pick<Tokenizer, 'bos' | 'eos'>): { startToken: number; endToken: number } {
  const [startToken, endToken] = [bos ?? eos, eos ?? bos];
  if (startToken === null || endToken === null)
    throw new InputError('the tokenizer has no token to begin or end a document with: give it bos or eos');
  return { startToken, endToken };
}

/** Bytes of text of each token, 0 for special tokens. [vocabSize] */
export function tokenByteLengths(tokenizer: Tokenizer): Uint16Array {
  const lengths = new Uint16Array(tokenizer.vocabSize);
  for (let id = 0; id < lengths.length; id++)
    if (!tokenizer.isSpecial(id)) lengths[id] = Math.min(tokenizer.tokenBytes(id).length, 65535);
  return lengths;
}

/**
 * Writes a document: the start token, then its tokens. A long text goes in pieces of about 4 MiB; after each it yields what
 * the piece held, so that the caller can show progress and rest.
 * @param encoder `lengths` as {@link tokenByteLengths} gives them
 */
export function* writeDocument(
  writer: ShardWriter,
  text: Uint8Array,
  { tokenizer, lengths, startToken }: { tokenizer: Tokenizer; lengths: Uint16Array; startToken: number },
): Generator<{ bytes: number; tokens: number }> {
  writer.begin();
  writer.write([startToken]);
  let accounted = 0;
  for (const piece of pieces(text)) {
    const ids = tokenizer.encode(piece);
    writer.write(ids);
    for (const id of ids) accounted += lengths[id]!;
    yield { bytes: piece.length, tokens: ids.length };
  }
  writer.end(text.length, text.length - accounted);
}

/**
 * A long text in pieces, cut where a line begins with no white space (or a word does, in text without line ends):
 * pre-tokenizers cut there too, so the tokens are those of the whole text.
 */
function* pieces(text: Uint8Array): Generator<Uint8Array> {
  let rest = text;
  while (rest.length > PIECE) {
    const cut = tailStart(rest.subarray(0, PIECE), PIECE >> 1);
    yield rest.subarray(0, cut);
    rest = rest.subarray(cut);
  }
  yield rest;
}

/** Makes the folder and removes shards of an earlier run, the manifest first: half a set must not look whole. */
function emptyFolder(folder: string): void {
  try {
    makeFolder(folder);
    rmSync(join(folder, MANIFEST_FILE), { force: true });
    for (const name of readdirSync(folder)) if (OWN_FILES.test(name)) rmSync(join(folder, name));
  } catch (error) {
    throw new RunError(`cannot write ${folder}: ${describeError(error)}`, { cause: error });
  }
}
