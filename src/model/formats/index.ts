/** Model files: what can be read, and what is written. */
export { checkReplaceable, type DirectoryExtras, readModelDirectory, writeModelDirectory } from './directory.js';
export { configFromHuggingFace, configToHuggingFace, huggingFaceGaps } from './huggingface-config.js';
export { type JsonObject, readJsonFile } from './json.js';
export { interleavedToHalfSplit, readLlama2cFile } from './llama2c.js';
export {
  openModelSafetensors,
  openSafetensors,
  openSharded,
  type Safetensors,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.js';
export type { Dtype, TensorEntry } from './safetensors-header.js';
export { describedScore, readScore, SCORE, scoreJson, type StoredScore } from './score-head.js';
export type { StoredModel, StoredTensors } from './stored-model.js';
