/** One unit of a corpus: read, cleaned, fingerprinted and written down. */
import { makeFolder, sha256File, writeAtomic } from '../../io/files.js';
import { dirname } from 'node:path';
import { type CleanConfig, type Cleaner, makeCleaner, maskPersonalData } from '../clean/index.js';
import { type DedupOptions, Fingerprinter, FingerprintWriter } from '../dedup/index.js';
import { type ReadUnit, readUnit } from '../read/index.js';
import { excerpt } from '../report/index.js';
import { corpusFolder } from './folder.js';
import { type KeptDocument, KeptDocumentsWriter } from './kept-documents.js';
import { addSeconds, countDropped, countKept, countProblem, countRead, emptyTally, type Tally } from './tally.js';

export interface CleanTask {
  kind: 'clean';
  out: string;
  index: number;
  parts: ReadUnit[];
  clean: CleanConfig;
  dedup: DedupOptions;
  strict: boolean;
  /** Files whose SHA-256 this unit is to take: those of which it has the first part. */
  hash: string[];
}

export interface CleanedUnit {
  tally: Tally;
  /** Documents of each of its parts, in order. */
  documents: number[];
  /** Of the files it was asked for. */
  sha256: Record<string, string>;
}

/** Cleaners and fingerprinters of this thread, by their configuration: their models are loaded once. */
const cleaners = new Map<string, Promise<Cleaner>>();
const fingerprinters = new Map<string, Fingerprinter>();

export async function cleanUnit(task: CleanTask, onBytes: (bytes: number) => void): Promise<CleanedUnit> {
  const folder = corpusFolder(task.out);
  const cleaner = await cached(cleaners, task.clean, () => makeCleaner(task.clean));
  const fingerprinter = cached(fingerprinters, task.dedup, () => new Fingerprinter(task.dedup));
  const tally = emptyTally();
  makeFolder(dirname(folder.tally(task.index)));
  const kept = new KeptDocumentsWriter(folder.documents(task.index), folder.index(task.index));
  const fingerprints = new FingerprintWriter(folder.fingerprints(task.index), task.dedup);
  const documentsOf: number[] = [];
  let clock = performance.now();
  const lap = (part: string): void => {
    const now = performance.now();
    addSeconds(tally, part, (now - clock) / 1000);
    clock = now;
  };
  try {
    for (const part of task.parts) {
      const before = tally.read.documents;
      const documents = readUnit(part, {
        strict: task.strict,
        onProblem: (problem) => countProblem(tally, problem),
        onBytes: (bytes) => {
          tally.diskBytes += bytes;
          onBytes(bytes);
        },
      });
      for await (const document of documents) {
        lap('read');
        const outcome = cleaner(document);
        lap('clean');
        const { facts } = outcome;
        const bytesRead = Buffer.byteLength(document.text);
        countRead(tally, document.text, bytesRead, facts);
        if ('drop' in outcome) {
          countDropped(tally, outcome, document.source, bytesRead, (length) =>
            excerpt(maskPersonalData(document.text.slice(0, 2 * length)).text, length),
          );
          clock = performance.now();
          continue;
        }
        const { text } = outcome;
        const bytes = Buffer.byteLength(text);
        countKept(tally, document.text, text, facts);
        const fingerprint = fingerprinter.of(text);
        fingerprints.add(fingerprint);
        lap('fingerprint');
        const [high = 0, low = 0] = fingerprint.exact;
        const line: KeptDocument = {
          text,
          source: document.source,
          ...(facts.language !== undefined && { language: facts.language }),
          ...(facts.toxicity !== undefined && { toxicity: Math.round(facts.toxicity * 1e4) / 1e4 }),
          ...(Object.keys(document.meta).length > 0 && { meta: document.meta }),
        };
        kept.add(line, bytes, high * 2 ** 16 + (low >>> 16));
        lap('write');
      }
      lap('read');
      documentsOf.push(tally.read.documents - before);
    }
    kept.finish();
    fingerprints.finish();
    lap('write');
    const sha256 = Object.fromEntries(task.hash.map((path) => [path, sha256File(path)]));
    const unit: CleanedUnit = { tally, documents: documentsOf, sha256 };
    writeAtomic(folder.tally(task.index), JSON.stringify(unit));
    return unit;
  } finally {
    kept.abandon();
    fingerprints.abandon();
  }
}

function cached<K, V>(known: Map<string, V>, options: K, make: () => V): V {
  const key = JSON.stringify(options);
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}
