/**
 * What Hugging Face's own keys of a `config.json` say, in the words of {@link ModelConfig}: one reader for GPT-2's keys, one
 * for those of the Llama family. Keys that are absent have the value Transformers gives them.
 */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { describeIssues, type ModelConfig } from '../config.js';
import { isJsonObject, type JsonObject } from './json.js';
import { baseArchitecture } from './score-head.js';

/** Architectures we read and write, with their model_type. */
export const ARCHITECTURES = {
  GPT2LMHeadModel: 'gpt2',
  LlamaForCausalLM: 'llama',
  MistralForCausalLM: 'mistral',
  Qwen2ForCausalLM: 'qwen2',
  Qwen3ForCausalLM: 'qwen3',
} as const;
/** Name of a known architecture. */
export type Architecture = keyof typeof ARCHITECTURES;
const KNOWN = Object.keys(ARCHITECTURES) as Architecture[];

/** Fields read from an architecture's own keys, not yet checked as a whole. */
export type Fields = Record<keyof ModelConfig, unknown>;

const length = z.int().min(1);
const eosSchema = z.union([z.int(), z.array(z.int())]).nullish();

const gpt2Schema = z.object({
  vocab_size: length,
  n_positions: length,
  n_embd: length,
  n_layer: length,
  n_head: length,
  n_inner: length.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.boolean().default(false),
  bos_token_id: z.int().nullish(),
  eos_token_id: eosSchema,
});

const llamaSchema = z.object({
  vocab_size: length,
  max_position_embeddings: length,
  hidden_size: length,
  intermediate_size: length,
  num_hidden_layers: length,
  num_attention_heads: length,
  num_key_value_heads: length.nullish(),
  head_dim: length.nullish(),
  hidden_act: z.string().default('silu'),
  rms_norm_eps: z.number().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  sliding_window: length.nullish(),
  use_sliding_window: z.boolean().nullish(),
  max_window_layers: z.int().min(0).nullish(),
  layer_types: z.array(z.string()).nullish(),
  rope_theta: z.number().nullish(),
  rope_scaling: z.looseObject({}).nullish(),
  rope_parameters: z.looseObject({}).nullish(),
  partial_rotary_factor: z.number().nullish(),
  original_max_position_embeddings: length.nullish(),
  bos_token_id: z.int().nullish(),
  eos_token_id: eosSchema,
});
type LlamaJson = z.infer<typeof llamaSchema>;

const llama3Schema = z.looseObject({
  factor: z.number(),
  low_freq_factor: z.number(),
  high_freq_factor: z.number(),
  original_max_position_embeddings: length,
});

function architectureOf(json: JsonObject, where: string): Architecture {
  const named: unknown = Array.isArray(json['architectures']) ? json['architectures'][0] : undefined;
  const listed = baseArchitecture(named) ?? named;
  const found = KNOWN.find((name) =>
    listed === undefined ? ARCHITECTURES[name] === json['model_type'] : name === listed,
  );
  if (found) return found;
  const asked = named ?? json['model_type'];
  throw new InputError(
    `${where}: ${asked === undefined ? 'no architectures and no model_type' : `architecture ${JSON.stringify(asked)} is not supported`}; supported: ${KNOWN.join(', ')}`,
  );
}

/** @throws InputError for an unknown architecture, an unsupported feature, or missing or bad values. */
export function fieldsOf(json: JsonObject, where: string): Fields {
  const architecture = architectureOf(json, where);
  if (json['quantization_config'] != null)
    throw new InputError(
      `${where}: quantized weights (quantization_config) are not supported; use the full-precision model`,
    );
  const schema = architecture === 'GPT2LMHeadModel' ? gpt2Schema : llamaSchema;
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new InputError(`${where}: ${describeIssues(parsed.error)}`);
  return 'n_embd' in parsed.data ? gpt2Fields(parsed.data, where) : llamaFields(parsed.data, architecture, where);
}

function unsupported(where: string, key: string, value: unknown, supported: string): never {
  throw new InputError(`${where}: ${key} ${JSON.stringify(value)} is not supported; supported: ${supported}`);
}

function eosList(eos: number | number[] | null | undefined): number[] {
  return eos == null ? [] : [eos].flat();
}

/** A token id that is only a library's default, and so may lie outside a small vocabulary. */
function defaultId(given: number | null | undefined, fallback: number, vocabSize: number): number | null {
  if (given !== undefined) return given;
  return fallback < vocabSize ? fallback : null;
}

function gpt2Fields(json: z.infer<typeof gpt2Schema>, where: string): Fields {
  const { activation_function: activation, vocab_size: vocabSize, n_embd: width, n_head: heads } = json;
  if (!['gelu_new', 'gelu_pytorch_tanh', 'gelu_fast'].includes(activation))
    unsupported(where, 'activation_function', activation, 'gelu_new, gelu_pytorch_tanh');
  if (!json.scale_attn_weights) unsupported(where, 'scale_attn_weights', false, 'true');
  if (json.scale_attn_by_inverse_layer_idx) unsupported(where, 'scale_attn_by_inverse_layer_idx', true, 'false');
  if (json.add_cross_attention) unsupported(where, 'add_cross_attention', true, 'false');
  const eos = json.eos_token_id === undefined ? defaultId(undefined, 50256, vocabSize) : json.eos_token_id;
  return {
    family: 'gpt2',
    vocabSize,
    context: json.n_positions,
    layers: json.n_layer,
    width,
    heads,
    kvHeads: heads,
    headDim: width / heads,
    hidden: json.n_inner ?? 4 * width,
    activation: 'gelu',
    norm: 'layernorm',
    normEps: json.layer_norm_epsilon,
    positions: 'learned',
    ropeTheta: 10_000,
    ropeInterleaved: false,
    ropeScaling: null,
    attentionBias: true,
    outputBias: true,
    mlpBias: true,
    qkNorm: false,
    tiedHead: json.tie_word_embeddings,
    slidingWindow: null,
    bosTokenId: defaultId(json.bos_token_id, 50256, vocabSize),
    eosTokenIds: eosList(eos),
  };
}

function llamaFields(json: LlamaJson, architecture: Architecture, where: string): Fields {
  const { vocab_size: vocabSize, hidden_size: width, num_attention_heads: heads } = json;
  if (json.hidden_act !== 'silu' && json.hidden_act !== 'swish')
    unsupported(where, 'hidden_act', json.hidden_act, 'silu');
  const qwen2 = architecture === 'Qwen2ForCausalLM';
  const qwen3 = architecture === 'Qwen3ForCausalLM';
  const mistral = architecture === 'MistralForCausalLM';
  const biased = !qwen2 && !mistral && json.attention_bias === true;
  const [bos, eos] = qwen2 || qwen3 ? [vocabSize, vocabSize] : [1, 2];
  return {
    family: 'llama',
    vocabSize,
    context: json.max_position_embeddings,
    layers: json.num_hidden_layers,
    width,
    heads,
    kvHeads: json.num_key_value_heads ?? heads,
    headDim: json.head_dim ?? (qwen3 && json.head_dim === undefined ? 128 : width / heads),
    hidden: json.intermediate_size,
    activation: 'swiglu',
    norm: 'rmsnorm',
    normEps: json.rms_norm_eps,
    positions: 'rope',
    ...ropeFields(json, where),
    ropeInterleaved: false,
    attentionBias: qwen2 || biased,
    outputBias: biased,
    mlpBias: architecture === 'LlamaForCausalLM' && json.mlp_bias === true,
    qkNorm: qwen3,
    tiedHead: json.tie_word_embeddings,
    slidingWindow: windowOf(json, architecture, where),
    bosTokenId: defaultId(json.bos_token_id, bos, vocabSize),
    eosTokenIds: eosList(json.eos_token_id === undefined ? defaultId(undefined, eos, vocabSize) : json.eos_token_id),
  };
}

/** Theta and scaling, from `rope_parameters` (Transformers 5) or from `rope_theta` and `rope_scaling` (before). */
function ropeFields(json: LlamaJson, where: string): Pick<Fields, 'ropeTheta' | 'ropeScaling'> {
  const key = json.rope_parameters == null ? 'rope_scaling' : 'rope_parameters';
  const rope: JsonObject = json[key] ?? {};
  const partial = rope['partial_rotary_factor'] ?? json.partial_rotary_factor ?? 1;
  if (partial !== 1) unsupported(where, 'partial_rotary_factor', partial, '1');
  const ropeTheta = rope['rope_theta'] ?? json.rope_theta ?? 10_000;
  const type = rope['rope_type'] ?? rope['type'] ?? 'default';
  if (type === 'default') {
    const nested = Object.entries(rope).find(([, value]) => isJsonObject(value));
    if (nested) unsupported(where, `${key}.${nested[0]}`, nested[1], 'the same rotation in every layer');
    return { ropeTheta, ropeScaling: null };
  }
  if (type !== 'llama3') unsupported(where, `${key}.rope_type`, type, 'default, llama3');
  const original = { original_max_position_embeddings: json.original_max_position_embeddings ?? undefined };
  const scaling = llama3Schema.safeParse({ ...original, ...rope });
  if (!scaling.success) throw new InputError(`${where}: ${key}: ${describeIssues(scaling.error)}`);
  return {
    ropeTheta,
    ropeScaling: {
      factor: scaling.data.factor,
      lowFreqFactor: scaling.data.low_freq_factor,
      highFreqFactor: scaling.data.high_freq_factor,
      originalContext: scaling.data.original_max_position_embeddings,
    },
  };
}

/** Mistral slides in every layer, Llama in none; Qwen from layer `max_window_layers` on, if switched on. */
function windowOf(json: LlamaJson, architecture: Architecture, where: string): number | null {
  const layers = json.num_hidden_layers;
  if (architecture === 'LlamaForCausalLM') return null;
  const window = json.sliding_window === undefined ? 4096 : json.sliding_window;
  if (architecture === 'MistralForCausalLM') return window;
  if (json.use_sliding_window !== true || window === null) return null;
  const sliding = json.layer_types
    ? json.layer_types.filter((type) => type === 'sliding_attention').length
    : Math.max(0, layers - (json.max_window_layers ?? 28));
  if (sliding === 0) return null;
  if (sliding === layers) return window;
  unsupported(where, 'use_sliding_window', `in ${sliding} of ${layers} layers`, 'a window in all layers or in none');
}
