/** Reward models: a number for an answer, learned from which of two was preferred. */
export {
  accuracyOf,
  type Accuracy,
  evaluateRewardModel,
  evaluateRewards,
  inTurn,
  lengthsOf,
  type PairLengths,
  type RewardEvaluation,
} from './evaluate.js';
export { loadRewardModel, type RewardModel, writeRewardModel } from './folder.js';
export { type FeatureDifference, fitLinearReward, linearMargin } from './linear.js';
export { pairLoss, type PairLossOptions } from './loss.js';
export { rewardModelMethod, type RewardModelOptions } from './method.js';
export { rewardMarkdown, rewardSection } from './report.js';
export { answerRewards, scoreExamples } from './rewards.js';
export { rewardHead, rewardSettings, type RewardSettings } from './settings.js';
