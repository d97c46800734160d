/** What a rollout looks like, in numbers. */
import type { Numbers } from '../../train/index.js';
import type { RewardScores } from '../rewards/index.js';
import { type Completion, repetition, type Scores } from './rollout.js';

/** Nats from the reference, estimated over each whole completion: Σ log policy - log reference. */
export function klOf({ policy, reference }: Scores): number {
  return policy.reduce((sum, logProb, t) => sum + logProb - reference[t]!, 0);
}

/** Means over completions, and over tokens for the entropy. */
export function describeRollout(
  completions: readonly Completion[],
  models: readonly Scores[],
  { total, components }: RewardScores,
): Numbers {
  const [tokens, entropy] = models.reduce(
    ([count, sum], scores) => [count + scores.entropy.length, scores.entropy.reduce((all, x) => all + x, sum)],
    [0, 0],
  );
  const drift = models.map(({ policy }, i) =>
    policy.reduce((most, logProb, t) => Math.max(most, Math.abs(logProb - completions[i]!.sampled[t]!)), 0),
  );
  return {
    reward: mean(total),
    ...Object.fromEntries([...components].map(([name, values]) => [`reward.${name}`, mean(values)])),
    kl: mean(models.map(klOf)),
    entropy: entropy / tokens,
    length: mean(completions.map(({ sampled }) => sampled.length)),
    truncated: mean(completions.map(({ truncated }) => (truncated ? 1 : 0))),
    repetition: mean(completions.map(repetition)),
    samplerDrift: Math.max(...drift),
  };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
