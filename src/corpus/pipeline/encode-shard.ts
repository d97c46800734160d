/** One token shard of a corpus: documents read in the order of the mixture, encoded and written. */
import { existsSync, readFileSync } from 'node:fs';
import { writeAtomic } from '../../io/files.js';
import { loadTokenizer, type Tokenizer } from '../../tokenizer/index.js';
import { cutParagraphs } from '../dedup/index.js';
import type { SplitEntry } from '../shard-manifest.js';
import { ShardWriter } from '../shard-writer.js';
import { type Part, type SplitPlan, textOfPart } from '../split.js';
import { tokenByteLengths, tokenDtype, writeDocument } from '../tokenize.js';
import { corpusFolder } from './folder.js';
import { type KeptDocument, KeptDocumentsReader } from './kept-documents.js';

/** Where documents are, in the order in which they are wanted. All arrays are [documents]. */
export interface DocumentList {
  units: Uint32Array;
  offsets: Float64Array;
  textBytes: Uint32Array;
  /** Hash of the first document of its cluster, in hexadecimal: what decides on which side of the split it is. */
  hashes: string[];
  sources: Uint16Array;
  /** Lines to leave out, or null. */
  cuts: (Uint32Array | null)[];
}

export interface EncodeTask {
  kind: 'encode';
  out: string;
  part: Part;
  shard: number;
  documents: DocumentList;
  split: SplitPlan;
  startToken: number;
}

export interface EncodedShard {
  entry: SplitEntry;
  /** What is in it of each source, by its number. */
  sources: Record<number, { documents: number; bytes: number; tokens: number }>;
  seconds: Record<string, number>;
}

export const partNames = { train: 'train', heldOut: 'heldout' } as const;

let known: { folder: string; tokenizer: Tokenizer; lengths: Uint16Array } | null = null;

export function encodeShard(task: EncodeTask, onBytes: (bytes: number) => void): EncodedShard {
  const folder = corpusFolder(task.out);
  if (known?.folder !== folder.tokenizer) {
    const tokenizer = loadTokenizer(folder.tokenizer);
    known = { folder: folder.tokenizer, tokenizer, lengths: tokenByteLengths(tokenizer) };
  }
  const { tokenizer, lengths } = known;
  const name = partNames[task.part];
  const writer = new ShardWriter({
    folder: folder.data,
    name,
    first: task.shard,
    dtype: tokenDtype(tokenizer),
    shardTokens: Infinity,
  });
  const reader = new KeptDocumentsReader(folder.documents);
  const result: Omit<EncodedShard, 'entry'> = { sources: {}, seconds: { read: 0, encode: 0 } };
  const { units, offsets, textBytes, hashes, sources, cuts } = task.documents;
  try {
    for (let i = 0; i < units.length; i++) {
      const begin = performance.now();
      const document = reader.read(units[i]!, offsets[i]!, textBytes[i]!);
      const text = shardText(document, cuts[i] ?? null, task.split, hashes[i]!, task.part);
      const middle = performance.now();
      if (text && text.length > 0) {
        let tokens = 1;
        for (const piece of writeDocument(writer, text, { tokenizer, lengths, startToken: task.startToken }))
          tokens += piece.tokens;
        const own = (result.sources[sources[i]!] ??= { documents: 0, bytes: 0, tokens: 0 });
        own.documents++;
        own.bytes += text.length;
        own.tokens += tokens;
      }
      onBytes(textBytes[i]!);
      result.seconds['read']! += (middle - begin) / 1000;
      result.seconds['encode']! += (performance.now() - middle) / 1000;
    }
    const encoded: EncodedShard = { entry: writer.finish(), ...result };
    writeAtomic(folder.shardRecord(name, task.shard), JSON.stringify(encoded));
    return encoded;
  } finally {
    writer.abandon();
    reader.close();
  }
}

/** What of a kept document is in the shards of a part: its text less the lines that are cut, or the piece the split gives. */
export function shardText(
  { text, source }: KeptDocument,
  cut: Uint32Array | null,
  split: SplitPlan,
  hash: string,
  part: Part,
): Uint8Array | null {
  return textOfPart(split, { text: Buffer.from(cut ? cutParagraphs(text, cut) : text), hash, source }, part);
}

/** What an earlier sitting wrote of a shard, or null. */
export function encodedBefore(path: string): EncodedShard | null {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as EncodedShard) : null;
}
