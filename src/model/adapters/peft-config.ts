/** PEFT's `adapter_config.json`: what it says of an adapter, and what of it can be honoured. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { describeIssues, type ModelConfig } from '../config.js';
import type { JsonObject } from '../formats/index.js';
import type { AdapterConfig, LoraConfig } from './config.js';
import { savedSpellings, targetSpelling } from './peft-names.js';

const KINDS = { LORA: 'lora', PROMPT_TUNING: 'prompt', PREFIX_TUNING: 'prefix' } as const;

/** Options that change nothing about a stored adapter's arithmetic, whatever they are set to. */
const HARMLESS = new Set(
  `peft_type task_type base_model_name_or_path revision inference_mode auto_mapping peft_version target_modules
   exclude_modules fan_in_fan_out lora_dropout megatron_core loftq_config eva_config runtime_config qalora_group_size r
   lora_alpha use_rslora use_dora modules_to_save init_lora_weights bias num_virtual_tokens token_dim num_layers
   num_attention_heads num_transformer_submodules prompt_tuning_init prompt_tuning_init_text
   prompt_tuning_init_state_dict_path tokenizer_name_or_path tokenizer_kwargs encoder_hidden_size
   prefix_projection`.split(/\s+/), // a projected prefix is stored as it came out
);

/** Ways to begin that change the base model as well, so that its own weights no longer fit. */
const CHANGED_BASE = /^(pissa|olora|loftq|corda|lora_ga)/;

const count = z.int().min(0).max(1e9);
const common = z.looseObject({
  peft_type: z.enum(['LORA', 'PROMPT_TUNING', 'PREFIX_TUNING'], {
    error: ({ input }) => `${JSON.stringify(input)} is not supported; LORA, PROMPT_TUNING and PREFIX_TUNING are`,
  }),
  task_type: z
    .literal(['CAUSAL_LM', 'SEQ_CLS', 'FEATURE_EXTRACTION'], { error: 'only CAUSAL_LM and SEQ_CLS are supported' })
    .nullish(),
  base_model_name_or_path: z.string().nullish(),
});
const lora = z.looseObject({
  r: z.int().min(1).max(65_536).default(8),
  lora_alpha: z.number().positive().default(8),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: z.literal('none', { error: 'only "none" is supported: trained biases are not read' }).default('none'),
  target_modules: z.union([z.array(z.string()).min(1), z.string()]),
  modules_to_save: z.array(z.string()).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
});
const soft = z.looseObject({
  num_virtual_tokens: count,
  token_dim: count.nullish(),
  num_layers: count.nullish(),
  num_attention_heads: count.nullish(),
  num_transformer_submodules: z.literal(1, { error: 'only 1 is supported: the model has no encoder' }).nullish(),
  modules_to_save: z.null({ error: 'is not supported beside a soft prompt' }).optional(),
});

/** What `adapter_config.json` says; which modules LoRA touches is read from the tensors. */
export type PeftConfig = {
  /** A folder or a name on the hub. */
  baseModel: string | null;
} & (
  | {
      kind: 'lora';
      lora: Omit<LoraConfig, 'targets' | 'modulesToSave'>;
      /** A list of endings of module names, a regular expression, or "all-linear". */
      targetModules: readonly string[] | string;
      /** As PEFT spells them. */
      modulesToSave: readonly string[];
    }
  | { kind: 'prompt' | 'prefix'; virtualTokens: number }
);

/**
 * Reads an adapter's config.
 * @param where the file, named in errors
 * @throws InputError for a method or an option that cannot be honoured, and for values that are not of their type
 */
export function parsePeftConfig(json: JsonObject, where: string): PeftConfig {
  const { peft_type: type, base_model_name_or_path: baseModel = null } = parse(common, json, where);
  const unknown = Object.entries(json).find(([key, value]) => !HARMLESS.has(key) && !isOff(value));
  if (unknown)
    throw new InputError(`${where}: the option ${unknown[0]} is set to ${short(unknown[1])}, which is not supported`);
  const kind = KINDS[type];
  if (kind !== 'lora') return { baseModel, kind, virtualTokens: parse(soft, json, where).num_virtual_tokens };
  const { r, lora_alpha: alpha, use_rslora: rslora, use_dora: dora, ...rest } = parse(lora, json, where);
  const start = rest.init_lora_weights;
  if (typeof start === 'string' && CHANGED_BASE.test(start))
    throw new InputError(
      `${where}: init_lora_weights is ${JSON.stringify(start)}: it belongs to a changed base model; convert it to plain LoRA`,
    );
  return {
    baseModel,
    kind,
    lora: { kind, rank: r, alpha, rslora, dora },
    targetModules: rest.target_modules,
    modulesToSave: rest.modules_to_save ?? [],
  };
}

function parse<T>(schema: z.ZodType<T>, json: JsonObject, where: string): T {
  const result = schema.safeParse(json);
  if (!result.success) throw new InputError(`${where}: ${describeIssues(result.error)}`);
  return result.data;
}

/** Sizes that a soft prompt's config states must be the model's. @throws InputError */
export function checkSoftSizes(json: JsonObject, kind: 'prompt' | 'prefix', model: ModelConfig, where: string): void {
  const wanted = softSizes(kind, model);
  for (const key of ['token_dim', 'num_layers', 'num_attention_heads'] as const) {
    if (kind === 'prompt' && key !== 'token_dim') continue; // PEFT writes them and does not use them
    const stated = json[key];
    if (stated !== undefined && stated !== null && stated !== wanted[key])
      throw new InputError(`${where}: ${key} is ${short(stated)}, the model's is ${wanted[key]}: not its adapter`);
  }
}

function softSizes(kind: 'prompt' | 'prefix', model: ModelConfig): Record<string, number> {
  const { width, heads, kvHeads, headDim, layers } = model;
  return kind === 'prompt'
    ? { token_dim: width, num_layers: layers, num_attention_heads: heads }
    : { token_dim: kvHeads * headDim, num_layers: layers, num_attention_heads: kvHeads };
}

/** The config as PEFT writes it for a trained adapter. */
export function peftConfigOf(config: AdapterConfig, model: ModelConfig, baseModel: string | null): JsonObject {
  const shared = {
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    inference_mode: true,
    revision: null,
    task_type: 'CAUSAL_LM',
  };
  if (config.kind === 'lora')
    return sorted({
      ...shared,
      peft_type: 'LORA',
      r: config.rank,
      lora_alpha: config.alpha,
      lora_dropout: 0,
      use_rslora: config.rslora,
      use_dora: config.dora,
      bias: 'none',
      fan_in_fan_out: model.family === 'gpt2',
      init_lora_weights: true,
      target_modules: config.targets.map((module) => targetSpelling(model, module)),
      modules_to_save:
        config.modulesToSave.length > 0
          ? config.modulesToSave.flatMap((module) => savedSpellings(model, module))
          : null,
      layers_pattern: null,
      layers_to_transform: null,
      rank_pattern: {},
      alpha_pattern: {},
    });
  return sorted({
    ...shared,
    peft_type: config.kind === 'prompt' ? 'PROMPT_TUNING' : 'PREFIX_TUNING',
    num_virtual_tokens: config.virtualTokens,
    ...softSizes(config.kind, model),
    num_transformer_submodules: 1,
    ...(config.kind === 'prompt'
      ? { prompt_tuning_init: 'RANDOM', prompt_tuning_init_text: null, tokenizer_name_or_path: null }
      : { prefix_projection: false, encoder_hidden_size: null }),
  });
}

function sorted(json: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(json).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a value means that an option is not used. */
function isOff(value: unknown): boolean {
  if (value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
