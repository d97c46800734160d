/** What a corpus folder holds, and where. */
import { join } from 'node:path';

const number = (index: number): string => String(index).padStart(5, '0');

export const corpusFolder = (out: string) => ({
  /** The configuration and the units of work: what a stopped run goes on from. */
  plan: join(out, 'corpus.json'),
  /** Kept documents, a file of JSON lines a unit. */
  documents: (unit: number) => join(out, 'clean', `${number(unit)}.jsonl`),
  /** Where each of those lines begins, with its size and hash. */
  index: (unit: number) => join(out, 'clean', `${number(unit)}.index`),
  fingerprints: (unit: number) => join(out, 'clean', `${number(unit)}.fingerprints`),
  /** What became of the unit's documents; written last, so a unit with it is finished. */
  tally: (unit: number) => join(out, 'clean', `${number(unit)}.json`),
  spool: join(out, 'input'),
  work: join(out, 'work'),
  duplicates: join(out, 'duplicates.bin'),
  tokenizer: join(out, 'tokenizer'),
  data: join(out, 'data'),
  /** What became of a shard; gone when the manifest is written. */
  shardRecord: (part: string, shard: number) => join(out, 'data', `${part}-${number(shard)}.json`),
  timings: join(out, 'timings.json'),
  reportData: join(out, 'report.json'),
  report: join(out, 'report.html'),
  datasheet: join(out, 'datasheet.md'),
});

export type CorpusFolder = ReturnType<typeof corpusFolder>;
