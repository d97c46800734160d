/** What a report shows, as plain data: `run.json` of a run directory with its metrics and samples. */
import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { describeError, InputError } from '../io/errors.js';
import { parameterCount, parseModelConfig } from '../model/index.js';
import { readMetrics, readSamples, type MetricsLine, type SampleLine } from './metrics.js';

const count = z.number().min(0);
/** Named values of any kind; what cannot be shown in a table is shown as JSON. */
const named = z.record(z.string(), z.unknown());

/** `run.json`: what a run was asked to do, with what, and, once it is over, what came of it. */
export const runRecordSchema = z.looseObject({
  /** Of this format. */
  version: z.literal(1),
  /** The command line that makes this run again. */
  command: z.string(),
  /** When the run began, ISO 8601. */
  created: z.string(),
  seed: z.number(),
  threads: z.number(),
  model: named,
  tokenizer: z.looseObject({ kind: z.string(), vocabSize: count, hash: z.string() }),
  data: z.looseObject({
    inputs: z.array(z.looseObject({ path: z.string(), bytes: count, sha256: z.string() })),
    documents: count,
    trainTokens: count,
    trainBytes: count,
    heldOutTokens: count,
    heldOutBytes: count,
  }),
  training: named,
  machine: z.looseObject({ cpu: z.string(), threads: z.number(), peakGflops: z.number(), isa: z.string() }),
  /** Final figures; `bitsPerByte`, `loss`, `tokens`, `seconds`, `tokensPerSecond`, `fractionOfPeak` and `parameters` are shown large. */
  result: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
});

export type RunRecord = z.infer<typeof runRecordSchema>;

/** Everything `renderReport` needs. */
export interface RunReport {
  /** Name of the run. */
  name: string;
  run: RunRecord;
  /** One for each step, in order. */
  metrics: readonly MetricsLine[];
  samples: readonly SampleLine[];
}

/** Reads a run directory. @throws InputError for a folder that is not one, or a file in it that is damaged */
export function readRunReport(runDirectory: string): RunReport {
  const path = join(runDirectory, 'run.json');
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`${runDirectory} is no run directory: cannot read ${path}: ${describeError(error)}`, {
      cause: error,
    });
  }
  const { data: run, error } = runRecordSchema.safeParse(content);
  if (error) throw new InputError(`${path} is damaged: ${z.prettifyError(error).replaceAll(/\s+/g, ' ')}`);
  const metrics = metricsByStep(runDirectory);
  return { name: basename(resolve(runDirectory)), run, metrics, samples: readSamples(runDirectory) };
}

/** The metrics of a run, what was written of a step in several lines put together. @throws InputError for a damaged line */
export function metricsByStep(runDirectory: string): MetricsLine[] {
  const metrics: MetricsLine[] = [];
  for (const line of readMetrics(runDirectory)) {
    const same = metrics.at(-1)?.step === line.step ? metrics.pop() : undefined;
    metrics.push({ ...same, ...line });
  }
  return metrics;
}

/** The large figures of a report; undefined where the run has none. */
export interface Headline {
  parameters: number | undefined;
  tokens: number | undefined;
  seconds: number | undefined;
  loss: number | undefined;
  bitsPerByte: number | undefined;
  /** At the first evaluation. */
  firstBitsPerByte: number | undefined;
  tokensPerSecond: number | undefined;
  fractionOfPeak: number | undefined;
}

/** Final figures: from the run's result where it has them, else from the metrics. */
export function headline({ run, metrics }: RunReport): Headline {
  const result = (name: string) => numberIn(run.result, name);
  const last = (name: string) => metrics.findLast((line) => line[name] !== undefined)?.[name];
  const rates = metrics.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []).sort((a, b) => a - b);
  const shares = metrics.flatMap(({ fractionOfPeak }) => fractionOfPeak ?? []).sort((a, b) => a - b);
  return {
    parameters: result('parameters') ?? parametersOf(run.model),
    tokens: result('tokens') ?? last('tokens'),
    seconds: result('seconds') ?? last('time'),
    loss: result('heldOutLoss') ?? result('loss') ?? last('heldOutLoss') ?? last('loss'),
    bitsPerByte: result('bitsPerByte') ?? last('bitsPerByte'),
    firstBitsPerByte: metrics.find(({ bitsPerByte }) => bitsPerByte !== undefined)?.bitsPerByte,
    tokensPerSecond: result('tokensPerSecond') ?? rates[rates.length >> 1],
    fractionOfPeak: result('fractionOfPeak') ?? shares[shares.length >> 1],
  };
}

/** A report of a model this version does not know is better than none. */
function parametersOf(model: unknown): number | undefined {
  try {
    return parameterCount(parseModelConfig(model));
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function numberIn(record: Record<string, unknown> | undefined, name: string): number | undefined {
  const value = record?.[name];
  return typeof value === 'number' ? value : undefined;
}
