/** THE training loop and the session around it, and pretraining from text to a model. */
export { type BestRecord, BestStep } from './best.js';
export { Checkpoints, listCheckpoints } from './checkpoint.js';
export { RunClock } from './clock.js';
export { evaluateHeldOut, type HeldOutResult } from './evaluate.js';
export { RunLength } from './length.js';
export { type LoopOptions, type Scored, type StepReport, train } from './loop.js';
export { describeMachine } from './machine.js';
export { type MetricsLine, readMetrics, readSamples, type SampleLine } from './metrics.js';
export { countTargets, lossAndGradients, totalLoss, type TrainingBatch } from './objective.js';
export { Optimizer, type OptimizerConfig } from './optimizer.js';
export { makePlan, type Plan, type PlanOptions, projectionBlocks } from './plan.js';
export { pretrain, type PretrainOptions, type PretrainResult, resumePretraining } from './pretrain.js';
export { readRun, type RunDescription } from './pretrain-run.js';
export { chartsOf } from './report-charts.js';
export { metricsByStep } from './report-data.js';
export { samplesSection } from './report-samples.js';
export {
  inputSchema,
  makeRunDirectory,
  readRunAs,
  runHead,
  runTail,
  trainingSchema,
  writeRun,
} from './run-directory.js';
export {
  type Alarm,
  type BatchStream,
  type Evaluation,
  type Numbers,
  type SessionEvents,
  type SessionParts,
  type Stateful,
  type StepStatus,
  TrainingSession,
  type Watch,
} from './session.js';
export { type Trained, trainedModel } from './trained.js';
