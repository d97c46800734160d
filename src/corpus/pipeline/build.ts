/**
 * A corpus from its configuration: units are cleaned on all cores, duplicates found over all of them, documents mixed and
 * split, a tokenizer trained, shards encoded on all cores, and a report made. Every part is written down when it is done,
 * and the next sitting begins after it; what is in the shards does not depend on threads or sittings.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { InputError } from '../../io/errors.js';
import { makeFolder, writeAtomic } from '../../io/files.js';
import { byteTokenizer, loadTokenizer, saveTokenizer, type Tokenizer, trainBpe } from '../../tokenizer/index.js';
import type { Duplicates } from '../dedup/index.js';
import { pacer } from '../pacing.js';
import { boundaryTokens, writeManifest } from '../tokenize.js';
import { type SplitEntry, splitOf } from '../shard-manifest.js';
import type { Part } from '../split.js';
import type { CleanedUnit, CleanTask } from './clean-unit.js';
import type { CorpusConfig } from './config.js';
import { Crew } from './crew.js';
import {
  type DocumentList,
  encodedBefore,
  type EncodedShard,
  type EncodeTask,
  partNames,
  shardText,
} from './encode-shard.js';
import { corpusFolder, type CorpusFolder } from './folder.js';
import { INDEX_FIELDS, KeptDocumentsReader, readKeptIndex } from './kept-documents.js';
import { type DocumentTable, type Mixture, planMixture, splitHash } from './mixture.js';
import { type CorpusPlan, openPlan, type WorkUnit } from './plan.js';
import { summarize } from './summary.js';
import { totalTally } from './tally.js';
import { Timings } from './timings.js';
import type { CorpusReport } from '../report/index.js';

/** Text of a shard, in bytes: what one thread encodes at a time. */
const SHARD_BYTES = 32 * 2 ** 20;

export interface BuildCorpusOptions {
  config: CorpusConfig;
  /** Folder to write. */
  out: string;
  /** Goes on with what is in `out`. */
  resume?: boolean;
  /** Threads; 0 does all in this one. */
  threads: number;
  /** The command line, for the record. */
  command: string;
  onPhase?: (title: string, done: number, total: number, unit: string) => void;
  onNote?: (message: string) => void;
  signal?: AbortSignal;
}

/**
 * Builds a corpus, or the rest of it.
 * @throws InputError for a configuration or input that cannot be used; RunError for a full disk or damaged files; the
 *   signal's reason when it is aborted (what was finished stays)
 */
export async function buildCorpus(options: BuildCorpusOptions): Promise<CorpusReport> {
  const { config, out, resume = false, command } = options;
  const folder = corpusFolder(out);
  const plan = await openPlan(config, out, { resume, command });
  if (existsSync(folder.reportData)) return JSON.parse(readFileSync(folder.reportData, 'utf8')) as CorpusReport;
  for (const { source, reason } of plan.problems) options.onNote?.(`${source}: ${reason}`);
  const timings = new Timings(folder.timings);
  const crew = new Crew(options.threads);
  try {
    const units = await timings.measure('clean', () => cleanUnits(plan, folder, crew, options));
    const table = readTable(plan, units, folder);
    const duplicates = await timings.measure('deduplicate', () => deduplicate(plan, folder, crew, options));
    const mixture = planMixture(table, duplicates, config);
    if (mixture.train.length === 0) throw new InputError(`no text is left to train on: ${mostDropped(units)}`);
    const tokenizer = await timings.measure('tokenizer', () =>
      makeTokenizer(config, folder, () => trainingTexts(table, duplicates, mixture, folder), options),
    );
    const shards = await timings.measure('encode', () =>
      encodeShards(table, duplicates, mixture, tokenizer, folder, crew, options),
    );
    const manifest = finishShards(plan, units, shards, tokenizer, folder);
    return summarize({
      plan,
      units,
      table,
      duplicates,
      mixture,
      tokenizer,
      shards,
      manifest,
      folder,
      timings,
      ...options,
    });
  } finally {
    await crew.close();
  }
}

/** What took most documents, for a corpus of which nothing is left. */
function mostDropped(units: readonly CleanedUnit[]): string {
  const sum = totalTally(units);
  const rules = Object.entries(sum.dropped).sort(([, a], [, b]) => b.documents - a.documents);
  const taken = rules.slice(0, 3).map(([rule, { documents, examples }]) => {
    const detail = examples[0]?.detail;
    return `${rule} took ${documents}${detail ? ` (such as one of ${detail})` : ''}`;
  });
  return `of ${sum.read.documents} documents, ${taken.join(', ') || 'all are copies or none could be read'}`;
}

async function cleanUnits(
  plan: CorpusPlan,
  folder: CorpusFolder,
  crew: Crew,
  { onPhase, signal, out }: BuildCorpusOptions,
): Promise<CleanedUnit[]> {
  const { config } = plan;
  const results: CleanedUnit[] = [];
  const tasks: CleanTask[] = [];
  let done = 0;
  const sizeOf = ({ parts }: WorkUnit): number => parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const total = plan.units.reduce((sum, unit) => sum + sizeOf(unit), 0);
  const hashed = new Set<string>();
  for (const [index, unit] of plan.units.entries()) {
    const hash = unit.parts.map(({ path }) => path).filter((path) => !hashed.has(path) && hashed.add(path));
    if (existsSync(folder.tally(index))) {
      results[index] = JSON.parse(readFileSync(folder.tally(index), 'utf8')) as CleanedUnit;
      done += sizeOf(unit);
    } else {
      const { clean, dedup, strict } = config;
      tasks.push({ kind: 'clean', out, index, parts: unit.parts, clean, dedup, strict, hash });
    }
  }
  const show = (): void => onPhase?.('reading and cleaning', done, total, 'bytes');
  show();
  await crew.run(tasks, {
    result: (i, result) => (results[tasks[i]!.index] = result),
    progress: (more) => {
      done += more;
      show();
    },
    ...(signal && { signal }),
  });
  return results;
}

/** All kept documents, from the indexes of the units. */
function readTable(plan: CorpusPlan, units: readonly CleanedUnit[], folder: CorpusFolder): DocumentTable {
  const documents = units.reduce((sum, { tally }) => sum + tally.kept.documents, 0);
  const table: DocumentTable = {
    units: new Uint32Array(documents),
    offsets: new Float64Array(documents),
    textBytes: new Uint32Array(documents),
    hashes: new Float64Array(documents),
    sources: new Uint16Array(documents),
  };
  let at = 0;
  for (const [unit, { tally }] of units.entries()) {
    const index = readKeptIndex(folder.index(unit), tally.kept.documents);
    for (let i = 0; i < index.length; i += INDEX_FIELDS, at++) {
      table.units[at] = unit;
      table.offsets[at] = index[i]!;
      table.textBytes[at] = index[i + 1]!;
      table.hashes[at] = index[i + 2]!;
      table.sources[at] = plan.units[unit]!.source;
    }
  }
  return table;
}

async function deduplicate(
  plan: CorpusPlan,
  folder: CorpusFolder,
  crew: Crew,
  { onPhase, signal }: BuildCorpusOptions,
): Promise<Duplicates> {
  if (existsSync(folder.duplicates)) return deserialize(readFileSync(folder.duplicates)) as Duplicates;
  const files = plan.units.map((_, index) => folder.fingerprints(index));
  let done = 0;
  let duplicates: Duplicates | undefined;
  await crew.run([{ kind: 'dedup', files, options: plan.config.dedup, workFolder: folder.work }], {
    result: (_, result) => (duplicates = result),
    progress: (more) => onPhase?.('finding duplicates', (done += more), 0, ''),
    ...(signal && { signal }),
  });
  rmSync(folder.work, { recursive: true, force: true });
  writeAtomic(folder.duplicates, serialize(duplicates));
  return duplicates!;
}

/** The training side of the mixture, each document once, in the order of the files. */
async function* trainingTexts(
  table: DocumentTable,
  duplicates: Duplicates,
  { train, split }: Mixture,
  folder: CorpusFolder,
): AsyncGenerator<Uint8Array> {
  const reader = new KeptDocumentsReader(folder.documents);
  try {
    let previous = -1;
    for (const d of train.toSorted()) {
      if (d === previous) continue;
      previous = d;
      const document = reader.read(table.units[d]!, table.offsets[d]!, table.textBytes[d]!);
      const part = shardText(document, cutsOf(duplicates, d), split, splitHash(table, duplicates, d), 'train');
      if (part) yield part;
    }
  } finally {
    reader.close();
  }
}

async function makeTokenizer(
  { tokenizer: wanted }: CorpusConfig,
  folder: CorpusFolder,
  texts: () => AsyncGenerator<Uint8Array>,
  { onPhase, signal }: BuildCorpusOptions,
): Promise<Tokenizer> {
  if (existsSync(folder.tokenizer)) return loadTokenizer(folder.tokenizer);
  const make = async (): Promise<Tokenizer> => {
    if (wanted === 'byte') return byteTokenizer();
    if ('from' in wanted) return loadTokenizer(wanted.from);
    const rest = pacer(signal);
    let done = 0;
    const shown = async function* (): AsyncGenerator<Uint8Array> {
      for await (const text of texts()) {
        yield text;
        onPhase?.('training the tokenizer', (done += text.length), 0, 'bytes');
        await rest();
      }
    };
    return trainBpe({
      texts: shown(),
      vocabSize: wanted.vocab,
      pattern: wanted.pattern,
      minFrequency: wanted.minFrequency,
    });
  };
  const tokenizer = await make();
  saveTokenizer(tokenizer, folder.tokenizer);
  return tokenizer;
}

/** Encoded shards of both parts, in order. */
export type Shards = Record<Part, EncodedShard[]>;

async function encodeShards(
  table: DocumentTable,
  duplicates: Duplicates,
  mixture: Mixture,
  tokenizer: Tokenizer,
  folder: CorpusFolder,
  crew: Crew,
  { out, onPhase, signal }: BuildCorpusOptions,
): Promise<Shards> {
  makeFolder(folder.data);
  const { startToken } = boundaryTokens(tokenizer);
  const shards: Shards = { train: [], heldOut: [] };
  const tasks: EncodeTask[] = [];
  let [done, total] = [0, 0];
  for (const part of ['train', 'heldOut'] as const)
    for (const [shard, documents] of slices(mixture[part], table.textBytes).entries()) {
      const bytes = documents.reduce((sum, d) => sum + table.textBytes[d]!, 0);
      total += bytes;
      const before = encodedBefore(folder.shardRecord(partNames[part], shard));
      if (before) {
        shards[part][shard] = before;
        done += bytes;
      } else {
        const list = documentList(documents, table, duplicates);
        tasks.push({ kind: 'encode', out, part, shard, documents: list, split: mixture.split, startToken });
      }
    }
  await crew.run(tasks, {
    result: (i, result) => (shards[tasks[i]!.part][tasks[i]!.shard] = result),
    progress: (more) => onPhase?.('encoding', (done += more), total, 'bytes'),
    ...(signal && { signal }),
  });
  return shards;
}

/** Documents in their order, cut where {@link SHARD_BYTES} are full. */
function slices(documents: Uint32Array, textBytes: Uint32Array): Uint32Array[] {
  const result: Uint32Array[] = [];
  let [from, bytes] = [0, 0];
  for (let i = 0; i < documents.length; i++) {
    bytes += textBytes[documents[i]!]!;
    if (bytes < SHARD_BYTES && i + 1 < documents.length) continue;
    result.push(documents.subarray(from, i + 1));
    [from, bytes] = [i + 1, 0];
  }
  return result;
}

function documentList(documents: Uint32Array, table: DocumentTable, duplicates: Duplicates): DocumentList {
  return {
    units: Uint32Array.from(documents, (d) => table.units[d]!),
    offsets: Float64Array.from(documents, (d) => table.offsets[d]!),
    textBytes: Uint32Array.from(documents, (d) => table.textBytes[d]!),
    sources: Uint16Array.from(documents, (d) => table.sources[d]!),
    hashes: Array.from(documents, (d) => splitHash(table, duplicates, d)),
    cuts: Array.from(documents, (d) => cutsOf(duplicates, d)),
  };
}

function cutsOf({ cut, cutStarts }: Duplicates, document: number): Uint32Array | null {
  const [from, to] = [cutStarts[document]!, cutStarts[document + 1]!];
  return from === to ? null : cut.slice(from, to);
}

/** Writes the manifest, with which the shards are whole. */
function finishShards(
  plan: CorpusPlan,
  units: readonly CleanedUnit[],
  shards: Shards,
  tokenizer: Tokenizer,
  folder: CorpusFolder,
): ReturnType<typeof writeManifest> {
  const entryOf = (encoded: readonly EncodedShard[]): SplitEntry =>
    splitOf(encoded.flatMap(({ entry }) => entry.shards));
  return writeManifest(folder.data, tokenizer, {
    heldOutFraction: plan.config.heldOut,
    train: entryOf(shards.train),
    heldOut: entryOf(shards.heldOut),
    inputs: inputsOf(plan, units),
    warnings: [...plan.problems, ...units.flatMap(({ tally }) => tally.problems.first)].map(
      ({ source, reason }) => `${source}: ${reason}`,
    ),
  });
}

/** The files that were read, each once. */
function inputsOf(plan: CorpusPlan, units: readonly CleanedUnit[]) {
  const inputs = new Map<string, { path: string; bytes: number; sha256: string; documents: number }>();
  for (const [index, { parts }] of plan.units.entries())
    for (const [i, { path, bytes }] of parts.entries()) {
      const { documents, sha256 } = units[index]!;
      const known = inputs.get(path);
      if (known) known.documents += documents[i]!;
      else inputs.set(path, { path, bytes, sha256: sha256[path]!, documents: documents[i]! });
    }
  return [...inputs.values()];
}
