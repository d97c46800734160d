/** Adapters: LoRA and its variants, prompt and prefix tuning; in PEFT's layout on disk. */
export { Adapter, newAdapter, type NewAdapterOptions } from './adapter.js';
export {
  type AdapterConfig,
  type LoraConfig,
  loraTargets,
  type Module,
  MODULES,
  type PrefixConfig,
  type PromptConfig,
  savableModules,
} from './config.js';
export {
  type AdapterSummary,
  checkAdapterFolder,
  describeAdapter,
  isAdapterFolder,
  readAdapter,
  readAdapterScore,
  type ReadAdapterOptions,
  writeAdapter,
  type WriteAdapterOptions,
} from './directory.js';
export { mergeAdapter, unmergeAdapter } from './merge.js';
export type { PeftConfig } from './peft-config.js';
