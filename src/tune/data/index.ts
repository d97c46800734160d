/** Data to tune with: examples of files, and batches of examples. */
export { ExampleBatches, exampleBatchesOnce, type ExampleBatchesOptions, type ExampleBatchesState } from './batches.js';
export { type Example, readExamples, type ReadExamples, type ReadExamplesOptions } from './examples.js';
export { type ExampleBatch, layOut } from './packing.js';
export { type Preview, type PreviewPart, previewExample, showPreview } from './preview.js';
export { type Problem, summarizeProblems } from './problem.js';
export { splitExamples } from './split.js';
