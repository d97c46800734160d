/** The corpus pipeline: from a `corpus.yaml` to token shards, a tokenizer, a report and a datasheet. */
export { ByteModel } from '../clean/index.js';
export { buildCorpus, type BuildCorpusOptions } from './build.js';
export { type CorpusConfig, parseCorpusConfig, readCorpusConfig } from './config.js';
export { type CorpusReport, excerpt } from '../report/index.js';
export { inspectCorpus } from './inspect.js';
