/** THE training loop, and pretraining from text to a model. */
export { evaluateHeldOut, type HeldOutResult } from './evaluate.js';
export { type LoopOptions, type Scored, type StepReport, train } from './loop.js';
export { countTargets, lossAndGradients, totalLoss, type TrainingBatch } from './objective.js';
export { Optimizer, type OptimizerConfig } from './optimizer.js';
export { makePlan, type Plan, type PlanOptions } from './plan.js';
export { pretrain, type PretrainOptions, type PretrainResult, resumePretraining } from './pretrain.js';
export { readRun, type RunDescription } from './run-directory.js';
export type { PretrainEvents, TrainingStatus } from './session.js';
