/** A model in a file or folder, whatever the format: its config, and its tensors under our names, read one at a time. */
import type { ModelConfig } from '../config.js';
import type { Elements } from './safetensors.js';
import type { StoredScore } from './score-head.js';

/** Tensors by the names of `parameterShapes`. */
export interface StoredTensors {
  /** Names in the order of `parameterShapes`. */
  names(): string[];
  /**
   * Reads one tensor, row-major.
   * @param into exactly as long as the tensor; it may lie in native memory. A Uint16Array receives bfloat16, rounded.
   * @throws InputError when the file is damaged or has changed since it was opened.
   */
  read(name: string, into: Elements): void;
}

/** An open model. Nothing but headers is in memory until a tensor is read. */
export interface StoredModel {
  config: ModelConfig;
  tensors: StoredTensors;
  /** The head over labels of a classifier. */
  score?: StoredScore | null;
  close(): void;
}
