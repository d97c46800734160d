/** Rewards: what a completion is worth, from built-in judges, models and the user's functions. */
export { rewardInputs } from './inputs.js';
export type { RewardKind } from './kind.js';
export { parseReward, rewardKinds } from './kinds.js';
export { openRewards, type OpenRewardsOptions } from './open.js';
export { formatReward } from './spec.js';
export type { OpenRewards, RewardInput, Rewards, RewardScores, RewardSpec } from './types.js';
