/** The session with an objective that has nothing to do with language: what every kind of run gets from it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispose, memoryUse, parameter, tensor } from '../engine/index.js';
import { Random } from '../io/hash-random.js';
import { openSafetensors, writeSafetensors } from '../model/formats/index.js';
import { RunError } from '../io/errors.js';
import { makeFolder } from '../io/files.js';
import { BestStep } from './best.js';
import { Checkpoints } from './checkpoint.js';
import { RunClock } from './clock.js';
import { RunLength } from './length.js';
import { readMetrics } from './metrics.js';
import { Optimizer } from './optimizer.js';
import { type Alarm, type BatchStream, TrainingSession, type Watch } from './session.js';

let out: string;
beforeEach(() => (out = mkdtempSync(join(tmpdir(), 'telar-session-'))));
afterEach(() => rmSync(out, { recursive: true, force: true }));

interface Target {
  scored: number;
  value: number;
}

/** Noisy targets around 1, made asynchronously as rollouts are. */
class Targets implements BatchStream<Target> {
  private readonly random = new Random(5);
  private given = 0;
  private readonly failAt: number;

  constructor(failAt = Infinity) {
    this.failAt = failAt;
  }

  async next(): Promise<Target> {
    await Promise.resolve();
    if (++this.given === this.failAt) throw new RunError('the reward gave NaN');
    return { scored: 1, value: 1 + this.random.normal() };
  }
  get epochs(): number {
    return this.given;
  }
  state(): unknown {
    return { given: this.given, drawn: this.random.state() };
  }
  restore(state: unknown): void {
    const { given, drawn } = state as { given: number; drawn: number };
    this.given = given;
    this.random.restore(drawn);
  }
}

/** Gives alarm when the reward is above `most`, or a validation loss above 100. */
function limit(most: number): Watch {
  let alarm: Alarm | null = null;
  return {
    see(step, { reward = 0, validationLoss = 0 }) {
      if (reward > most || validationLoss > 100) alarm ??= { name: 'limit', reason: `too much at step ${step}` };
    },
    get alarm() {
      return alarm;
    },
    state: () => alarm,
    restore: (state) => void (alarm = state as Alarm | null),
  };
}

interface Options {
  steps?: number;
  validation?: (step: number) => number;
  patience?: number;
  stopAt?: number;
  resume?: boolean;
  gradient?: (step: number) => number;
  /** Batch that cannot be made, from 1, and evaluation that cannot, by its step. */
  failAt?: number;
  failEvaluation?: number;
  /** Value of the weight that gives alarm. */
  alarmAbove?: number;
}

/** One sitting; returns the value that was learned. */
async function sitting(
  options: Options,
): Promise<{ value: number; finished: boolean; session: TrainingSession<Target> }> {
  const { steps = 20, validation, patience = 0, stopAt, resume = false } = options;
  const weight = parameter(tensor([0]));
  const optimizer = new Optimizer(
    new Map([['weight', weight]]),
    { kind: 'adamw', learningRate: 0.1, matrixLearningRate: 0, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, momentum: 0, clip: 1e9 }, // prettier-ignore
  );
  const stop = new AbortController();
  const best = validation && new BestStep('validationLoss', patience);
  const clock = new RunClock();
  /** Adapts to what it sees, as a controller of a KL penalty does. */
  const controller = {
    seen: 0,
    state: () => controller.seen,
    restore: (state: unknown) => void (controller.seen = state as number),
  };
  const session: TrainingSession<Target> = new TrainingSession<Target>({
    out,
    optimizer,
    batches: new Targets(options.failAt),
    gradients({ value }, scored) {
      controller.seen += value;
      const error = weight.data[0]! - value + controller.seen * 1e-3;
      weight.grad!.data[0]! += (2 * error) / scored + (options.gradient?.(session.step + 1) ?? 0);
      return error ** 2 / scored;
    },
    accumulate: 2,
    clock,
    length: new RunLength({
      schedule: { shape: 'wsd', warmupSteps: 2, decayFraction: 0.5 },
      steps,
      minutes: null,
      clock,
      closingTokens: 0,
    }),
    checkpoints: new Checkpoints(
      out,
      {
        weights: 'weight.safetensors',
        write(folder, addFiles) {
          rmSync(folder, { recursive: true, force: true });
          makeFolder(folder);
          writeSafetensors(join(folder, 'weight.safetensors'), [
            { name: 'weight', shape: [1], pieces: () => [weight.data] },
          ]);
          addFiles(folder);
        },
        read(folder) {
          const file = openSafetensors(join(folder, 'weight.safetensors'));
          file.read('weight', weight.data);
          file.close();
        },
      },
      optimizer,
    ),
    evaluation: {
      due: ({ step, last }) => last || step % 2 === 0,
      async measure() {
        if (session.step === options.failEvaluation) throw new RunError('the check gave NaN');
        return validation ? { validationLoss: validation(session.step) } : {};
      },
      async sample() {
        return [{ prompt: 'weight', text: String(weight.data[0]) }];
      },
    },
    numbers: () => ({ reward: weight.data[0]! }),
    ...(best && { best }),
    ...(options.alarmAbove !== undefined && { watch: limit(options.alarmAbove) }),
    others: { controller },
    events: { onStep: (status) => void (status.step === stopAt && stop.abort()) },
    saveEvery: 3,
    signal: stop.signal,
  });
  try {
    if (resume) session.restore();
    const finished = await session.train();
    return { value: weight.data[0]!, finished, session };
  } finally {
    session.close();
    dispose(weight);
  }
}

const checkpoints = (): string[] => readdirSync(join(out, 'checkpoints')).sort();

describe('TrainingSession', () => {
  it('stopped anywhere and taken up again learns the same to the bit, controller included, and frees all', async () => {
    const before = memoryUse().buffers;
    const whole = await sitting({});
    const state = readFileSync(join(out, 'checkpoints/step-20/trainer/state.json'), 'utf8');
    const metrics = readMetrics(out).map(({ step, loss }) => ({ step, loss }));
    expect(whole.finished).toBe(true);
    for (const stopAt of [1, 7, 19]) {
      rmSync(out, { recursive: true });
      const first = await sitting({ stopAt });
      expect(first.finished).toBe(false);
      const second = await sitting({ resume: true });
      expect(second.finished).toBe(true);
      expect(second.value).toBe(whole.value);
      expect(readFileSync(join(out, 'checkpoints/step-20/trainer/state.json'), 'utf8')).toBe(state);
      expect(readMetrics(out).map(({ step, loss }) => ({ step, loss }))).toEqual(metrics);
    }
    expect(memoryUse().buffers).toBe(before);
  });

  it('writes down what the caller measures of a step', async () => {
    await sitting({ steps: 3 });
    const rewards = readMetrics(out).filter(({ loss }) => loss !== undefined);
    expect(rewards.map(({ reward }) => typeof reward)).toEqual(['number', 'number', 'number']);
  });

  it('keeps the best checkpoint besides the two newest, and stops when patience is over', async () => {
    const { finished, session } = await sitting({ steps: 40, patience: 3, validation: (step) => Math.abs(step - 8) });
    expect(finished).toBe(true);
    expect(session.step).toBe(14); // 10, 12 and 14 were no better than 8
    expect(checkpoints()).toEqual(['step-12', 'step-14', 'step-8']);
    const resumed = await sitting({ resume: true, steps: 40, patience: 3, validation: () => 0 });
    expect(resumed.finished).toBe(true);
    expect(resumed.session.step).toBe(14); // its patience was over before
  });

  it('stops and goes on with its patience', async () => {
    const validation = (step: number): number => Math.abs(step - 4);
    const whole = await sitting({ patience: 4, validation });
    expect(whole.session.step).toBe(12);
    rmSync(out, { recursive: true });
    await sitting({ patience: 4, validation, stopAt: 7 });
    const second = await sitting({ patience: 4, validation, resume: true });
    expect(second.session.step).toBe(12);
    expect(second.value).toBe(whole.value);
    expect(checkpoints()).toContain('step-4');
  });

  it('that diverges keeps its last good checkpoint', async () => {
    await expect(sitting({ gradient: (step) => (step === 8 ? NaN : 0) })).rejects.toThrow(/diverged at step 8/);
    expect(checkpoints()).toEqual(['step-3', 'step-6']);
    const { value } = await sitting({ resume: true });
    expect(Number.isFinite(value)).toBe(true);
  });

  it('whose batch or evaluation fails loses nothing: the last finished step is saved, and the rest is as if nothing had been', async () => {
    const validation = (step: number): number => Math.abs(step - 8);
    const whole = await sitting({ validation });
    const state = readFileSync(join(out, 'checkpoints/step-20/trainer/state.json'), 'utf8');
    const metrics = readMetrics(out).map(({ step, validationLoss }) => ({ step, validationLoss }));
    // The second batch of step 8; the evaluation after it.
    for (const [failure, newest] of [
      [{ failAt: 16 }, 'step-7'],
      [{ failEvaluation: 8 }, 'step-8'],
    ] as const) {
      rmSync(out, { recursive: true });
      await expect(sitting({ validation, ...failure })).rejects.toThrow(/gave NaN/);
      expect(checkpoints()).toContain(newest);
      const { value } = await sitting({ validation, resume: true });
      expect(value).toBe(whole.value);
      expect(readFileSync(join(out, 'checkpoints/step-20/trainer/state.json'), 'utf8')).toBe(state);
      expect(readMetrics(out).map(({ step, validationLoss }) => ({ step, validationLoss }))).toEqual(metrics);
    }
  });

  it('ends at an alarm, and stays ended', async () => {
    const { finished, session } = await sitting({ alarmAbove: 0.5 });
    expect(finished).toBe(true);
    expect(session.step).toBeGreaterThan(2);
    expect(session.step).toBeLessThan(20);
    expect(checkpoints()).toContain(`step-${session.step}`);
    expect(readFileSync(join(out, 'log.txt'), 'utf8')).toContain(
      `stopped after step ${session.step}: limit: too much at step ${session.step}`,
    );
    const resumed = await sitting({ resume: true, alarmAbove: 0.5 });
    expect(resumed.finished).toBe(true);
    expect(resumed.session.step).toBe(session.step);
  });

  it('never takes the evaluation that gives alarm for the best', async () => {
    const validation = (step: number): number => (step === 6 ? 101 : 50 - step);
    const { session } = await sitting({ alarmAbove: 9, validation });
    expect(session.step).toBe(6);
    expect(checkpoints()).toEqual(['step-4', 'step-6']);
    const { state } = JSON.parse(readFileSync(join(out, 'checkpoints/step-6/trainer/state.json'), 'utf8'));
    expect(state.others.best.best).toEqual({ step: 4, value: 46 });
  });
});
