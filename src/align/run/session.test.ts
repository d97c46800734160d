/** A run with a method that only pretends: what every method gets from its session. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryUse } from '../../engine/index.js';
import { RunError } from '../../io/errors.js';
import type { BatchStream, Numbers } from '../../train/index.js';
import { lossAndGradients, describeMachine, readMetrics } from '../../train/index.js';
import { letterPairs, tinyBase, tinyPlan } from '../fixtures.js';
import type { MethodParts } from '../method.js';
import { Policy } from '../policy.js';
import { type FeedbackBatch, FeedbackBatches } from '../preferences/index.js';
import { type AlignRun, readAlignRun } from './align-run.js';
import { alignSession } from './session.js';
import { renderAlignReport } from './report.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'telar-align-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const STEPS = 12;

interface Options {
  out?: string;
  resume?: boolean;
  alarms?: AlignRun['alarms'];
  /** Numbers of an evaluation, and of a step. */
  measure?: (step: number) => Numbers;
  numbers?: (step: number) => Numbers;
  /** Batch that no reward comes for. */
  failAt?: number;
  stopAt?: number;
}

/** Learns the better answers by heart, and says what it is told to. */
async function sitting(options: Options): Promise<{ run: AlignRun; finished: boolean; out: string }> {
  const { out = join(folder, 'run'), resume = false, alarms = {} } = options;
  const before = memoryUse().buffers;
  const base = tinyBase(folder);
  const plan = tinyPlan(base, 'lora');
  const policy = new Policy(base, plan);
  const run = resume ? readAlignRun(out) : newRun(base.path, base.sha256, plan, base.model.config, alarms);
  const stop = new AbortController();
  let step = 0;
  let given = 0;
  const pairs = new FeedbackBatches({
    groups: letterPairs(base, 12).map(({ chosen, rejected }) => [chosen, rejected]),
    context: 64,
    rowsPerBatch: 2,
    seed: 1,
  });
  const batches: BatchStream<FeedbackBatch> = {
    next() {
      if (++given === options.failAt) throw new RunError('the reward letters.mjs gave NaN');
      return pairs.next();
    },
    get epochs() {
      return pairs.epochs;
    },
    state: () => pairs.state(),
    restore: (state) => pairs.restore(state),
  };
  const parts: MethodParts<FeedbackBatch> = {
    batches,
    gradients: ({ batch }, scored) => lossAndGradients(policy.model, batch, scored * 10),
    accumulate: 1,
    defaultSteps: STEPS,
    numbers: () => options.numbers?.(session.session.step) ?? { kl: 1 },
    evaluation: {
      measure: async () => options.measure?.(session.session.step) ?? { heldOutReward: session.session.step },
      sample: async () => [{ prompt: 'ab', text: `step ${session.session.step}` }],
    },
    criterion: { metric: 'heldOutReward', wanted: 'highest' },
    others: {},
    result: () => ({ generationSeconds: 0.5 }),
    dispose() {},
  };
  const opening = {
    policy,
    parts,
    conclude: async () => null,
    writeFinal: (final: string, card: string) => policy.writeFinal(final, card),
    dispose() {},
  };
  const session = alignSession({
    run,
    out,
    opening,
    secondsBefore: 0,
    signal: stop.signal,
    events: { onStep: (status) => void ((step = status.step) === options.stopAt && stop.abort()) },
  });
  try {
    if (resume) session.session.restore();
    const finished = await session.session.train();
    if (finished) await session.finish();
    expect(renderAlignReport(out, run)).not.toMatch(/>(?:NaN|undefined)</);
    expect(step).toBeLessThanOrEqual(STEPS);
    return { run, finished, out };
  } finally {
    session.session.close();
    policy.dispose();
    base.model.dispose();
    expect(memoryUse().buffers).toBe(before);
  }
}

function newRun(
  path: string,
  sha256: string,
  plan: Pick<AlignRun, 'adapter' | 'start' | 'seed'>,
  model: AlignRun['model'],
  alarms: AlignRun['alarms'],
): AlignRun {
  return {
    version: 1,
    command: 'telar align',
    created: '2026-01-02T03:04:05Z',
    threads: 1,
    kind: 'align',
    method: 'grpo',
    ...plan,
    base: { path, sha256, dtype: 'f32' },
    model,
    tokenizer: { vocabSize: 257, hash: 'none' },
    data: { inputs: [], heldOutInputs: [], heldOutFraction: 0.1, context: 32, skipBad: false, examples: 12, heldOutExamples: 1, skipped: 0, truncated: 0 }, // prettier-ignore
    rewards: { folder: '.', rewards: ['letters'], checks: [], files: [] },
    settings: {},
    alarms,
    training: {
      optimizer: { kind: 'adamw', learningRate: 0.01, matrixLearningRate: 1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, clip: 1 }, // prettier-ignore
      schedule: { shape: 'wsd', warmupSteps: 1, decayFraction: 0.5, finalFraction: 0 },
      accumulate: 1,
      batchTokens: null,
      batchSize: null,
      minutes: null,
      steps: STEPS,
      evaluateEvery: 2,
      patience: 0,
      criterion: { metric: 'heldOutReward', wanted: 'highest' },
    },
    machine: describeMachine(),
  };
}

const weights = (file: string): string => readFileSync(join(file, 'adapter_model.safetensors')).toString('base64');

describe('alignSession', () => {
  it('leaves the weights of the best held-out number in final/', async () => {
    const { run, out } = await sitting({ measure: (step) => ({ heldOutReward: 1 - Math.abs(step - 6) }) });
    expect(run.best).toEqual({ step: 6, metric: 'heldOutReward', value: 1 });
    expect(run.result).toMatchObject({ heldOutReward: 1, heldOutRewardBefore: -5, bestStep: 6, steps: STEPS });
    expect(weights(join(out, 'final'))).toBe(weights(join(out, 'checkpoints/step-6')));
    expect(readAlignRun(out)).toEqual(run);
    expect(readFileSync(join(out, 'final/README.md'), 'utf8')).not.toMatch(/econds/);
  });

  it('stopped by an alarm: says which and why, keeps what was best before, and is over', async () => {
    const measure = (step: number): Numbers => ({ heldOutReward: step });
    const { run, out, finished } = await sitting({
      alarms: { kl: 50 },
      measure,
      numbers: (step) => ({ kl: 20 * step }),
    });
    expect(finished).toBe(true);
    expect(run.result).toMatchObject({ stopped: 'kl', bestStep: 2, steps: 4 });
    expect(run.result!['stoppedBecause']).toMatch(
      /^samples are 60 nats from the reference, above 50: lower the learning/,
    );
    expect(weights(join(out, 'final'))).toBe(weights(join(out, 'checkpoints/step-2')));
    expect(readdirSync(join(out, 'checkpoints'))).toContain('step-4');
    expect(readFileSync(join(out, 'log.txt'), 'utf8')).toContain('stopped after step 4: kl: samples are 60 nats');
    const html = renderAlignReport(out, run);
    expect(html).toContain('Stopped by an alarm: kl');
    expect(html).toContain('final/ holds the weights of step 2');
  });

  it('interrupted and taken up again gives the same alarm at the same step, and the same weights', async () => {
    const course = {
      alarms: { length: 2 },
      measure: (step: number): Numbers => ({ heldOutReward: -step, heldOutLength: 10 + 3 * step }),
    };
    const whole = await sitting({ ...course, out: join(folder, 'whole') });
    expect(whole.run.result).toMatchObject({ stopped: 'length', steps: 6 });
    const out = join(folder, 'cut');
    expect((await sitting({ ...course, out, stopAt: 5 })).finished).toBe(false);
    const resumed = await sitting({ ...course, out, resume: true });
    expect(resumed.run.result).toMatchObject({ stopped: 'length', steps: 6 });
    for (const name of ['final', 'checkpoints/step-6'])
      expect(weights(join(out, name))).toBe(weights(join(whole.out, name)));
    const state = (of: string): string => readFileSync(join(of, 'checkpoints/step-6/trainer/state.json'), 'utf8');
    expect(state(out)).toBe(state(whole.out));
  });

  it('a reward that fails costs nothing: what comes after is what would have come', async () => {
    const whole = await sitting({ out: join(folder, 'whole') });
    const out = join(folder, 'failed');
    await expect(sitting({ out, failAt: 8 })).rejects.toThrow(/the reward letters.mjs gave NaN/);
    expect(existsSync(join(out, 'final'))).toBe(false);
    expect(readdirSync(join(out, 'checkpoints'))).toContain('step-7');
    await sitting({ out, resume: true });
    expect(weights(join(out, 'final'))).toBe(weights(join(whole.out, 'final')));
    const steps = (of: string): unknown => readMetrics(of).map(({ step, loss }) => ({ step, loss }));
    expect(steps(out)).toEqual(steps(whole.out));
  });
});
