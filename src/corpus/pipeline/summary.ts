/** The report of a finished corpus: what its tallies, duplicates and shards add up to. */
import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { sha256, writeAtomic } from '../../io/files.js';
import { Random } from '../../io/hash-random.js';
import { version } from '../../io/version.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import { stepNames } from '../clean/index.js';
import { type Duplicates, Verdict } from '../dedup/index.js';
import {
  type CorpusReport,
  corpusReportSchema,
  excerpt,
  EXCERPT_LENGTHS,
  logBin,
  type Removal,
  renderCorpusReport,
  renderDatasheet,
  REPORT_LIMITS,
} from '../report/index.js';
import { MANIFEST_FILE, type ShardManifest } from '../shard-manifest.js';
import type { Shards } from './build.js';
import type { CleanedUnit } from './clean-unit.js';
import { partNames } from './encode-shard.js';
import type { CorpusFolder } from './folder.js';
import { KeptDocumentsReader } from './kept-documents.js';
import type { DocumentTable, Mixture } from './mixture.js';
import type { CorpusPlan } from './plan.js';
import { type Amount, type Tally, totalTally } from './tally.js';
import type { Timings } from './timings.js';

export interface Outcome {
  plan: CorpusPlan;
  units: readonly CleanedUnit[];
  table: DocumentTable;
  duplicates: Duplicates;
  mixture: Mixture;
  tokenizer: Tokenizer;
  shards: Shards;
  manifest: ShardManifest;
  folder: CorpusFolder;
  timings: Timings;
  threads: number;
}

/** Tokens shown of the vocabulary. */
const SHOWN_TOKENS = 40;
const SAMPLES = 0x73616d70;

/** Makes and writes `report.json`, `report.html` and `datasheet.md`. */
export function summarize(outcome: Outcome): CorpusReport {
  const { plan, units, folder, manifest, tokenizer, timings, shards } = outcome;
  const { config } = plan;
  const tally = totalTally(units);
  const reader = new KeptDocumentsReader(folder.documents);
  try {
    const { train, heldOut } = manifest;
    const amounts = ({ documents, textBytes, tokens }: typeof train) => ({ documents, bytes: textBytes, tokens });
    const textBytes = train.textBytes + heldOut.textBytes;
    const report: CorpusReport = corpusReportSchema.parse({
      format: 'telar-corpus-report',
      version: 1,
      name: config.name,
      created: new Date().toISOString(),
      telar: version,
      command: plan.command,
      config: stringify(config),
      seed: config.seed,
      seconds: Object.values(timings.seconds).reduce((sum, seconds) => sum + seconds, 0),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        threads: outcome.threads,
        peakMemory: process.resourceUsage().maxRSS * 1024,
      },
      about: config.about,
      inputBytes: manifest.inputs.reduce((sum, { bytes }) => sum + bytes, 0),
      read: tally.read,
      removals: removalsOf(outcome, tally),
      train: amounts(train),
      heldOut: amounts(heldOut),
      heldOutFraction: config.heldOut,
      sources: sourcesOf(outcome),
      problems: {
        count: plan.problems.length + tally.problems.count,
        first: [...plan.problems, ...tally.problems.first].slice(0, REPORT_LIMITS.problems),
      },
      cleaning: stepNames.map((step) => {
        const options = config.clean[step];
        return { step, on: options !== false, settings: options === false ? {} : { ...options } };
      }),
      changes: Object.fromEntries(Object.entries(tally.counts).filter(([name]) => !name.startsWith('pii.'))),
      languages: Object.keys(tally.languages.before).map((language) => ({
        language,
        before: tally.languages.before[language]!,
        after: tally.languages.after[language] ?? { documents: 0, bytes: 0 },
      })),
      lengths: tally.lengths,
      duplicates: { settings: { ...config.dedup }, ...clustersOf(outcome, reader) },
      ...personalDataOf(config.clean, tally),
      ...toxicityOf(config.clean, tally),
      ...contaminationOf(config.clean, tally),
      tokenizer: {
        kind: config.tokenizer === 'byte' ? 'byte' : 'bpe',
        vocabSize: tokenizer.vocabSize,
        hash: tokenizer.hash,
        origin:
          typeof config.tokenizer === 'object' && 'from' in config.tokenizer
            ? config.tokenizer.from
            : 'trained on this corpus',
        bytesPerToken: textBytes / Math.max(1, train.tokens + heldOut.tokens),
        sample: tokensOf(tokenizer),
      },
      stages: stagesOf(outcome, tally),
      samples: samplesOf(outcome, reader),
      manifest: {
        sha256: sha256(readFileSync(join(folder.data, MANIFEST_FILE))),
        dtype: manifest.dtype,
        shards: (['train', 'heldOut'] as const).flatMap((split) =>
          manifest[split].shards.map((shard) => ({
            file: shard.file,
            split,
            documents: shard.documents,
            bytes: shard.textBytes,
            tokens: shard.tokens,
            sha256: shard.sha256,
          })),
        ),
      },
    } satisfies CorpusReport);
    writeAtomic(folder.datasheet, renderDatasheet(report));
    writeAtomic(folder.report, renderCorpusReport(report));
    writeAtomic(folder.reportData, `${JSON.stringify(report, null, 2)}\n`);
    for (const part of ['train', 'heldOut'] as const)
      for (const shard of shards[part].keys()) rmSync(folder.shardRecord(partNames[part], shard), { force: true });
    return report;
  } finally {
    reader.close();
  }
}

/** What was removed at each step, in their order: what is left at the end is in the shards. */
function removalsOf({ table, duplicates, mixture, manifest }: Outcome, tally: Tally): Removal[] {
  const removals: Removal[] = [];
  const order = (rule: string): number => stepNames.findIndex((step) => rule === step || rule.startsWith(`${step}.`));
  const rules = Object.entries(tally.dropped).sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1));
  for (const [rule, { documents, bytes, examples }] of rules)
    removals.push({
      kind: rule.startsWith('decontaminate') ? 'contamination' : 'cleaning',
      rule,
      documents,
      bytes,
      examples: examples
        .slice(0, REPORT_LIMITS.examples)
        .map((example) => ({ ...example, excerpt: excerpt(example.excerpt, EXCERPT_LENGTHS.example) })),
    });
  removals.push({
    kind: 'changed',
    rule: 'repaired, masked and cut',
    documents: 0,
    bytes: tally.changed.bytes,
    touched: tally.changed.documents,
    examples: [],
  });
  const left = { ...tally.kept };
  for (const [kind, verdict] of [
    ['exact', Verdict.exact],
    ['near', Verdict.near],
  ] as const) {
    const gone: Amount = { documents: 0, bytes: 0 };
    for (let d = 0; d < duplicates.verdicts.length; d++)
      if (duplicates.verdicts[d] === verdict) {
        gone.documents++;
        gone.bytes += table.textBytes[d]!;
      }
    removals.push({ kind, rule: `${kind} duplicates`, ...gone, examples: [] });
    left.documents -= gone.documents;
    left.bytes -= gone.bytes;
  }
  const mixed: Amount = { documents: 0, bytes: 0 };
  // Of a document that the split cuts, each part has a piece: one more document, and no more text.
  const parts = mixture.split.tail ? [mixture.train] : [mixture.train, mixture.heldOut];
  if (mixture.split.tail) mixed.documents += mixture.heldOut.length;
  for (const part of parts)
    for (const d of part) {
      mixed.documents++;
      mixed.bytes += table.textBytes[d]!;
    }
  removals.push({
    kind: 'mixing',
    rule: 'weights, caps and split',
    documents: left.documents - mixed.documents,
    bytes: left.bytes - mixed.bytes,
    examples: [],
  });
  const { train, heldOut } = manifest;
  let touched = 0;
  for (const part of parts)
    for (const d of part) if (duplicates.cutStarts[d] !== duplicates.cutStarts[d + 1]) touched++;
  removals.push({
    kind: 'paragraphs',
    rule: 'repeated paragraphs',
    documents: mixed.documents - train.documents - heldOut.documents,
    bytes: mixed.bytes - train.textBytes - heldOut.textBytes,
    touched,
    examples: [],
  });
  return removals;
}

function sourcesOf({ plan, units, table, mixture, shards }: Outcome): CorpusReport['sources'] {
  return plan.config.sources.map((source, s) => {
    const own = plan.units.flatMap(({ source, parts }, index) => (source === s ? [{ parts, ...units[index]! }] : []));
    const read: Amount = { documents: 0, bytes: 0 };
    for (const { tally } of own) {
      read.documents += tally.read.documents;
      read.bytes += tally.read.bytes;
    }
    const kept = { documents: 0, bytes: 0, tokens: 0 };
    for (const shard of [...shards.train, ...shards.heldOut]) {
      const inShard = shard.sources[s];
      for (const what of ['documents', 'bytes', 'tokens'] as const) kept[what] += inShard?.[what] ?? 0;
    }
    let taken = 0;
    const once = new Set<number>();
    for (const d of mixture.train)
      if (table.sources[d] === s) {
        taken++;
        once.add(d);
      }
    const formats = new Set(
      own.flatMap(({ parts }) =>
        parts.map(({ format, compression }) => format + (compression === 'none' ? '' : ` (${compression})`)),
      ),
    );

    return {
      name: source.name,
      paths: source.paths,
      ...(source.licence !== undefined && { licence: source.licence }),
      ...(source.origin !== undefined && { origin: source.origin }),
      format: [...formats].sort().join(', '),
      read,
      kept: { documents: kept.documents, bytes: kept.bytes },
      tokens: kept.tokens,
      weight: source.weight,
      ...(source.cap !== undefined && { cap: { amount: source.cap, unit: 'bytes' as const } }),
      epochs: once.size === 0 ? 0 : source.weight < 1 ? source.weight : taken / once.size,
    };
  });
}

/** How large the groups of copies are, and the largest of them. */
function clustersOf(
  { duplicates, table }: Outcome,
  reader: KeptDocumentsReader,
): Pick<NonNullable<CorpusReport['duplicates']>, 'clusters' | 'sizes' | 'largest'> {
  const members = new Map<number, number>();
  for (let d = 0; d < duplicates.clusters.length; d++) {
    const first = duplicates.clusters[d]!;
    if (first !== d) members.set(first, (members.get(first) ?? 1) + 1);
  }
  const sizes: number[] = [];
  for (const size of members.values()) {
    const bin = logBin(size);
    while (sizes.length <= bin) sizes.push(0);
    sizes[bin]!++;
  }
  const largest = [...members].sort(([a, m], [b, n]) => n - m || a - b).slice(0, REPORT_LIMITS.clusters);
  return {
    clusters: members.size,
    sizes,
    largest: largest.map(([d, size]) => {
      const { source, text } = reader.read(table.units[d]!, table.offsets[d]!, table.textBytes[d]!);
      return { size, source, excerpt: excerpt(text, EXCERPT_LENGTHS.cluster) };
    }),
  };
}

type Clean = CorpusPlan['config']['clean'];

function personalDataOf(clean: Clean, tally: Tally): Pick<CorpusReport, 'personalData'> {
  if (clean.pii === false) return {};
  const counts = Object.entries(tally.counts)
    .filter(([name]) => name.startsWith('pii.'))
    .map(([name, n]) => [name.slice(4), n] as const);
  return {
    personalData: {
      action: clean.pii.action === 'drop' ? 'document dropped' : 'masked',
      counts: Object.fromEntries(counts),
    },
  };
}

function toxicityOf(clean: Clean, tally: Tally): Pick<CorpusReport, 'toxicity'> {
  if (clean.toxicity === false) return {};
  const { classifier, threshold } = clean.toxicity;
  return {
    toxicity: { classifier: classifier ?? 'the shipped classifier (English)', threshold, bins: tally.toxicity },
  };
}

function contaminationOf(clean: Clean, tally: Tally): Pick<CorpusReport, 'contamination'> {
  if (clean.decontaminate === false) return {};
  const found = Object.entries(tally.dropped).filter(([rule]) => rule.startsWith('decontaminate'));
  const hits = found.flatMap(([, { examples }]) => examples);
  return {
    contamination: {
      n: clean.decontaminate.ngram,
      testFiles: clean.decontaminate.files,
      count: found.reduce((sum, [, { documents }]) => sum + documents, 0),
      hits: hits.slice(0, REPORT_LIMITS.contaminationHits).map(({ source, detail }) => {
        const at = detail.indexOf(': ');
        return { source, file: detail.slice(0, Math.max(0, at)), ngram: detail.slice(at < 0 ? 0 : at + 2) };
      }),
    },
  };
}

/** Some tokens, evenly from the whole vocabulary. */
function tokensOf(tokenizer: Tokenizer): { id: number; text: string }[] {
  const ids = Array.from({ length: SHOWN_TOKENS }, (_, i) =>
    Math.min(tokenizer.vocabSize - 1, 256 + Math.floor((i * Math.max(0, tokenizer.vocabSize - 256)) / SHOWN_TOKENS)),
  );
  return [...new Set(ids)].filter((id) => !tokenizer.isSpecial(id)).map((id) => ({ id, text: tokenizer.decode([id]) }));
}

/** Wall clock of the stages, and what a thread alone took for each part of those that are shared out. */
function stagesOf({ timings, shards, manifest }: Outcome, tally: Tally): CorpusReport['stages'] {
  const wall = (stage: string): number => timings.seconds[stage] ?? 0;
  const tokenized = manifest.train.textBytes + manifest.heldOut.textBytes;
  const encoding = [...shards.train, ...shards.heldOut];
  const ofThread = (part: string): number => encoding.reduce((sum, { seconds }) => sum + (seconds[part] ?? 0), 0);
  const { read, kept } = tally;
  return [
    { stage: 'read and clean', seconds: wall('clean'), bytes: read.bytes },
    { stage: 'reading, a thread', seconds: tally.seconds['read'] ?? 0, bytes: read.bytes },
    { stage: 'cleaning, a thread', seconds: tally.seconds['clean'] ?? 0, bytes: read.bytes },
    { stage: 'fingerprints, a thread', seconds: tally.seconds['fingerprint'] ?? 0, bytes: kept.bytes },
    { stage: 'writing, a thread', seconds: tally.seconds['write'] ?? 0, bytes: kept.bytes },
    { stage: 'find duplicates', seconds: wall('deduplicate'), bytes: kept.bytes },
    { stage: 'train the tokenizer', seconds: wall('tokenizer'), bytes: manifest.train.textBytes },
    { stage: 'encode', seconds: wall('encode'), bytes: tokenized },
    { stage: 'reading again, a thread', seconds: ofThread('read'), bytes: tokenized },
    { stage: 'encoding, a thread', seconds: ofThread('encode'), bytes: tokenized },
  ];
}

function samplesOf({ table, mixture, plan }: Outcome, reader: KeptDocumentsReader): CorpusReport['samples'] {
  const random = new Random(plan.config.seed, SAMPLES);
  const chosen = new Set<number>();
  for (let tries = 0; tries < 4 * REPORT_LIMITS.samples && chosen.size < REPORT_LIMITS.samples; tries++)
    chosen.add(mixture.train[random.int(mixture.train.length)]!);
  return [...chosen].map((d) => {
    const { text, source, language } = reader.read(table.units[d]!, table.offsets[d]!, table.textBytes[d]!);
    return { source, ...(language !== undefined && { language }), excerpt: excerpt(text, EXCERPT_LENGTHS.sample) };
  });
}
