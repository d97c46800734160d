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
