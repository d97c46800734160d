/** The session of an alignment, whatever its method: evaluations by the step, the best checkpoint kept, alarms heard. */
import {
  BestStep,
  Checkpoints,
  Optimizer,
  projectionBlocks,
  readMetrics,
  RunClock,
  RunLength,
  type Scored,
  type SessionEvents,
  TrainingSession,
  writeRun,
} from '../../train/index.js';
import { join } from 'node:path';
import { Alarms } from '../alarms/index.js';
import type { AlignRun } from './align-run.js';
import { modelCard } from './card.js';
import type { OpenMethod } from './open-method.js';

export interface AlignSessionOptions {
  run: AlignRun;
  out: string;
  opening: OpenMethod;
  events: SessionEvents;
  secondsBefore: number;
  saveEvery?: number;
  signal?: AbortSignal;
}

export interface AlignSession {
  session: TrainingSession<Scored>;
  /** Takes up the best weights, writes the result into `run.json`, and `final/`. */
  finish(): void;
}

export function alignSession(options: AlignSessionOptions): AlignSession {
  const { run, out, opening, events, saveEvery, signal } = options;
  const { policy, parts } = opening;
  const { training } = run;
  const optimizer = new Optimizer(policy.parameters, training.optimizer, projectionBlocks(run.model));
  const checkpoints = new Checkpoints(out, policy.checkpointed, optimizer);
  const clock = new RunClock(options.secondsBefore);
  const { criterion } = parts;
  const best = criterion && new BestStep(criterion.metric, training.patience, criterion.wanted);
  const alarms = Object.keys(run.alarms).length > 0 ? new Alarms(run.alarms) : null;

  const session = new TrainingSession({
    out,
    optimizer,
    batches: parts.batches,
    gradients: (batch, scored) => parts.gradients(batch, scored),
    accumulate: training.accumulate,
    clock,
    length: new RunLength({
      schedule: training.schedule,
      steps: training.steps,
      minutes: training.minutes,
      clock,
      closingTokens: 0,
      onDecide(total) {
        training.steps = total;
        writeRun(out, run);
      },
    }),
    checkpoints,
    evaluation: {
      due: ({ step, last }) => last || step % training.evaluateEvery === 0,
      measure: () => parts.evaluation.measure(),
      sample: () => parts.evaluation.sample(),
    },
    numbers: () => parts.numbers(),
    ...(best && { best }),
    ...(alarms && { watch: alarms }),
    others: parts.others,
    onBest(record) {
      delete run.best;
      if (record) run.best = { step: record.step, metric: best!.metric, value: record.value };
      writeRun(out, run);
    },
    events,
    ...(saveEvery !== undefined && { saveEvery }),
    ...(signal && { signal }),
  });

  return {
    session,
    finish() {
      const record = best?.record ?? null;
      if (record && record.step !== session.step) checkpoints.readWeights(record.step);
      const alarm = alarms?.alarm;
      run.result = {
        ...(record && { [best!.metric]: record.value, ...before(out, best!.metric), bestStep: record.step }),
        ...parts.result(),
        ...(alarm && { stopped: alarm.name, stoppedBecause: alarm.reason }),
        steps: session.step,
        epochs: parts.batches.epochs,
        trainedParameters: [...policy.parameters.values()].reduce((sum, { size }) => sum + size, 0),
        seconds: clock.seconds(),
      };
      writeRun(out, run);
      opening.writeFinal(join(out, 'final'), modelCard(run));
    },
  };
}

/** What was measured of the model that was given. */
function before(out: string, metric: string): Record<string, number> {
  const first = readMetrics(out).find((line) => line[metric] !== undefined);
  return first?.step === 0 ? { [`${metric}Before`]: first[metric]! } : {};
}
