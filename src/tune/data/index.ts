/** Data to tune with: examples of files, and batches of examples. */
export {
  contentHash,
  ExampleBatches,
  exampleBatchesOnce,
  type ExampleBatchesOptions,
  type ExampleBatchesState,
  GroupBatches,
  type GroupBatchesOptions,
} from './batches.js';
export { type Example, readExamples, type ReadExamples, type ReadExamplesOptions } from './examples.js';
export { fitConversation, fitText } from './fit.js';
export { gatherRecords, type GatherOptions } from './gather.js';
export { type ExampleBatch, inputLength, layOut } from './packing.js';
export { type Preview, type PreviewPart, previewExample, showPreview } from './preview.js';
export { Bad, type Problem, summarizeProblems } from './problem.js';
export { readRecord, type TuningRecord } from './record.js';
export { splitExamples } from './split.js';
