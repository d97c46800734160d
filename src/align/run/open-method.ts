/** From a run's decisions and its materials to the method that learns. */
import type { StoredScore } from '../../model/index.js';
import type { Base } from '../../tune/index.js';
import { InputError } from '../../io/errors.js';
import type { MethodParts } from '../method.js';
import type { Rewards } from '../rewards/index.js';
import { Policy } from '../policy.js';
import type { AlignRun } from './align-run.js';
import type { Feedback } from './feedback.js';

/** What a run decides before its length is known. */
export type Decisions = Pick<AlignRun, 'method' | 'adapter' | 'start' | 'seed' | 'settings'> & {
  batchTokens: number | null;
};

export interface Materials {
  base: Base;
  feedback: Feedback;
  rewards: Rewards | null;
  checks: Rewards | null;
}

export interface OpenMethod {
  policy: Policy;
  parts: MethodParts;
  /** The head that belongs to what is made, as a reward model's does. */
  score?: () => StoredScore;
  dispose(): void;
}

/** @throws InputError for settings or feedback that do not fit the model */
export function openMethod(_decisions: Decisions, _materials: Materials): OpenMethod {
  throw new InputError('not there yet'); // TODO
}
