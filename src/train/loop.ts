/**
 * THE training loop: batches in, updates out. What is learned is the caller's, through `gradients`; what happens between
 * steps too, through `onStep`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RunError } from '../io/errors.js';
import type { Optimizer } from './optimizer.js';

export interface StepReport {
  /** From 1. */
  step: number;
  /** Mean loss of the step's terms before its update: for language modelling, nats a token. */
  loss: number;
  gradNorm: number;
  /** Multiplier of the learning rates that the schedule gave. */
  rate: number;
  /** Terms of the loss in this step: for language modelling, tokens that were predicted. */
  tokens: number;
  /** Seconds the step took. */
  seconds: number;
}

/** Loss or gradient is not finite. The weights are those before the step, and may be on their way to ruin. */
export class Diverged extends RunError {}

/** What the loop asks of a batch of any objective. */
export interface Scored {
  /** Terms of the loss in it, such as predicted tokens: what the loss of a step is the mean over. */
  scored: number;
}

export interface LoopOptions<Batch extends Scored> {
  optimizer: Optimizer;
  batches: { next(): Batch | Promise<Batch> };
  /** Adds the gradient of the batch's share of the step's mean loss over `scoredInStep` terms, and returns that share. */
  gradients: (batch: Batch, scoredInStep: number) => number;
  /** Batches whose gradients are added up for one update. */
  accumulate: number;
  /** First step to run, above 1 when a run is continued. */
  firstStep?: number;
  /** Learning-rate multiplier of a step, or null when the run is over and the step is not to be made. */
  rate: (step: number) => number | null;
  /** Called after each update; what it returns is awaited. */
  onStep?: (report: StepReport) => void | Promise<void>;
  /** Ends the run after the step under way. */
  signal?: AbortSignal;
}

/**
 * Runs steps until the rate is null or the signal comes; returns the last step that was finished. The gradient of a step is that
 * of the mean over all its terms, however it is divided into batches.
 * @throws Diverged when loss or gradient is not finite; the update of that step has not been made then
 */
export async function train<Batch extends Scored>(options: LoopOptions<Batch>): Promise<number> {
  const { optimizer, batches, accumulate, gradients } = options;
  let step = options.firstStep ?? 1;
  for (; !options.signal?.aborted; step++) {
    const rate = options.rate(step);
    if (rate === null) break;
    const begin = performance.now();
    const parts: Batch[] = [];
    for (let part = 0; part < accumulate; part++) parts.push(await batches.next());
    const tokens = parts.reduce((sum, part) => sum + part.scored, 0);
    let loss = 0;
    for (const part of parts) loss += gradients(part, tokens);
    const gradNorm = optimizer.gradNorm();
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm))
      throw new Diverged(
        `training diverged at step ${step}: loss ${loss}, gradient norm ${gradNorm}; start again with a lower learning rate; the checkpoints so far stand`,
      );
    optimizer.step(step, rate, gradNorm);
    await options.onStep?.({ step, loss, gradNorm, rate, tokens, seconds: (performance.now() - begin) / 1000 });
    await nextTurn(); // signals are heard between steps
  }
  return step - 1;
}
