/** A look into a finished corpus: its report, and documents as they stand in its shards. */
import { readFileSync } from 'node:fs';
import { describeError, InputError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import { loadTokenizer } from '../../tokenizer/index.js';
import { type CorpusReport, corpusReportSchema } from '../report/index.js';
import { openShards } from '../shards.js';
import { corpusFolder } from './folder.js';

/** A training document as the shards hold it. */
export interface ShardedDocument {
  document: number;
  tokens: number;
  text: string;
}

export interface InspectOptions {
  /** Documents to show, drawn at random. */
  samples: number;
  seed: number;
  /** Compares every shard with its checksum. */
  verify: boolean;
}

/**
 * @throws InputError for a folder without a finished corpus; RunError for damaged shards
 */
export function inspectCorpus(
  out: string,
  { samples, seed, verify }: InspectOptions,
): { report: CorpusReport; samples: ShardedDocument[] } {
  const folder = corpusFolder(out);
  const report = readReport(folder.reportData, out);
  const tokenizer = loadTokenizer(folder.tokenizer);
  const shards = openShards(folder.data);
  try {
    if (verify) shards.verify();
    const { train } = shards;
    const random = new Random(seed);
    const chosen = new Set<number>();
    for (let tries = 0; tries < 4 * samples && chosen.size < Math.min(samples, train.documents); tries++)
      chosen.add(random.int(train.documents));
    return {
      report,
      samples: [...chosen].map((document) => {
        const [from, to] = [train.starts[document]!, train.starts[document + 1]!];
        const ids = new Int32Array(to - from);
        train.read(from, ids);
        return { document, tokens: ids.length, text: tokenizer.decode(ids.subarray(1)) };
      }),
    };
  } finally {
    shards.close();
  }
}

function readReport(path: string, out: string): CorpusReport {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`${out} holds no finished corpus: cannot read ${path}: ${describeError(error)}`, {
      cause: error,
    });
  }
  const result = corpusReportSchema.safeParse(value);
  if (!result.success) throw new InputError(`${path} is not the report of a corpus`);
  return result.data;
}
