/**
 * Checkpoints: a model directory with a folder `trainer/` beside the weights, which holds what the run needs to go on as
 * if it had never stopped. A checkpoint is written whole or not at all.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError, RunError } from '../io/errors.js';
import { sha256File, writeAtomic } from '../io/files.js';
import { openSafetensors, writeSafetensors } from '../model/formats/index.js';
import { readModelDirectory, saveTransformer, type Transformer } from '../model/index.js';
import type { Optimizer } from './optimizer.js';

const stateSchema = z.strictObject({
  /** Updates made. */
  step: z.int().min(0),
  /** Tokens predicted in training. */
  tokens: z.int().min(0),
  /** Position in the training data. */
  batches: z.unknown(),
});

/** A run's state besides weights and moments. No clock: equal runs give equal checkpoints. */
export type TrainerState = z.infer<typeof stateSchema>;

const fileSchema = z.strictObject({ state: stateSchema, sha256: z.record(z.string(), z.string()) });

const WEIGHTS = 'model.safetensors';
const MOMENTS = join('trainer', 'optimizer.safetensors');
const STATE = join('trainer', 'state.json');

/** Writes `folder`; `addFiles` adds the tokenizer. @throws RunError when it cannot; an older checkpoint stays */
export function saveCheckpoint(
  folder: string,
  model: Transformer,
  optimizer: Optimizer,
  state: TrainerState,
  addFiles: (folder: string) => void,
): void {
  saveTransformer(model, folder, {
    addFiles(temporary) {
      addFiles(temporary);
      mkdirSync(join(temporary, 'trainer'));
      const moments = [...optimizer.state()].map(([name, { shape, data }]) => ({ name, shape, pieces: () => [data] }));
      writeSafetensors(join(temporary, MOMENTS), moments);
      const hashes = Object.fromEntries([WEIGHTS, MOMENTS].map((file) => [file, sha256File(join(temporary, file))]));
      writeAtomic(join(temporary, STATE), `${JSON.stringify({ state, sha256: hashes }, null, 2)}\n`);
    },
  });
}

/**
 * Reads a checkpoint into a model and an optimizer of the same shapes.
 * @throws RunError when it is incomplete or damaged, before anything is changed
 */
export function loadCheckpoint(folder: string, model: Transformer, optimizer: Optimizer): TrainerState {
  try {
    const { state, sha256: hashes } = fileSchema.parse(JSON.parse(readFileSync(join(folder, STATE), 'utf8')));
    for (const file of [WEIGHTS, MOMENTS])
      if (sha256File(join(folder, file)) !== hashes[file]) throw new Error(`${file} does not have its checksum`);
    const stored = readModelDirectory(folder);
    for (const [name, value] of model.parameters) stored.tensors.read(name, value.data);
    stored.close();
    const moments = openSafetensors(join(folder, MOMENTS));
    for (const [name, value] of optimizer.state()) moments.read(name, value.data);
    moments.close();
    return state;
  } catch (error) {
    const reason = error instanceof z.ZodError ? 'trainer/state.json is not valid' : describeError(error);
    throw new RunError(`checkpoint ${folder} is damaged: ${reason}`, { cause: error });
  }
}

/** Checkpoint folders of a run, newest first. */
export function listCheckpoints(runDirectory: string): { step: number; folder: string }[] {
  const parent = join(runDirectory, 'checkpoints');
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .flatMap((name) => {
      const step = /^step-(\d+)$/.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), folder: join(parent, name) }];
    })
    .toSorted((a, b) => b.step - a.step);
}

/** Where the checkpoint of a step stands. */
export function checkpointFolder(runDirectory: string, step: number): string {
  return join(runDirectory, 'checkpoints', `step-${step}`);
}

/** Removes all checkpoints but the newest `count`, and halves of checkpoints that a killed process left. */
export function keepNewest(runDirectory: string, count: number): void {
  for (const { folder } of listCheckpoints(runDirectory).slice(count)) rmSync(folder, { recursive: true, force: true });
  const parent = join(runDirectory, 'checkpoints');
  for (const name of readdirSync(parent))
    if (/^step-\d+\.[0-9a-f]+\.(?:tmp|old)$/.test(name)) rmSync(join(parent, name), { recursive: true, force: true });
}

/**
 * Loads the newest checkpoint that is sound; `warn` hears of those that are not.
 * @throws InputError when the run has none
 */
export function loadNewest(
  runDirectory: string,
  model: Transformer,
  optimizer: Optimizer,
  warn: (message: string) => void,
): TrainerState {
  for (const { folder } of listCheckpoints(runDirectory))
    try {
      return loadCheckpoint(folder, model, optimizer);
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      warn(`${error.message}; trying the one before`);
    }
  throw new InputError(`${runDirectory} has no sound checkpoint to go on from; start again without --resume`);
}
