/** The transformer, its config, its key-value cache, adapters, and the files models live in. */
export * from './adapters/index.js';
export { type ModelConfig, newModelConfig, parameterCount, parameterShapes, parseModelConfig } from './config.js';
export {
  huggingFaceGaps,
  readLlama2cFile,
  readModelDirectory,
  type StoredModel,
  type StoredScore,
} from './formats/index.js';
export { initializeTransformer } from './initialize.js';
export { KvCache } from './kv-cache.js';
export { type LoadOptions, loadTransformer, saveTransformer, transformerFrom } from './storage.js';
export { type HiddenOptions, makeTrainable, type PackedTokens, Transformer } from './transformer.js';
