/** What a reward model is trained with, and the head that it becomes. */
import { z } from 'zod';
import { poolings, ScoreHead } from '../../understand/index.js';

export const rewardSettings = z.strictObject({
  /** The state that the reward is read from: of the answer's last token, as Transformers does, or the mean over the answer. */
  pooling: z.enum(poolings).default('last'),
  /** Factor on the margin that a pair's record gives: the chosen answer is to be better by so much more (Llama 2, section 3.2.2). */
  margin: z.number().min(0).default(0),
  /** Factor on the squared sum of a pair's rewards, which keeps their mean at 0 (Eisenstein et al. 2023). */
  centring: z.number().min(0).default(0),
  /** Times through the pairs in a run that is not told how long to be. */
  epochs: z.number().positive().default(1),
});

export type RewardSettings = z.infer<typeof rewardSettings>;

/** A head with one label, zero everywhere: all answers are equally good. */
export function rewardHead(width: number, { pooling }: Pick<RewardSettings, 'pooling'>): ScoreHead {
  return new ScoreHead(['reward'], pooling, width);
}
