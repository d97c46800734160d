/** The text of a run as tokens: made of files in the run's own folder, or taken as `telar corpus` left it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { corpusFolder, openCorpus, openShards, type OpenShards, tokenizeToShards } from '../corpus/index.js';
import { InputError } from '../io/errors.js';
import { byteTokenizer, loadTokenizer, saveTokenizer, type Tokenizer, trainBpe } from '../tokenizer/index.js';
import type { SessionEvents } from './session.js';

export interface PrepareOptions {
  /** Files and folders of text, or one folder that `telar corpus` made. */
  paths: readonly string[];
  out: string;
  tokenizer?: 'bpe' | 'byte';
  vocab?: number;
  events?: SessionEvents;
  signal?: AbortSignal;
}

export interface PreparedText {
  tokenizer: Tokenizer;
  kind: 'bpe' | 'byte';
  shards: OpenShards;
  inputs: readonly { path: string; bytes: number; sha256: string }[];
  documents: number;
  /** Absolute path of the corpus that it is, or null. */
  corpus: string | null;
}

/** The one folder of `paths` that `telar corpus` made, or null. */
export function corpusOf(paths: readonly string[]): string | null {
  const [path] = paths;
  return path !== undefined && paths.length === 1 && existsSync(corpusFolder(path).plan) ? resolve(path) : null;
}

/** @throws InputError for text or a corpus that cannot be used; RunError when the folder cannot be written */
export async function prepareText(options: PrepareOptions): Promise<PreparedText> {
  const corpus = corpusOf(options.paths);
  return corpus === null ? tokenizeFiles(options) : openTokenizedCorpus(corpus, options);
}

/** Opens the shards that a run trains on. @param corpus as {@link PreparedText} has it */
export function openRunShards(out: string, corpus: string | null): OpenShards {
  return openShards(corpus === null ? join(out, 'data') : corpusFolder(corpus).data);
}

/** The datasheet of a run's corpus, for its model card. */
export function datasheetOf(corpus: string | null): string {
  const path = corpus === null ? '' : corpusFolder(corpus).datasheet;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function openTokenizedCorpus(corpus: string, { out, tokenizer: wanted, vocab }: PrepareOptions): PreparedText {
  if (wanted !== undefined || vocab !== undefined)
    throw new InputError(`${corpus} has its tokenizer already: leave out --tokenizer and --vocab`);
  const folder = corpusFolder(corpus);
  if (!existsSync(folder.reportData))
    throw new InputError(`${corpus} is not finished: go on with telar corpus CONFIG --out ${corpus} --resume`);
  const tokenizer = loadTokenizer(folder.tokenizer);
  saveTokenizer(tokenizer, join(out, 'tokenizer'));
  const shards = openShards(folder.data);
  const { manifest } = shards;
  if (manifest.tokenizer.hash !== tokenizer.hash)
    throw new InputError(`${folder.tokenizer} is not the tokenizer that the shards beside it were made with`);
  if (shards.heldOut.tokens === 0)
    throw new InputError(`${corpus} holds no text out to measure with: make it with heldOut above 0`);
  return {
    tokenizer,
    kind: tokenizer.vocabSize <= byteTokenizer().vocabSize ? 'byte' : 'bpe',
    shards,
    inputs: manifest.inputs,
    documents: shards.train.documents + shards.heldOut.documents,
    corpus,
  };
}

async function tokenizeFiles(options: PrepareOptions): Promise<PreparedText> {
  const { out, events = {}, signal, tokenizer: kind = 'bpe', vocab = 4096 } = options;
  const corpus = await openCorpus(options.paths, {
    ...(signal && { signal }),
    onWarning: (message) => events.onNote?.(message),
    onProgress: ({ bytes, totalBytes }) => events.onPhase?.('reading', bytes, totalBytes, 'bytes'),
  });
  events.onPhase?.('training the tokenizer', 0, 1, '');
  const texts = async function* (): AsyncGenerator<Uint8Array> {
    for await (const { text } of corpus.read('train')) yield text;
  };
  const tokenizer = kind === 'byte' ? byteTokenizer() : await trainBpe({ texts: texts(), vocabSize: vocab });
  saveTokenizer(tokenizer, join(out, 'tokenizer'));
  await tokenizeToShards({
    corpus,
    tokenizer,
    out: join(out, 'data'),
    ...(signal && { signal }),
    onProgress: ({ textBytes, totalTextBytes }) => events.onPhase?.('tokenizing', textBytes, totalTextBytes, 'bytes'),
  });
  const { inputs, documents } = corpus;
  return { tokenizer, kind, shards: openRunShards(out, null), inputs, documents, corpus: null };
}
