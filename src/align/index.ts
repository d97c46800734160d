/** Making a model better by feedback: preferences, reward models, direct and online methods. */
export { type Alarm, type Method, type MethodParts, methods } from './method.js';
export { Policy } from './policy.js';
export {
  formatReward,
  openRewards,
  type OpenRewardsOptions,
  parseReward,
  type RewardInput,
  rewardKinds,
  type Rewards,
  type RewardScores,
  type RewardSpec,
} from './rewards/index.js';
