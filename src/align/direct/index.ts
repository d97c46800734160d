/** Direct methods: from feedback to a better model without sampling (DPO, KTO, ORPO, SimPO). */
export { learnedCounts, sequenceLogProbs } from './log-probs.js';
export { directMethod, type DirectOptions } from './method.js';
export type { PairSettings } from './objective.js';
export { type DirectMethod, directMethods, type DirectSettings, directSettings, dpoLosses } from './settings.js';
