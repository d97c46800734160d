/** The session of a tuning run: examples in batches, evaluations by the step, the best checkpoint kept. */
import { Random } from '../io/hash-random.js';
import type { Transformer } from '../model/index.js';
import {
  BestStep,
  Checkpoints,
  lossAndGradients,
  Optimizer,
  projectionBlocks,
  readMetrics,
  RunClock,
  RunLength,
  type Scored,
  type SessionEvents,
  totalLoss,
  type TrainingBatch,
  TrainingSession,
  writeRun,
} from '../train/index.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sampleAnswer } from './answer.js';
import type { Base } from './base.js';
import { type Example, ExampleBatches, exampleBatchesOnce } from './data/index.js';
import type { Examples } from './examples.js';
import type { Tuned } from './trained.js';
import type { TuneRun } from './tune-run.js';

type Batch = TrainingBatch & Scored;

export interface TuneSessionOptions {
  run: TuneRun;
  out: string;
  base: Base;
  tuned: Tuned;
  examples: Examples;
  events: SessionEvents;
  secondsBefore: number;
  saveEvery?: number;
  signal?: AbortSignal;
}

/** Most validation tokens of an evaluation. */
const EVALUATION_TOKENS = 65_536;

export interface TuneSession {
  session: TrainingSession<Batch>;
  /** Takes up the best weights, where there is a validation set, and writes the result into `run.json`. */
  finish(): void;
}

export function tuneSession(options: TuneSessionOptions): TuneSession {
  const { run, out, base, tuned, events, examples, saveEvery, signal } = options;
  const { model, tokenizer } = base;
  const { training, seed } = run;
  const { virtualTokens } = model;
  const batching = { context: training.rowTokens, rowsPerBatch: training.rowsPerBatch, virtualTokens };
  const optimizer = new Optimizer(tuned.parameters, training.optimizer, projectionBlocks(run.model));
  const batches = new ExampleBatches({ examples: examples.train, ...batching, seed });
  const clock = new RunClock(options.secondsBefore);
  const validation = someOf(examples.validation);
  const best = validation.length > 0 ? new BestStep('validationLoss', training.patience) : null;
  const checkpoints = new Checkpoints(out, tuned.checkpointed, optimizer);
  const hidden = { checkpoint: training.gradientCheckpointing };
  let tokensRead = 0;

  const session = new TrainingSession<Batch>({
    out,
    optimizer,
    batches,
    gradients(batch, scored) {
      tokensRead += batch.tokens.length;
      return lossAndGradients(model, batch, scored, hidden);
    },
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
      async measure() {
        if (validation.length === 0) return {};
        return { validationLoss: await validationLoss(model, validation, batching) };
      },
      sample: () => sampleAnswer(model, tokenizer, [...examples.validation, ...examples.train]),
    },
    numbers({ seconds }) {
      const tokensPerSecond = tokensRead / seconds;
      tokensRead = 0;
      return { tokensPerSecond };
    },
    ...(best && { best }),
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
      run.result = {
        ...(record && { validationLoss: record.value, ...before(out), bestStep: record.step }),
        steps: session.step,
        tokens: session.tokens,
        epochs: batches.epochs,
        trainedParameters: [...tuned.parameters.values()].reduce((sum, { size }) => sum + size, 0),
        seconds: clock.seconds(),
      };
      writeRun(out, run);
    },
  };
}

/** The validation loss of the model that was given. */
function before(out: string): Record<string, number> {
  const first = readMetrics(out).find(({ validationLoss }) => validationLoss !== undefined);
  return first?.step === 0 ? { validationLossBefore: first.validationLoss! } : {};
}

/** Mean nats a learned token. */
export async function validationLoss(
  model: Transformer,
  examples: readonly Example[],
  batching: { context: number; rowsPerBatch: number; virtualTokens: Int32Array },
): Promise<number> {
  let [nats, tokens] = [0, 0];
  for (const batch of exampleBatchesOnce(examples, batching)) {
    nats += totalLoss(model, batch);
    tokens += batch.scored;
    await nextTurn(); // signals and the screen get their turn
  }
  return nats / tokens;
}

/** Examples that speak for all, always the same ones. */
function someOf(examples: readonly Example[]): Example[] {
  let tokens = 0;
  return new Random(0)
    .shuffle([...examples])
    .filter((example) => (tokens += example.tokens.length) <= EVALUATION_TOKENS);
}
