/** What the policy is worth on prompts it does not learn from. */
import type { Numbers } from '../../train/index.js';
import type { Policy } from '../policy.js';
import type { PromptExample } from '../preferences/index.js';
import type { Rewards } from '../rewards/index.js';
import { judge, rewardInput, sampleCompletions, scoreCompletions } from './rollout.js';
import { describeRollout, mean } from './rollout-numbers.js';
import type { OnlineSettings } from './settings.js';

export interface EvaluateOptions {
  policy: Policy;
  prompts: readonly PromptExample[];
  rewards: Rewards;
  checks: Rewards | null;
  settings: OnlineSettings;
  batchTokens: number;
}

/** Random numbers that rollouts do not use: the same at every evaluation, so that only the policy differs. */
const SEED = 2 ** 40;

/** Numbers for `metrics.jsonl`; none without prompts. */
export async function evaluateCompletions(options: EvaluateOptions): Promise<Numbers> {
  const { policy, prompts, rewards, checks, settings, batchTokens } = options;
  if (prompts.length === 0) return {};
  const completions = await sampleCompletions(policy, prompts, { maxNewTokens: settings.maxNewTokens, seed: SEED });
  const scores = await judge(rewards, completions);
  const models = await scoreCompletions(policy, completions, null, batchTokens);
  const { reward, kl, length, truncated, repetition, entropy, ...rest } = describeRollout(completions, models, scores);
  const components = Object.entries(rest).filter(([name]) => name.startsWith('reward.'));
  const checked = checks && (await checks.score(completions.map(rewardInput)));
  return {
    heldOutReward: reward!,
    ...Object.fromEntries(components.map(([name, value]) => [`heldOutReward.${name.slice('reward.'.length)}`, value])),
    heldOutKl: kl!,
    heldOutEntropy: entropy!,
    heldOutLength: length!,
    heldOutTruncated: truncated!,
    heldOutRepetition: repetition!,
    ...(checked && {
      check: mean(checked.total),
      ...Object.fromEntries([...checked.components].map(([name, values]) => [`check.${name}`, mean(values)])),
    }),
  };
}
