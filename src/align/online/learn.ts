/** From judged completions to samples: rewards, what they cost, and advantages. */
import type { Completion, Scores } from './rollout.js';
import { gae, groupAdvantages, whiten } from './advantages.js';
import { klEstimate } from './kl.js';
import type { Sample } from './sample.js';
import type { GrpoSettings, OnlineSettings, PpoSettings } from './settings.js';

/**
 * @param rewards [completions]; for GRPO those of one prompt stand together
 * @param klCoefficient of a distance that is paid for in the reward
 */
export function learnFrom(
  completions: readonly Completion[],
  scores: readonly Scores[],
  rewards: Float64Array,
  settings: OnlineSettings,
  klCoefficient: number,
): Sample[] {
  const scored = rewards.map((reward, i) => reward - (completions[i]!.truncated ? settings.missingEndPenalty : 0));
  const costs = scores.map(({ policy, reference }) =>
    Float64Array.from(policy, (logProb, t) =>
      settings.klIn === 'reward' ? klCoefficient * klEstimate(settings.klEstimator, logProb, reference[t]!) : 0,
    ),
  );
  const { advantages, returns } =
    settings.method === 'ppo' ? byTokens(scores, scored, costs, settings) : byGroups(scores, scored, costs, settings);
  return completions.map(({ example, start }, i) => ({
    example,
    start,
    old: scores[i]!.policy,
    reference: scores[i]!.reference,
    advantages: Float32Array.from(advantages[i]!),
    values: scores[i]!.values,
    returns: Float32Array.from(returns[i]!),
  }));
}

interface Learned {
  advantages: Float64Array[];
  returns: Float64Array[];
}

/** PPO: each token pays for its distance, the last is given the reward. */
function byTokens(
  scores: readonly Scores[],
  rewards: Float64Array,
  costs: readonly Float64Array[],
  { gamma, gaeLambda }: PpoSettings,
): Learned {
  const estimates = scores.map(({ values }, i) => {
    const own = costs[i]!.map((cost, t) => (t + 1 === values.length ? rewards[i]! - cost : -cost));
    return gae(own, values, gamma, gaeLambda);
  });
  const advantages = estimates.map((each) => each.advantages);
  whiten(advantages);
  return { advantages, returns: estimates.map((each) => each.returns) };
}

/** GRPO: all tokens of a completion have its advantage over the others of its group. */
function byGroups(
  scores: readonly Scores[],
  rewards: Float64Array,
  costs: readonly Float64Array[],
  { groupSize, variant }: GrpoSettings,
): Learned {
  const paid = rewards.map((reward, i) => costs[i]!.reduce((left, cost) => left - cost, reward));
  const advantages: Float64Array[] = [];
  for (let from = 0; from < paid.length; from += groupSize)
    for (const [i, advantage] of groupAdvantages(paid.slice(from, from + groupSize), variant).entries())
      advantages.push(new Float64Array(scores[from + i]!.policy.length).fill(advantage));
  return { advantages, returns: advantages.map(() => new Float64Array(0)) };
}

/** Share of each token of a sample in the mean over an update of so many samples and tokens. */
export function tokenWeight(
  settings: OnlineSettings,
  update: { samples: number; tokens: number },
): (sample: Sample) => number {
  if (settings.method === 'ppo' || settings.variant === 'dapo') return () => 1 / update.tokens;
  const { variant, maxNewTokens } = settings;
  if (variant === 'dr_grpo') return () => 1 / (maxNewTokens * update.samples);
  // RLOO is of whole sequences: their tokens are added up.
  if (variant === 'rloo') return () => 1 / update.samples;
  return ({ old }) => 1 / (old.length * update.samples);
}
