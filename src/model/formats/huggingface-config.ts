/**
 * Hugging Face's `config.json` to our {@link ModelConfig} and back.
 *
 * Five architectures are known. What an architecture has no key for (say, QK-norm in GPT-2) is saved under the key
 * `telar`, so that we read back what we saved; Transformers ignores that key, and `huggingFaceGaps` says what it misses.
 */
import { InputError } from '../../io/errors.js';
import { type ModelConfig, parseModelConfig } from '../config.js';
import { ARCHITECTURES, type Architecture, fieldsOf } from './huggingface-fields.js';
import { isJsonObject, type JsonObject } from './json.js';

/**
 * Reads the content of a `config.json`.
 * @param where named in errors.
 * @throws InputError for an unknown architecture, a feature the transformer does not have, or missing or bad values.
 */
export function configFromHuggingFace(json: JsonObject, where = 'config.json'): ModelConfig {
  const ours = json['telar'] ?? {};
  if (!isJsonObject(ours)) throw new InputError(`${where}: telar must be an object`);
  return parseModelConfig({ ...fieldsOf(json, where), ...ours }, where);
}

/**
 * The content of a `config.json` that Transformers can load, naming the architecture that is closest to the config.
 * Keys come in a fixed order.
 */
export function configToHuggingFace(config: ModelConfig): JsonObject {
  const candidates = (Object.keys(ARCHITECTURES) as Architecture[]).filter(
    (name) => (name === 'GPT2LMHeadModel') === (config.family === 'gpt2'),
  );
  const [best] = candidates
    .map((architecture) => {
      const json = config.family === 'gpt2' ? gpt2Json(config) : llamaJson(config, architecture);
      return { json, gaps: gapsOf(config, json) };
    })
    .sort((a, b) => Object.keys(a.gaps).length - Object.keys(b.gaps).length);
  const { json, gaps } = best!;
  return Object.keys(gaps).length > 0 ? { ...json, telar: gaps } : json;
}

/** Names of the config's fields that Hugging Face's architectures cannot express; empty when Transformers loads it exactly. */
export function huggingFaceGaps(config: ModelConfig): string[] {
  return Object.keys((configToHuggingFace(config)['telar'] ?? {}) as JsonObject);
}

function gapsOf(config: ModelConfig, json: JsonObject): JsonObject {
  const read = fieldsOf(json, 'config.json');
  return Object.fromEntries(
    Object.entries(config).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(read[key as keyof ModelConfig]),
    ),
  );
}

function eosJson(config: ModelConfig): number | number[] | null {
  const { eosTokenIds } = config;
  return eosTokenIds.length > 1 ? [...eosTokenIds] : (eosTokenIds[0] ?? null);
}

function gpt2Json(config: ModelConfig): JsonObject {
  return {
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    vocab_size: config.vocabSize,
    n_positions: config.context,
    n_ctx: config.context,
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: config.hidden,
    activation_function: 'gelu_new',
    layer_norm_epsilon: config.normEps,
    resid_pdrop: 0,
    embd_pdrop: 0,
    attn_pdrop: 0,
    tie_word_embeddings: config.tiedHead,
    bos_token_id: config.bosTokenId,
    eos_token_id: eosJson(config),
    torch_dtype: 'float32',
  };
}

function llamaJson(config: ModelConfig, architecture: Architecture): JsonObject {
  const { ropeScaling, slidingWindow } = config;
  const qwen = architecture === 'Qwen2ForCausalLM' || architecture === 'Qwen3ForCausalLM';
  return {
    architectures: [architecture],
    model_type: ARCHITECTURES[architecture],
    vocab_size: config.vocabSize,
    max_position_embeddings: config.context,
    hidden_size: config.width,
    intermediate_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: 'silu',
    rms_norm_eps: config.normEps,
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScaling && {
      rope_type: 'llama3',
      factor: ropeScaling.factor,
      low_freq_factor: ropeScaling.lowFreqFactor,
      high_freq_factor: ropeScaling.highFreqFactor,
      original_max_position_embeddings: ropeScaling.originalContext,
    },
    ...(architecture === 'LlamaForCausalLM' && { mlp_bias: config.mlpBias }),
    ...((architecture === 'LlamaForCausalLM' || architecture === 'Qwen3ForCausalLM') && {
      attention_bias: config.attentionBias && config.outputBias,
    }),
    ...(architecture === 'MistralForCausalLM' && { sliding_window: slidingWindow }),
    ...(qwen && { use_sliding_window: slidingWindow !== null, sliding_window: slidingWindow, max_window_layers: 0 }),
    attention_dropout: 0,
    tie_word_embeddings: config.tiedHead,
    bos_token_id: config.bosTokenId,
    eos_token_id: eosJson(config),
    torch_dtype: 'float32',
  };
}
