/** Tuning from examples to a model or an adapter that answers like them. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { kernels } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { writeAtomic } from '../io/files.js';
import { readAdapter } from '../model/index.js';
import { describeMachine, makeRunDirectory, type SessionEvents, writeRun } from '../train/index.js';
import { type Base, loadBase } from './base.js';
import { modelCard } from './card.js';
import { exampleBatchesOnce } from './data/index.js';
import { type Examples, learnedTokens, loadExamples } from './examples.js';
import {
  defaultEpochs,
  type Method,
  planAdapter,
  planOptimizer,
  refuse,
  type TunePlanOptions,
  warmupSteps,
} from './plan.js';
import { renderTuneReport } from './report.js';
import { planRows, type Rows } from './rows.js';
import { tuneSession } from './session.js';
import type { promptInits } from './soft-prompt.js';
import { prepareTuned } from './trained.js';
import { readTuneRun, type TuneRun } from './tune-run.js';

export interface TuneOptions extends TunePlanOptions {
  method: Method;
  /** Model directory. */
  model: string;
  /** Files of examples. */
  data: readonly string[];
  /** Run directory. */
  out: string;
  /** Files to measure with; without, a share of the examples (default 0.1) is held out. */
  validation?: readonly string[];
  validationFraction?: number;
  /** An adapter to go on training. */
  adapter?: string;
  init?: (typeof promptInits)[number];
  initText?: string;
  /** Longest example in tokens; longer ones are cut. Default: what the model takes, up to 1024. */
  context?: number;
  /** One of steps, minutes and epochs says how long to train. */
  steps?: number;
  minutes?: number;
  /** Tokens of one update. */
  batchTokens?: number;
  /** Evaluations without progress that end the run; default 5, and 0 never does. */
  patience?: number;
  evaluateEvery?: number;
  /** Recompute activations in backward instead of keeping them. */
  gradientCheckpointing?: boolean;
  /** How the frozen base is held. Default f32. */
  dtype?: 'f32' | 'bf16';
  /** Leave out examples that cannot be used, instead of stopping at the first. */
  skipBad?: boolean;
  seed?: number;
  /** A checkpoint at every multiple of so many steps, besides one every two minutes. */
  saveEvery?: number;
  /** The command line, for the record. */
  command: string;
  events?: SessionEvents;
  signal?: AbortSignal;
}

export interface TuneResult {
  out: string;
  /** False when the signal ended the run early; a checkpoint was saved then. */
  finished: boolean;
  step: number;
  run: TuneRun;
}

type Sitting = Pick<TuneOptions, 'out' | 'saveEvery' | 'events' | 'signal'>;

/** Longest examples unless told otherwise: more than most conversations, and little enough to keep memory. */
const CONTEXT = 1024;

/**
 * Starts a run.
 * @throws InputError for examples, models, folders or values that cannot be used; RunError when training diverges or a
 *   disk is full
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const start = performance.now();
  const { out, method, seed = 0 } = options;
  checkOptions(options);
  const base = loadBase(resolve(options.model), options.dtype ?? 'f32');
  try {
    const adapter =
      options.adapter === undefined
        ? planAdapter(method, base.model.config, options)
        : configOf(base, options.adapter, method);
    const virtual = adapter && adapter.kind !== 'lora' ? adapter.virtualTokens : 0;
    const room = base.model.config.context - virtual;
    const context = options.context ?? Math.min(CONTEXT, room);
    if (context > room) throw new InputError(`--context ${context} is more than the model takes, ${room} tokens`);
    const data = {
      data: options.data,
      validation: options.validation ?? [],
      validationFraction: options.validationFraction ?? 0.1,
      context,
      skipBad: options.skipBad ?? false,
    };
    const examples = await loadExamples({ ...data, ...text(base), seed, ...noting(options.events) });
    const rows = planRows(examples.train.concat(examples.validation), virtual, options.batchTokens);
    const steps = stepsOf(options, examples, rows, virtual, base.model.config.vocabSize);
    const optimizer = planOptimizer(method, base.model.config, options);
    makeRunDirectory(out);
    const run: TuneRun = {
      version: 1,
      command: options.command,
      created: new Date().toISOString(),
      seed,
      threads: kernels.threads(),
      kind: 'tune',
      method,
      base: { path: base.path, sha256: base.sha256, dtype: base.dtype },
      adapter: adapter && (structuredClone(adapter) as TuneRun['adapter']),
      start: {
        adapter: options.adapter === undefined ? null : resolve(options.adapter),
        init: options.init ?? (options.initText === undefined ? 'vocabulary' : 'text'),
        text: options.initText ?? null,
      },
      model: base.model.config,
      tokenizer: { vocabSize: base.tokenizer.vocabSize, hash: base.tokenizer.hash },
      data: {
        inputs: examples.inputs,
        validationInputs: examples.validationInputs,
        validationFraction: data.validation.length > 0 ? 0 : data.validationFraction,
        context,
        skipBad: data.skipBad,
        examples: examples.train.length,
        validationExamples: examples.validation.length,
        skipped: examples.skipped,
        truncated: examples.truncated,
        learnedTokens: learnedTokens(examples.train),
        validationTokens: learnedTokens(examples.validation),
      },
      training: {
        optimizer,
        schedule: {
          shape: options.schedule ?? 'wsd',
          warmupSteps: warmupSteps(steps),
          decayFraction: 0.5,
          finalFraction: 0,
        },
        rowsPerBatch: rows.rowsPerBatch,
        accumulate: rows.accumulate,
        batchTokens: rows.batchTokens,
        minutes: steps === null ? options.minutes! : null,
        steps,
        tokens: null,
        rowTokens: rows.rowTokens,
        gradientCheckpointing: options.gradientCheckpointing ?? false,
        evaluateEvery: options.evaluateEvery ?? (steps === null ? 20 : Math.max(1, Math.ceil(steps / 20))),
        patience: options.patience ?? 5,
      },
      machine: describeMachine(),
    };
    writeRun(out, run);
    return await execute(run, base, examples, options, false, (performance.now() - start) / 1000);
  } finally {
    base.model.dispose();
  }
}

/** Goes on with the run in `out` from its newest sound checkpoint, as if it had not been stopped. */
export async function resumeTuning(options: Sitting): Promise<TuneResult> {
  const { out } = options;
  const run = readTuneRun(out);
  if (run.result && existsSync(join(out, 'final')))
    return { out, finished: true, step: Number(run.result['steps']), run };
  const base = loadBase(run.base.path, run.base.dtype);
  try {
    if (base.sha256 !== run.base.sha256) throw new InputError(`${base.path} is not the model that the run began with`);
    const { inputs, validationInputs, validationFraction, context, skipBad } = run.data;
    const examples = await loadExamples({
      data: inputs.map(({ path }) => path),
      validation: validationInputs.map(({ path }) => path),
      validationFraction,
      context,
      skipBad,
      ...text(base),
      seed: run.seed,
    });
    for (const [i, { path, sha256 }] of [...inputs, ...validationInputs].entries())
      if ([...examples.inputs, ...examples.validationInputs][i]!.sha256 !== sha256)
        throw new InputError(`${path} has changed since the run began: start again without --resume`);
    return await execute(run, base, examples, options, true, 0);
  } finally {
    base.model.dispose();
  }
}

async function execute(
  run: TuneRun,
  base: Base,
  examples: Examples,
  options: Sitting,
  resume: boolean,
  secondsBefore: number,
): Promise<TuneResult> {
  const { out, events = {}, saveEvery, signal } = options;
  const tuned = prepareTuned(base, run);
  const { session, finish } = tuneSession({
    run,
    out,
    base,
    tuned,
    examples,
    events,
    secondsBefore,
    ...(saveEvery !== undefined && { saveEvery }),
    ...(signal && { signal }),
  });
  try {
    if (resume) session.restore();
    const finished = await session.train();
    if (finished) {
      finish();
      tuned.writeFinal(join(out, 'final'), modelCard(run));
    }
    writeAtomic(join(out, 'report.html'), renderTuneReport(out, run));
    return { out, finished, step: session.step, run };
  } finally {
    session.close();
    tuned.dispose();
  }
}

function checkOptions(options: TuneOptions): void {
  const { method, steps, minutes, epochs, schedule, validation, validationFraction = 0.1 } = options;
  if ([steps, minutes, epochs].filter((value) => value !== undefined).length > 1)
    throw new InputError('give one of --epochs, --steps and --minutes');
  if (minutes !== undefined && schedule === 'cosine')
    throw new InputError('a cosine schedule must know its end: give --epochs or --steps');
  if (!(validationFraction >= 0 && validationFraction < 1))
    throw new InputError(`--validation-fraction must be from 0 to below 1, not ${validationFraction}`);
  if (validation && options.validationFraction !== undefined)
    throw new InputError('give one of --validation and --validation-fraction');
  refuse(method, 'prompt', method === 'prompt', ['init', 'initText'], options);
  if (options.init === 'text' && options.initText === undefined)
    throw new InputError('--init text needs words to begin from: give --init-text');
  if (options.initText !== undefined && options.init !== undefined && options.init !== 'text')
    throw new InputError(`--init-text is for --init text, not for ${options.init}`);
  if (method === 'full' && options.dtype === 'bf16')
    throw new InputError('--dtype bf16 is for a frozen base: full tuning trains the weights in f32');
  if (method === 'full' && options.adapter !== undefined)
    throw new InputError('--adapter goes on with an adapter: full tuning has none');
  planOptimizer(method, { width: 1 } as Base['model']['config'], options);
}

/** The config of an adapter to go on with. @throws InputError when it is of another method, or flags would change it */
function configOf({ model }: Base, folder: string, method: Method): ReturnType<typeof planAdapter> {
  const adapter = readAdapter(folder, model);
  const { config } = adapter;
  adapter.dispose();
  if (config.kind !== method) throw new InputError(`${folder} is of --method ${config.kind}, not of ${method}`);
  return config;
}

/** Steps of the run; null when the clock decides. */
function stepsOf(
  options: TuneOptions,
  { train }: Examples,
  rows: Rows,
  virtual: number,
  vocabSize: number,
): number | null {
  if (options.minutes !== undefined) return null;
  if (options.steps !== undefined) return options.steps;
  const virtualTokens = Int32Array.from({ length: virtual }, (_, i) => vocabSize + i);
  let batches = 0;
  for (const _ of exampleBatchesOnce(train, {
    context: rows.rowTokens,
    rowsPerBatch: rows.rowsPerBatch,
    virtualTokens,
  }))
    batches++;
  const epochs = options.epochs ?? defaultEpochs(options.method);
  return Math.max(1, Math.round((epochs * batches) / rows.accumulate));
}

function text({ tokenizer, template }: Base): Pick<Base, 'tokenizer' | 'template'> {
  return { tokenizer, template };
}

function noting(events: SessionEvents = {}): { onProblem?: (message: string) => void } {
  return events.onNote ? { onProblem: events.onNote } : {};
}
