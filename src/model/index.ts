/** The transformer, its config, its key-value cache, and the files models live in. */
export { type ModelConfig, newModelConfig, parameterCount, parameterShapes, parseModelConfig } from './config.js';
export { initializeTransformer } from './initialize.js';
export { KvCache } from './kv-cache.js';
export { type PackedTokens, Transformer } from './transformer.js';
