/** A run's `run.json`: everything that decided the run, and what came of it. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError } from '../io/errors.js';
import { makeFolder, writeAtomic } from '../io/files.js';
import { parseModelConfig } from '../model/index.js';
import { scheduleShapes } from './schedule.js';

const positive = z.number().positive();
const whole = z.int().min(0);

const runSchema = z.object({
  version: z.literal(1),
  /** The command line that repeats the run. */
  command: z.string(),
  created: z.string(),
  seed: whole,
  threads: whole,
  model: z.unknown().transform((value) => parseModelConfig(value, 'run.json')),
  tokenizer: z.object({ kind: z.enum(['bpe', 'byte']), vocabSize: whole, hash: z.string() }),
  data: z.object({
    /** Folder of the corpus with the token shards; null where they are in the run's own. */
    corpus: z.string().nullable().default(null),
    inputs: z.array(z.object({ path: z.string(), bytes: whole, sha256: z.string() })),
    documents: whole,
    trainTokens: whole,
    trainBytes: whole,
    heldOutTokens: whole,
    heldOutBytes: whole,
  }),
  training: z.object({
    optimizer: z.object({
      kind: z.enum(['adamw', 'muon']),
      learningRate: positive,
      matrixLearningRate: z.number(),
      beta1: z.number(),
      beta2: z.number(),
      eps: positive,
      weightDecay: z.number(),
      momentum: z.number(),
      clip: positive,
    }),
    schedule: z.object({
      shape: z.enum(scheduleShapes),
      warmupSteps: whole,
      decayFraction: z.number(),
      finalFraction: z.number(),
    }),
    rowsPerBatch: positive,
    accumulate: positive,
    batchTokens: positive,
    /** Minutes the run was given, or null where it was given steps or tokens. */
    minutes: positive.nullable(),
    /** Steps and tokens of the whole run; null until a run by the clock knows them. */
    steps: whole.nullable(),
    tokens: whole.nullable(),
  }),
  machine: z.object({ cpu: z.string(), threads: whole, peakGflops: z.number(), isa: z.string() }),
  result: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
});

export type RunDescription = z.infer<typeof runSchema>;

const FILE = 'run.json';

/** Whether a folder holds a run. */
export function isRunDirectory(folder: string): boolean {
  return existsSync(join(folder, FILE));
}

/** @throws InputError when there is no valid `run.json` */
export function readRun(folder: string): RunDescription {
  let text: string;
  try {
    text = readFileSync(join(folder, FILE), 'utf8');
  } catch (error) {
    throw new InputError(`${folder} is not a run directory: ${FILE}: ${describeError(error)}`, { cause: error });
  }
  try {
    return runSchema.parse(JSON.parse(text));
  } catch (error) {
    const where = error instanceof z.ZodError ? error.issues[0]?.path.join('.') : describeError(error);
    throw new InputError(`${join(folder, FILE)} is not valid (${where})`, { cause: error });
  }
}

export function writeRun(folder: string, run: RunDescription): void {
  writeAtomic(join(folder, FILE), `${JSON.stringify(run, null, 2)}\n`);
}

/** What a run that was stopped before it had a `run.json` may have left; a new run may take its place. */
const LEFTOVERS = new Set(['data', 'tokenizer', 'log.txt', 'metrics.jsonl', 'samples.jsonl']);

/**
 * Makes the folder of a new run.
 * @throws InputError when it cannot be written, or the run would overwrite something
 */
export function makeRunDirectory(folder: string): void {
  if (isRunDirectory(folder))
    throw new InputError(`${folder} holds a run already: add --resume to go on with it, or choose another --out`);
  let entries: string[];
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
    entries = readdirSync(folder);
  } catch (error) {
    throw new InputError(`cannot use ${folder}: ${describeError(error)}`, { cause: error });
  }
  const other = entries.find((name) => !LEFTOVERS.has(name));
  if (other) throw new InputError(`${folder} is not empty (it holds ${other}): choose another --out`);
}
