/** Alignment from feedback to a model or an adapter. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { kernels } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { describeMachine, makeRunDirectory, writeRun } from '../../train/index.js';
import { type Base, loadBase, warmupSteps } from '../../tune/index.js';
import { alarmLimits } from '../alarms/index.js';
import { openRewards, type OpenRewards, parseReward, type Rewards } from '../rewards/index.js';
import { type AlignRun, readAlignRun } from './align-run.js';
import { feedbackKind, loadFeedback } from './feedback.js';
import { type Decisions, openMethod, type OpenMethod } from './open-method.js';
import { type AlignOptions, checkOptions } from './options.js';
import { criterionOf, defaultPatience, isOnline, planAlignOptimizer, planWeights } from './plan.js';
import { renderAlignReport } from './report.js';
import { alignSession } from './session.js';
import { readSettings } from './settings.js';

export type { AlignOptions } from './options.js';

export interface AlignResult {
  out: string;
  /** False when the signal ended the run early; a checkpoint was saved then. */
  finished: boolean;
  step: number;
  run: AlignRun;
}

type Sitting = Pick<AlignOptions, 'out' | 'saveEvery' | 'events' | 'signal'>;

/** Longest sequences unless told otherwise: more than most conversations, and little enough to keep memory. */
const CONTEXT = 1024;

/**
 * Starts a run. An alarm ends it early: `run.result.stopped` names it, and what was best before is in `final/`.
 * @throws InputError for feedback, models, rewards, folders or values that cannot be used; RunError when training diverges,
 *   a reward fails, or a disk is full
 */
export async function align(options: AlignOptions): Promise<AlignResult> {
  const start = performance.now();
  const { out, method, seed = 0 } = options;
  checkOptions(options);
  const settings = readSettings(method, options.settings ?? {});
  const alarms = options.alarms === false || !isOnline(method) ? {} : alarmLimits(options.alarms);
  const specs = {
    folder: process.cwd(),
    rewards: [...(options.rewards ?? [])],
    checks: [...(options.checks ?? [])],
  };
  specs.rewards.concat(specs.checks).forEach((spec) => parseReward(spec));
  return withClosers(async (closers) => {
    const base = opened(closers, loadBase(resolve(options.model), options.dtype ?? 'f32'), ({ model }) =>
      model.dispose(),
    );
    const adapter = planWeights(base.model.config, options);
    const context = contextOf(base, options.context, Number(settings['maxNewTokens'] ?? 0));
    const data = {
      data: options.data,
      heldOut: options.heldOut ?? [],
      heldOutFraction: options.heldOut ? 0 : (options.heldOutFraction ?? 0.1),
      context,
      skipBad: options.skipBad ?? false,
    };
    const { onNote } = options.events ?? {};
    const loaded = await loadFeedback(feedbackKind(method), { ...data, ...textOf(base), seed, onNote });
    const { feedback } = loaded;
    const [rewards, checks] = await openAll(closers, specs);
    if (feedback.kind === 'prompts') {
      rewards?.check(feedback.train.concat(feedback.heldOut));
      checks?.check(feedback.heldOut);
    }
    const decisions: Decisions = {
      method,
      adapter: adapter && (structuredClone(adapter) as AlignRun['adapter']),
      start: { adapter: null, init: 'vocabulary', text: null },
      seed,
      settings,
      context,
      batchTokens: options.batchTokens ?? null,
      batchSize: options.batchSize ?? null,
    };
    const opening = opened(
      closers,
      await openMethod(decisions, { base, feedback, rewards, checks }, options.events),
      (one) => one.dispose(),
    );
    const steps = stepsOf(options, opening.parts.defaultSteps);
    makeRunDirectory(out);
    const run: AlignRun = {
      version: 1,
      command: options.command,
      created: new Date().toISOString(),
      threads: kernels.threads(),
      kind: 'align',
      method,
      seed,
      adapter: decisions.adapter,
      start: decisions.start,
      base: { path: base.path, sha256: base.sha256, dtype: base.dtype },
      model: base.model.config,
      tokenizer: { vocabSize: base.tokenizer.vocabSize, hash: base.tokenizer.hash },
      data: {
        inputs: loaded.inputs,
        heldOutInputs: loaded.heldOutInputs,
        heldOutFraction: data.heldOutFraction,
        context,
        skipBad: data.skipBad,
        examples: feedback.train.length,
        heldOutExamples: feedback.heldOut.length,
        skipped: loaded.skipped,
        truncated: loaded.truncated,
      },
      rewards: { ...specs, files: filesOf(rewards, checks) },
      settings: { ...settings },
      alarms,
      training: {
        optimizer: planAlignOptimizer(method, base.model.config, options),
        schedule: {
          shape: options.schedule ?? 'wsd',
          warmupSteps: warmupSteps(steps),
          decayFraction: 0.5,
          finalFraction: 0,
        },
        accumulate: opening.parts.accumulate,
        batchTokens: decisions.batchTokens,
        batchSize: decisions.batchSize,
        minutes: options.minutes ?? null,
        steps,
        evaluateEvery: options.evaluateEvery ?? (steps === null ? 20 : Math.max(1, Math.ceil(steps / 20))),
        patience: options.patience ?? defaultPatience(method),
        criterion: options.best === undefined ? opening.parts.criterion : criterionOf(options.best),
      },
      machine: describeMachine(),
    };
    writeRun(out, run);
    return execute(run, opening, options, false, (performance.now() - start) / 1000);
  });
}

/**
 * Goes on with the run in `out` from its newest sound checkpoint, as if it had not been stopped.
 * @param options `alarms: false` goes on with a run that an alarm has stopped, without any; `acceptRewards` with reward
 *   files that are no longer what they were, as after one that failed was mended
 */
export async function resumeAlignment(
  options: Sitting & { alarms?: AlignOptions['alarms']; acceptRewards?: boolean },
): Promise<AlignResult> {
  const { out } = options;
  const run = readAlignRun(out);
  if (options.alarms === false) {
    if (run.result?.['stopped'] !== undefined) delete run.result;
    run.alarms = {};
  }
  if (run.result && existsSync(join(out, 'final')))
    return { out, finished: true, step: Number(run.result['steps']), run };
  return withClosers(async (closers) => {
    const base = opened(closers, loadBase(run.base.path, run.base.dtype), ({ model }) => model.dispose());
    if (base.sha256 !== run.base.sha256) throw new InputError(`${base.path} is not the model that the run began with`);
    const { inputs, heldOutInputs, heldOutFraction, context, skipBad } = run.data;
    const loaded = await loadFeedback(feedbackKind(run.method), {
      data: inputs.map(({ path }) => path),
      heldOut: heldOutInputs.map(({ path }) => path),
      heldOutFraction,
      context,
      skipBad,
      ...textOf(base),
      seed: run.seed,
    });
    checkSame(
      [...loaded.inputs, ...loaded.heldOutInputs],
      [...inputs, ...heldOutInputs],
      'start again without --resume',
    );
    const [rewards, checks] = await openAll(closers, run.rewards);
    const files = filesOf(rewards, checks);
    if (options.acceptRewards) {
      run.rewards.files = files;
      writeRun(out, run);
    } else checkSame(files, run.rewards.files, 'start again without --resume, or go on with --accept-rewards');
    const materials = { base, feedback: loaded.feedback, rewards, checks };
    const { batchTokens, batchSize } = run.training;
    const decisions = { ...run, context, batchTokens, batchSize };
    const opening = opened(closers, await openMethod(decisions, materials, options.events), (one) => one.dispose());
    return execute(run, opening, options, true, 0);
  });
}

async function execute(
  run: AlignRun,
  opening: OpenMethod,
  options: Sitting,
  resume: boolean,
  secondsBefore: number,
): Promise<AlignResult> {
  const { out, events = {}, saveEvery, signal } = options;
  const { session, finish } = alignSession({
    run,
    out,
    opening,
    events,
    secondsBefore,
    ...(saveEvery !== undefined && { saveEvery }),
    ...(signal && { signal }),
  });
  try {
    if (resume) session.restore();
    const finished = await session.train();
    const section = finished ? await finish() : '';
    writeAtomic(join(out, 'report.html'), renderAlignReport(out, run, section));
    return { out, finished, step: session.step, run };
  } finally {
    session.close();
  }
}

/** Most tokens of what is read: with an answer, or with room for one. */
function contextOf({ model }: Base, asked: number | undefined, answerTokens: number): number {
  const room = model.config.context - answerTokens;
  if (room < 2)
    throw new InputError(
      `--max-new-tokens ${answerTokens} leaves no room for a prompt: the model takes ${model.config.context} tokens`,
    );
  if (asked !== undefined && asked > room)
    throw new InputError(
      `--context ${asked} is more than the model takes, ${room} tokens${answerTokens > 0 ? ' before the answer' : ''}`,
    );
  return asked ?? Math.min(CONTEXT, room);
}

/** Steps of the run; null when the clock decides. */
function stepsOf({ steps, minutes, epochs = 1 }: AlignOptions, defaultSteps: number): number | null {
  return minutes === undefined ? (steps ?? Math.max(1, Math.round(epochs * defaultSteps))) : null;
}

type Closer = () => void | Promise<void>;

/** Runs `work`, and then all that it has put on the list of closers, the last first. */
async function withClosers<T>(work: (closers: Closer[]) => Promise<T>): Promise<T> {
  const closers: Closer[] = [];
  try {
    return await work(closers);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function opened<T>(closers: Closer[], thing: T, close: (thing: T) => void | Promise<void>): T {
  closers.push(() => close(thing));
  return thing;
}

async function openAll(
  closers: Closer[],
  { folder, rewards, checks }: Pick<AlignRun['rewards'], 'folder' | 'rewards' | 'checks'>,
): Promise<[rewards: OpenRewards | null, checks: OpenRewards | null]> {
  const open = async (specs: readonly string[]): Promise<OpenRewards | null> => {
    if (specs.length === 0) return null;
    return opened(
      closers,
      await openRewards(
        specs.map((spec) => parseReward(spec)),
        { folder },
      ),
      (one) => one.dispose(),
    );
  };
  return [await open(rewards), await open(checks)];
}

/** The files that rewards and checks depend on, each once. */
function filesOf(...all: (Rewards | null)[]): Rewards['files'] {
  const files = all.flatMap((rewards) => rewards?.files ?? []);
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

/** @throws InputError naming the first file that is not what it was */
function checkSame(
  now: readonly { path: string; sha256: string }[],
  before: readonly { path: string; sha256: string }[],
  advice: string,
): void {
  const changed = before.find(({ path, sha256 }, i) => now[i]?.path !== path || now[i].sha256 !== sha256);
  if (changed) throw new InputError(`${changed.path} has changed since the run began: ${advice}`);
}

function textOf({ tokenizer, template }: Base): Pick<Base, 'tokenizer' | 'template'> {
  return { tokenizer, template };
}
