/**
 * Checkpoints: a folder as what is trained is stored in (a model or an adapter directory) with a folder `trainer/` beside
 * the weights, which holds what the run needs to go on as if it had never stopped. Written whole or not at all.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, InputError, RunError } from '../io/errors.js';
import { sha256File, writeAtomic } from '../io/files.js';
import { openSafetensors, writeSafetensors } from '../model/formats/index.js';
import type { Optimizer } from './optimizer.js';
import type { Trained } from './trained.js';

const stateSchema = z.strictObject({
  /** Updates made. */
  step: z.int().min(0),
  /** Terms of the loss so far: in language modelling, tokens predicted. */
  tokens: z.int().min(0),
  /** Position in the training data. */
  batches: z.unknown(),
  /** The evaluation of this step failed, and is to be made first. */
  unevaluated: z.literal(true).optional(),
  /** State of whatever else the run keeps, by name. */
  others: z.record(z.string(), z.unknown()).optional(),
});

/** A run's state besides weights and moments. No clock: equal runs give equal checkpoints. */
export type TrainerState = z.infer<typeof stateSchema>;

const fileSchema = z.strictObject({ state: stateSchema, sha256: z.record(z.string(), z.string()) });

const MOMENTS = join('trainer', 'optimizer.safetensors');
const STATE = join('trainer', 'state.json');
const KEPT = 2;

/** The checkpoints of a run: the two newest, and one that is kept for being the best. */
export class Checkpoints {
  private readonly out: string;
  private readonly trained: Trained;
  private readonly optimizer: Optimizer;

  constructor(out: string, trained: Trained, optimizer: Optimizer) {
    this.out = out;
    this.trained = trained;
    this.optimizer = optimizer;
  }

  /** Step of the newest, or null without any. */
  get newest(): number | null {
    return listCheckpoints(this.out)[0]?.step ?? null;
  }

  /**
   * Writes the checkpoint of a step, and then removes all but the newest and that of step `keep`.
   * @returns its folder
   * @throws RunError when it cannot be written; an older checkpoint stays
   */
  save(state: TrainerState, keep: number | null = null): string {
    const { out, trained, optimizer } = this;
    const folder = join(out, 'checkpoints', `step-${state.step}`);
    trained.write(folder, (temporary) => {
      mkdirSync(join(temporary, 'trainer'));
      const moments = [...optimizer.state()].map(([name, { shape, data }]) => ({ name, shape, pieces: () => [data] }));
      writeSafetensors(join(temporary, MOMENTS), moments);
      const files = [trained.weights, MOMENTS];
      const hashes = Object.fromEntries(files.map((file) => [file, sha256File(join(temporary, file))]));
      writeAtomic(join(temporary, STATE), `${JSON.stringify({ state, sha256: hashes }, null, 2)}\n`);
    });
    prune(out, keep);
    return folder;
  }

  /**
   * Loads the newest checkpoint that is sound; `warn` hears of those that are not.
   * @throws InputError when the run has none
   */
  loadNewest(warn: (message: string) => void): TrainerState {
    for (const { folder } of listCheckpoints(this.out))
      try {
        const state = this.check(folder);
        this.guarded(folder, () => {
          this.trained.read(folder);
          const moments = openSafetensors(join(folder, MOMENTS));
          for (const [name, value] of this.optimizer.state()) moments.read(name, value.data);
          moments.close();
        });
        return state;
      } catch (error) {
        if (!(error instanceof RunError)) throw error;
        warn(`${error.message}; trying the one before`);
      }
    throw new InputError(`${this.out} has no sound checkpoint to go on from; start again without --resume`);
  }

  /** Reads what was trained, without the optimizer, as it was at a step. @throws RunError when it is missing or damaged */
  readWeights(step: number): void {
    const folder = join(this.out, 'checkpoints', `step-${step}`);
    this.check(folder);
    this.guarded(folder, () => this.trained.read(folder));
  }

  /** The state of a checkpoint whose files have their checksums. @throws RunError otherwise, before anything is changed */
  private check(folder: string): TrainerState {
    return this.guarded(folder, () => {
      const { state, sha256: hashes } = fileSchema.parse(JSON.parse(readFileSync(join(folder, STATE), 'utf8')));
      for (const file of [this.trained.weights, MOMENTS])
        if (sha256File(join(folder, file)) !== hashes[file]) throw new Error(`${file} does not have its checksum`);
      return state;
    });
  }

  private guarded<T>(folder: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const reason = error instanceof z.ZodError ? 'trainer/state.json is not valid' : describeError(error);
      throw new RunError(`checkpoint ${folder} is damaged: ${reason}`, { cause: error });
    }
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

/** Removes all checkpoints but the newest and that of step `keep`, and halves that a killed process left. */
function prune(runDirectory: string, keep: number | null): void {
  for (const { step, folder } of listCheckpoints(runDirectory).slice(KEPT))
    if (step !== keep) rmSync(folder, { recursive: true, force: true });
  const parent = join(runDirectory, 'checkpoints');
  for (const name of readdirSync(parent))
    if (/^step-\d+\.[0-9a-f]+\.(?:tmp|old)$/.test(name)) rmSync(join(parent, name), { recursive: true, force: true });
}
