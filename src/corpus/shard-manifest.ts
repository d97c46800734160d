/** `manifest.json` of a folder of token shards: what is in the other files, and what it was made from. */
import { z } from 'zod';

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');
/** A plain file name: a manifest must not lead out of its folder. */
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/i, 'expected a file name');

const file = z.strictObject({ file: fileName, sha256 });

const shard = z.strictObject({
  /** Raw little-endian token ids: for every document the start token, then its tokens. */
  ...file.shape,
  tokens: count,
  documents: count,
  /** Bytes of text. */
  textBytes: count,
  /** Raw little-endian float64, three for each document: see {@link DOCUMENT_FIELDS}. */
  index: file,
});

const split = z.strictObject({ tokens: count, documents: count, textBytes: count, shards: z.array(shard) });

export const shardManifestSchema = z.strictObject({
  format: z.literal('telar-shards'),
  version: z.literal(1),
  tokenizer: z.strictObject({
    hash: sha256,
    vocabSize: z
      .int()
      .min(1)
      .max(2 ** 31 - 1),
  }),
  dtype: z.enum(['uint16', 'uint32']),
  /** Stands before every document. */
  startToken: count,
  /** To be predicted after the last token of every document. */
  endToken: count,
  /** Raw little-endian uint16: bytes of text of each token id, 0 for special tokens. */
  tokenBytes: file,
  /** Share of the text that was to be held out. */
  heldOutFraction: z.number().min(0).max(0.5),
  train: split,
  heldOut: split,
  /** The files the text came from. */
  inputs: z.array(z.strictObject({ path: z.string(), bytes: count, sha256, documents: count })),
  /** What was left out: the first thousand lines. */
  warnings: z.array(z.string()),
});

export type ShardManifest = z.infer<typeof shardManifestSchema>;
export type ShardEntry = z.infer<typeof shard>;
export type SplitEntry = z.infer<typeof split>;

/**
 * Numbers kept for each document in a shard's index: its first token within the shard, its bytes of text, and the bytes
 * of text beyond those of its tokens (0 unless the tokenizer normalises text or adds spaces).
 */
export const DOCUMENT_FIELDS = 3;

/** A split of these shards, with their totals. */
export function splitOf(shards: ShardEntry[]): SplitEntry {
  const sum = (field: 'tokens' | 'documents' | 'textBytes') => shards.reduce((total, shard) => total + shard[field], 0);
  return { tokens: sum('tokens'), documents: sum('documents'), textBytes: sum('textBytes'), shards };
}

export const MANIFEST_FILE = 'manifest.json';
