/** A run's `run.json`: everything that decided the run, and what came of it. Some of it all kinds of run have in common. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError } from '../io/errors.js';
import { makeFolder, writeAtomic } from '../io/files.js';
import { scheduleShapes } from './schedule.js';

const positive = z.number().positive();
const whole = z.int().min(0);

/** What every `run.json` begins with. */
export const runHead = {
  version: z.literal(1),
  /** The command line that repeats the run. */
  command: z.string(),
  created: z.string(),
  seed: whole,
  threads: whole,
};

/** What every `run.json` ends with. */
export const runTail = {
  machine: z.object({ cpu: z.string(), threads: whole, peakGflops: z.number(), isa: z.string() }),
  /** Step with the best evaluation so far, whose checkpoint is kept. */
  best: z.object({ step: whole, metric: z.string(), value: z.number() }).optional(),
  result: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
};

/** A file that a run read. */
export const inputSchema = z.object({ path: z.string(), bytes: whole, sha256: z.string() });

/** How a run learns and for how long, whatever it learns. */
export const trainingSchema = z.object({
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
});

const FILE = 'run.json';

/** Whether a folder holds a run. */
export function isRunDirectory(folder: string): boolean {
  return existsSync(join(folder, FILE));
}

/**
 * Reads the `run.json` of a run of one kind. A file that names no `kind` is of pretraining.
 * @throws InputError when there is no valid one, or it is of another kind
 */
export function readRunAs<T>(folder: string, kind: string, schema: z.ZodType<T>): T {
  const path = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`${folder} is not a run directory: ${FILE}: ${describeError(error)}`, { cause: error });
  }
  let found: string;
  try {
    const json: unknown = JSON.parse(text);
    found = z.looseObject({ kind: z.string().default('pretrain') }).parse(json).kind;
    if (found === kind) return schema.parse(json);
  } catch (error) {
    const where = error instanceof z.ZodError ? error.issues[0]?.path.join('.') : describeError(error);
    throw new InputError(`${path} is not valid (${where})`, { cause: error });
  }
  throw new InputError(`${path} is of telar ${found}, not of telar ${kind}`);
}

export function writeRun(folder: string, run: object): void {
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
