/** What a method of alignment gives to a run: the rest (steps, checkpoints, evaluations, report) is the same for all. */
import type { BatchStream, Evaluation, Numbers, Scored, Stateful } from '../train/index.js';

export const methods = ['reward', 'dpo', 'kto', 'orpo', 'simpo', 'ppo', 'grpo'] as const;
export type Method = (typeof methods)[number];

export interface MethodParts<Batch extends Scored = Scored> {
  batches: BatchStream<Batch>;
  /** See `train` of the training room. */
  gradients(batch: Batch, scoredInStep: number): number;
  /** Batches of one update. */
  accumulate: number;
  /** Updates of a run that was not told how long to be. */
  defaultSteps: number;
  /** What has been measured since the last step, by name; read once after each step, with nothing that the clock decides. */
  numbers(): Numbers;
  /** The look at held-out data: what it measures, and what the model says. */
  evaluation: Pick<Evaluation, 'measure' | 'sample'>;
  /** The number of {@link evaluation} that chooses the best checkpoint; null without held-out data. */
  criterion: { metric: string; wanted: 'lowest' | 'highest' } | null;
  /** What else a resumed run must find as it was, by name: controllers, running means, alarms. */
  others: Readonly<Record<string, Stateful>>;
  /** Facts for `run.json`'s `result`, once the run is over. */
  result(): Numbers;
  dispose(): void;
}
