/** Distance to the reference: estimates from the tokens that were sampled, and what a nat of it costs. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import type { Stateful } from '../../train/index.js';
import type { klEstimators } from './settings.js';

export type KlEstimator = (typeof klEstimators)[number];

/**
 * An estimate of KL(policy, reference) at a token sampled from the policy, in nats, of d = log policy - log reference
 * (Schulman 2020, "Approximating KL divergence"): k1 = d, which is below 0 at times; k3 = e^-d - 1 + d, which never is. Both are
 * right on average.
 */
export function klEstimate(estimator: KlEstimator, logProb: number, reference: number): number {
  const d = logProb - reference;
  return estimator === 'k1' ? d : Math.expm1(-d) + d;
}

/** Gain of the controller, and the largest error it answers to. */
const GAIN = 0.1;
const MOST_ERROR = 0.2;

const stateSchema = z.strictObject({ coefficient: z.number().min(0) });

/** What a nat costs: always the same, or steered so that samples stay about `target` nats away (Ziegler et al. 2019, section 2.2). */
export class KlController implements Stateful {
  private value: number;
  private readonly target: number | null;

  constructor(coefficient: number, target: number | null) {
    this.value = coefficient;
    this.target = target;
  }

  get coefficient(): number {
    return this.value;
  }

  /** @param kl nats a sample of the last rollout */
  observe(kl: number): void {
    if (this.target === null) return;
    const error = Math.min(MOST_ERROR, Math.max(-MOST_ERROR, kl / this.target - 1));
    this.value *= 1 + GAIN * error;
  }

  state(): unknown {
    return { coefficient: this.value };
  }

  /** @throws InputError for what is not a state */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    if (error) throw new InputError('the checkpoint holds no valid KL coefficient: continue from another one');
    this.value = data.coefficient;
  }
}
