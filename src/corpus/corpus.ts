/** A corpus: the files a user gave, checked and divided once, then read as often as needed without being held in memory. */
import { createHash } from 'node:crypto';
import { InputError } from '../io/errors.js';
import { discover, type SourceFile } from './discover.js';
import { readDocuments } from './documents.js';
import { pacer } from './pacing.js';
import { SplitPlanner, textOfPart, type Part, type SplitPlan } from './split.js';

/** A file that was read. */
export interface CorpusInput {
  path: string;
  /** Size on the disk. */
  bytes: number;
  /** Hexadecimal SHA-256 of the file. */
  sha256: string;
  /** Documents it gave. */
  documents: number;
}

export interface Corpus {
  readonly inputs: readonly CorpusInput[];
  readonly documents: number;
  /** Bytes of text in all documents, both parts. */
  readonly textBytes: number;
  readonly split: SplitPlan;
  /** What was left out, one line each. */
  readonly warnings: readonly string[];
  /**
   * Reads the documents of a part, or the first or last piece of a document that the split cuts, in a fixed order.
   * @throws RunError when a file changed since the corpus was opened
   */
  read(part: Part): Generator<CorpusText>;
}

/** Text of a part of a corpus. */
export interface CorpusText {
  /** Valid UTF-8. */
  text: Uint8Array;
  /** Path of the file, with `:line` for `.jsonl`. */
  source: string;
}

export interface OpenCorpusOptions {
  /** Share of the text to hold out of training, 0 to 0.5 (default 0.05). 0 holds out nothing. */
  heldOut?: number;
  onWarning?: (message: string) => void;
  onProgress?: (done: { bytes: number; totalBytes: number; files: number; totalFiles: number }) => void;
  signal?: AbortSignal;
}

/**
 * Reads every file under `paths` once: checks that it is text, takes its hash, counts documents, decides the split.
 * @throws InputError for missing or unreadable paths, no text at all, a binary file named itself, bad JSON lines
 */
export async function openCorpus(paths: readonly string[], options: OpenCorpusOptions = {}): Promise<Corpus> {
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    options.onWarning?.(message);
  };
  const planner = new SplitPlanner(options.heldOut ?? 0.05);
  const files = discover(paths, warn);
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const rest = pacer(options.signal);
  const inputs: CorpusInput[] = [];
  let [documents, textBytes, bytes] = [0, 0, 0];
  for (const file of files) {
    const inputHash = createHash('sha256');
    const before = documents;
    for (const document of readDocuments(file, { warn, inputHash })) {
      planner.add({ hash: document.hash, bytes: document.text.length });
      documents++;
      textBytes += document.text.length;
      await rest();
    }
    inputs.push({ path: file.path, bytes: file.bytes, sha256: inputHash.digest('hex'), documents: documents - before });
    bytes += file.bytes;
    options.onProgress?.({ bytes, totalBytes, files: inputs.length, totalFiles: files.length });
    await rest();
  }
  if (documents === 0) throw new InputError(`no text to read. ${warnings.slice(0, 3).join('; ')}`);
  const split = planner.plan();
  return { inputs, documents, textBytes, split, warnings, read: (part) => readPart(files, split, part) };
}

function* readPart(files: readonly SourceFile[], split: SplitPlan, part: Part): Generator<CorpusText> {
  for (const file of files) {
    for (const document of readDocuments(file, { warn: () => {} })) {
      const text = textOfPart(split, document, part);
      if (text) yield { text, source: document.source };
    }
  }
}
