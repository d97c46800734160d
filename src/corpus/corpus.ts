/** A corpus: the files a user gave, checked and divided once, then read as often as needed without being held in memory. */
import { InputError } from '../io/errors.js';
import { sha256, sha256File } from '../io/files.js';
import { pacer } from './pacing.js';
import { planUnits, type Problem, type ReadUnit, readUnit } from './read/index.js';
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
  read(part: Part): AsyncGenerator<CorpusText>;
}

/** Text of a part of a corpus. */
export interface CorpusText {
  /** Valid UTF-8. */
  text: Uint8Array;
  /** Path of the file, and the place in it where it holds many documents. */
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
 * Reads every file under `paths` once: takes its hash, counts documents, decides the split. What cannot be read is left
 * out with a warning.
 * @throws InputError for missing or unreadable paths, a binary file named itself, and where there is no text at all
 */
export async function openCorpus(paths: readonly string[], options: OpenCorpusOptions = {}): Promise<Corpus> {
  const warnings: string[] = [];
  const warn = ({ source, reason }: Problem): void => {
    warnings.push(`${source}: ${reason}`);
    options.onWarning?.(`${source}: ${reason}`);
  };
  const planner = new SplitPlanner(options.heldOut ?? 0.05);
  const units = await planUnits(paths, { unitBytes: Infinity, warn });
  const totalBytes = units.reduce((sum, { bytes }) => sum + bytes, 0);
  const rest = pacer(options.signal);
  const inputs: CorpusInput[] = [];
  let [documents, textBytes, bytes] = [0, 0, 0];
  const report = (): void =>
    options.onProgress?.({ bytes, totalBytes, files: inputs.length, totalFiles: units.length });
  for (const unit of units) {
    const before = documents;
    const onBytes = (more: number): void => void (bytes += more);
    for await (const { text, source } of readUnit(unit, { onProblem: warn, onBytes })) {
      const document = hashed(text, source);
      planner.add({ hash: document.hash, bytes: document.text.length });
      documents++;
      textBytes += document.text.length;
      report();
      await rest();
    }
    const hash = sha256File(unit.path);
    inputs.push({ path: unit.path, bytes: unit.bytes, sha256: hash, documents: documents - before });
    report();
    await rest();
  }
  if (documents === 0) throw new InputError(`no text to read. ${warnings.slice(0, 3).join('; ')}`);
  const split = planner.plan();
  return { inputs, documents, textBytes, split, warnings, read: (part) => readPart(units, split, part) };
}

async function* readPart(units: readonly ReadUnit[], split: SplitPlan, part: Part): AsyncGenerator<CorpusText> {
  for (const unit of units)
    for await (const { text, source } of readUnit(unit, { onProblem: () => {} })) {
      const own = textOfPart(split, hashed(text, source), part);
      if (own) yield { text: own, source };
    }
}

function hashed(content: string, source: string): { text: Uint8Array; hash: string; source: string } {
  const text = Buffer.from(content);
  return { text, hash: sha256(text), source };
}
