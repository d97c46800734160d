/** Online methods: learning from what the policy writes itself (PPO, GRPO and its relatives). */
export { gae, groupAdvantages, whiten } from './advantages.js';
export { KlController, type KlEstimator, klEstimate } from './kl.js';
export { onlineMethod, type OnlineOptions, valueHead } from './method.js';
export { type Completion, sampleCompletions, type SampleOptions, scoreCompletions } from './rollout.js';
export {
  grpoVariants,
  klEstimators,
  klPlaces,
  type OnlineMethod,
  onlineMethods,
  type OnlineSettings,
  onlineSettings,
} from './settings.js';
