/** The transformer, its config, its key-value cache, and the files models live in. */
export { type ModelConfig, newModelConfig, parameterCount, parameterShapes, parseModelConfig } from './config.js';
export { huggingFaceGaps, readLlama2cFile, readModelDirectory, type StoredModel } from './formats/index.js';
export { initializeTransformer } from './initialize.js';
export { KvCache } from './kv-cache.js';
export { type LoadOptions, loadTransformer, saveTransformer, transformerFrom } from './storage.js';
export { type PackedTokens, Transformer } from './transformer.js';
