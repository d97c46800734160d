/** Reading token shards: documents are numbered through, tokens are read from the files when they are wanted. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError, RunError } from '../io/errors.js';
import { sha256, sha256File } from '../io/files.js';
import { DOCUMENT_FIELDS, MANIFEST_FILE, shardManifestSchema, splitOf } from './shard-manifest.js';
import type { ShardEntry, ShardManifest, SplitEntry } from './shard-manifest.js';

/** The documents of one part of a tokenized corpus. */
export interface TokenSplit {
  readonly documents: number;
  /** Tokens in all, each document's start token included. */
  readonly tokens: number;
  /** Bytes of text in all. */
  readonly textBytes: number;
  /** Where each document begins in one numbering of all tokens, and at last `tokens`. [documents + 1] */
  readonly starts: Float64Array;
  /** Bytes of text of each document beyond those of its tokens; nearly always 0. [documents] */
  readonly surplus: Float64Array;
  /** Fills `into` with the tokens from `from` on, all within one document. */
  read(from: number, into: Int32Array): void;
}

/** A tokenized corpus, from {@link openShards} or {@link shardsInMemory}. */
export interface TokenShards {
  readonly train: TokenSplit;
  readonly heldOut: TokenSplit;
  readonly vocabSize: number;
  /** First token of every document. */
  readonly startToken: number;
  /** To be predicted after the last token of every document. */
  readonly endToken: number;
  /** Bytes of text of each token id; 0 for special tokens. [vocabSize] */
  readonly tokenBytes: Uint16Array;
  /** Names the content: two sets of shards with the same hash give the same batches. */
  readonly hash: string;
}

/** Token shards on the disk. */
export interface OpenShards extends TokenShards {
  readonly manifest: ShardManifest;
  /** Reads every file and compares it with the manifest. @throws RunError naming the first that differs */
  verify(): void;
  /** Closes the files; {@link TokenSplit.read} is over then. */
  close(): void;
}

/**
 * Opens a folder written by `tokenizeToShards`. Checks the manifest, the size of every file and the document indexes;
 * token ids are checked as they are read, contents by `verify()`.
 * @throws InputError for a folder without a manifest; RunError for damaged files
 */
export function openShards(folder: string): OpenShards {
  const { manifest, hash } = readManifest(folder);
  const { vocabSize } = manifest.tokenizer;
  if (Math.max(manifest.startToken, manifest.endToken) >= vocabSize)
    throw new RunError(`${join(folder, MANIFEST_FILE)} is damaged: boundary tokens outside the vocabulary`);
  const lengths = readExactly(join(folder, manifest.tokenBytes.file), 2 * vocabSize);
  const train = new FileSplit(folder, manifest.train, manifest);
  const heldOut = new FileSplit(folder, manifest.heldOut, manifest);
  return {
    manifest,
    train,
    heldOut,
    vocabSize,
    startToken: manifest.startToken,
    endToken: manifest.endToken,
    tokenBytes: new Uint16Array(lengths.buffer, lengths.byteOffset, vocabSize),
    hash,
    verify: () => {
      const shards = [...manifest.train.shards, ...manifest.heldOut.shards];
      for (const { file, sha256 } of [manifest.tokenBytes, ...shards, ...shards.map(({ index }) => index)])
        if (sha256File(join(folder, file)) !== sha256) throw damaged(join(folder, file), 'it is not what was written');
    },
    close: () => {
      train.close();
      heldOut.close();
    },
  };
}

function readManifest(folder: string): { manifest: ShardManifest; hash: string } {
  const path = join(folder, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(
      `${folder} is no finished folder of token shards: cannot read ${path}: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
  try {
    return { manifest: shardManifestSchema.parse(JSON.parse(text)), hash: sha256(text) };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : describeError(error);
    throw damaged(path, why);
  }
}

/** One file of a split: tokens `first` to `first + tokens` of the numbering. */
interface OpenFile {
  path: string;
  descriptor: number;
  first: number;
  tokens: number;
}

class FileSplit implements TokenSplit {
  readonly documents: number;
  readonly tokens: number;
  readonly textBytes: number;
  readonly starts: Float64Array;
  readonly surplus: Float64Array;
  private readonly files: OpenFile[] = [];
  private readonly vocabSize: number;
  private readonly width: 2 | 4;
  private bytes = Buffer.alloc(1 << 14);

  constructor(folder: string, split: SplitEntry, { dtype, tokenizer }: ShardManifest) {
    this.vocabSize = tokenizer.vocabSize;
    this.width = dtype === 'uint16' ? 2 : 4;
    ({ documents: this.documents, tokens: this.tokens, textBytes: this.textBytes } = splitOf(split.shards));
    if (split.documents !== this.documents || split.tokens !== this.tokens || split.textBytes !== this.textBytes)
      throw damaged(join(folder, MANIFEST_FILE), 'its totals are not the sums of its shards');
    for (const { index, documents } of split.shards)
      checkSize(join(folder, index.file), 8 * DOCUMENT_FIELDS * documents);
    this.starts = new Float64Array(this.documents + 1);
    this.surplus = new Float64Array(this.documents);
    this.starts[this.documents] = this.tokens;
    let [document, token] = [0, 0];
    for (const shard of split.shards) {
      this.addIndex(join(folder, shard.index.file), shard, document, token);
      this.files.push(openFile(join(folder, shard.file), token, shard.tokens, this.width));
      document += shard.documents;
      token += shard.tokens;
    }
  }

  read(from: number, into: Int32Array): void {
    const file = this.files.findLast(({ first }) => first <= from);
    if (!file || from + into.length > file.first + file.tokens)
      throw new RangeError(`tokens ${from} to ${from + into.length} are not in one shard`);
    const { width } = this;
    const length = into.length * width;
    if (this.bytes.length < length) this.bytes = Buffer.alloc(2 * length);
    for (let done = 0; done < length;) {
      const count = readSync(file.descriptor, this.bytes, done, length - done, (from - file.first) * width + done);
      if (count === 0) throw damaged(file.path, 'it is cut short');
      done += count;
    }
    const Ids = width === 2 ? Uint16Array : Uint32Array;
    const ids = new Ids(this.bytes.buffer, this.bytes.byteOffset, into.length);
    for (let i = 0; i < into.length; i++) {
      const id = ids[i]!;
      if (id >= this.vocabSize) throw damaged(file.path, `token ${id} is outside the vocabulary of ${this.vocabSize}`);
      into[i] = id;
    }
  }

  close(): void {
    for (const { descriptor } of this.files.splice(0)) closeSync(descriptor);
  }

  /** Reads a shard's index into `starts` and `surplus`, from document `document` and token `token` on. */
  private addIndex(path: string, shard: ShardEntry, document: number, token: number): void {
    const bytes = readExactly(path, 8 * DOCUMENT_FIELDS * shard.documents);
    const fields = new Float64Array(bytes.buffer, bytes.byteOffset, DOCUMENT_FIELDS * shard.documents);
    let [previous, textBytes] = [-1, 0];
    for (let i = 0; i < shard.documents; i++) {
      const [start, ownBytes, surplus] = fields.subarray(DOCUMENT_FIELDS * i) as unknown as [number, number, number];
      const sound = Number.isInteger(start) && start > previous && start < shard.tokens && (i > 0 || start === 0);
      if (!sound || !(ownBytes >= 0) || !Number.isFinite(surplus)) throw damaged(path, `document ${i} makes no sense`);
      this.starts[document + i] = token + start;
      this.surplus[document + i] = surplus;
      previous = start;
      textBytes += ownBytes;
    }
    if (textBytes !== shard.textBytes) throw damaged(path, 'its bytes of text are not those of the manifest');
  }
}

function openFile(path: string, first: number, tokens: number, width: number): OpenFile {
  checkSize(path, tokens * width);
  return { path, descriptor: openSync(path, 'r'), first, tokens };
}

function checkSize(path: string, bytes: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw damaged(path, 'it is missing');
  if (size !== bytes) throw damaged(path, `it has ${size} bytes where the manifest says ${bytes}`);
}

/** The file's bytes at the start of a buffer of their own, so that they can be seen as numbers. */
function readExactly(path: string, bytes: number): Uint8Array {
  checkSize(path, bytes);
  return new Uint8Array(readFileSync(path));
}

function damaged(path: string, why: string): RunError {
  return new RunError(`${path} is damaged: ${why}. Make the token shards again`);
}
