/** Corpora: from files of text to token shards, and from those to batches. */
export { openCorpus, type Corpus, type CorpusInput, type CorpusText, type OpenCorpusOptions } from './corpus.js';
export { type SourceDocument } from './document.js';
export { type FileRecord, readRecords } from './read/records.js';
export { heldOutBatches, type HeldOutOptions } from './held-out-batches.js';
export { shardsInMemory } from './memory-shards.js';
export { pacer } from './pacing.js';
export { corpusFolder } from './pipeline/folder.js';
export { type PackedBatch } from './packing.js';
export { type ShardManifest } from './shard-manifest.js';
export { openShards, type OpenShards, type TokenShards, type TokenSplit } from './shards.js';
export { type Part } from './split.js';
export { tokenizeToShards, type TokenizeOptions, type TokenizeProgress } from './tokenize.js';
export { TrainingBatches, type TrainingBatchesOptions, type TrainingBatchesState } from './training-batches.js';
