/** Teaching a model by examples: data, methods, runs. */
export { sampleAnswer } from './answer.js';
export { type Base, loadBase } from './base.js';
export * from './data/index.js';
export { describeInputs, type InputFile } from './examples.js';
export { type Method, methods, planAdapter, planOptimizer, refuse, type TunePlanOptions, warmupSteps } from './plan.js';
export { resumeTuning, tune, type TuneOptions, type TuneResult } from './run.js';
export { promptInits } from './soft-prompt.js';
export { prepareTuned, type TrainedHead, type Tuned, type TunedPlan } from './trained.js';
export { readTuneRun, tunedFields, type TuneRun } from './tune-run.js';
