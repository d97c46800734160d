/** Teaching a model by examples: data, methods, runs. */
export * from './data/index.js';
export { type Method, methods, type TunePlanOptions } from './plan.js';
export { resumeTuning, tune, type TuneOptions, type TuneResult } from './run.js';
export { promptInits } from './soft-prompt.js';
export { readTuneRun, type TuneRun } from './tune-run.js';
