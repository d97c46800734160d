/** The step with the best validation number so far, and when to stop hoping for a better one. */
import { z } from 'zod';
import { InputError } from '../io/errors.js';

const recordSchema = z.strictObject({ step: z.int().min(0), value: z.number() });

/** A step and its number. */
export type BestRecord = z.infer<typeof recordSchema>;

const stateSchema = z.strictObject({ best: recordSchema.nullable(), since: z.int().min(0) });

export class BestStep {
  /** Name of the number in `metrics.jsonl`. */
  readonly metric: string;
  /** Which numbers are better. */
  private readonly wanted: 'lowest' | 'highest';
  private readonly patience: number;
  private best: BestRecord | null = null;
  /** Evaluations since the best one. */
  private since = 0;

  /** @param patience evaluations without a better number after which the run ends; 0 never ends it */
  constructor(metric: string, patience: number, wanted: 'lowest' | 'highest' = 'lowest') {
    this.metric = metric;
    this.patience = patience;
    this.wanted = wanted;
  }

  /** Null before the first number. */
  get record(): BestRecord | null {
    return this.best;
  }

  /** Whether the patience is over. */
  get exhausted(): boolean {
    return this.patience > 0 && this.since >= this.patience;
  }

  /** Takes the number of a step; returns whether it is the best so far. What is not finite never is. */
  see(step: number, value: number): boolean {
    const sign = this.wanted === 'lowest' ? 1 : -1;
    const better = Number.isFinite(value) && (this.best === null || sign * value < sign * this.best.value);
    if (better) this.best = { step, value };
    this.since = better ? 0 : this.since + 1;
    return better;
  }

  state(): unknown {
    return { best: this.best, since: this.since };
  }

  /** @throws InputError for what is not a state */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    if (error) throw new InputError('the checkpoint holds no valid record of the best step: continue from another one');
    ({ best: this.best, since: this.since } = data);
  }
}
