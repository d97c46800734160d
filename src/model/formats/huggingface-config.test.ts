import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyConfig } from '../../../test/reference/random-model.js';
import { outcome } from '../../../test/reference/outcome.js';
import { InputError } from '../../io/errors.js';
import { newModelConfig } from '../config.js';
import { configFromHuggingFace, configToHuggingFace, huggingFaceGaps } from './huggingface-config.js';

/** Values as published with GPT-2 (124M), keys we do not use left out. */
const gpt2 = {
  architectures: ['GPT2LMHeadModel'],
  model_type: 'gpt2',
  activation_function: 'gelu_new',
  n_ctx: 1024,
  n_embd: 768,
  n_head: 12,
  n_layer: 12,
  n_positions: 1024,
  vocab_size: 50257,
  layer_norm_epsilon: 1e-5,
  bos_token_id: 50256,
  eos_token_id: 50256,
};
const llama = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_act: 'silu',
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  head_dim: 64,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
};
const scaling = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
  rope_type: 'llama3',
};
const qwen = { ...llama, architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2', head_dim: undefined };

describe('config.json', () => {
  it('is read back as written for any config, and written the same again', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const json = configToHuggingFace(config);
        const read = configFromHuggingFace(JSON.parse(JSON.stringify(json)));
        expect(read).toEqual(config);
        expect(JSON.stringify(configToHuggingFace(read))).toBe(JSON.stringify(json));
      }),
      { numRuns: 300 },
    );
  });

  it('reads GPT-2', () => {
    expect(configFromHuggingFace(gpt2)).toEqual(
      newModelConfig('gpt2', {
        vocabSize: 50257,
        context: 1024,
        layers: 12,
        width: 768,
        heads: 12,
        bosTokenId: 50256,
        eosTokenIds: [50256],
      }),
    );
  });

  it('reads the rotation of Llama 3.2 from the old place and from the new one', () => {
    const old = configFromHuggingFace({ ...llama, rope_theta: 500000, rope_scaling: scaling });
    const current = configFromHuggingFace({ ...llama, rope_parameters: { ...scaling, rope_theta: 500000 } });
    expect(current).toEqual(old);
    expect(old).toMatchObject({
      ropeTheta: 500000,
      kvHeads: 8,
      headDim: 64,
      tiedHead: true,
      eosTokenIds: [128001, 128008, 128009],
      ropeScaling: { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalContext: 8192 },
    });
    const { rope_type: type, ...rest } = scaling;
    expect(configFromHuggingFace({ ...llama, rope_theta: 500000, rope_scaling: { ...rest, type } })).toEqual(old);
    expect(configFromHuggingFace({ ...llama, rope_parameters: { rope_type: 'default', rope_theta: 7 } })).toMatchObject(
      {
        ropeTheta: 7,
        ropeScaling: null,
      },
    );
  });

  it('knows what the architectures imply', () => {
    const architecture = (name: string, more: object = {}) =>
      configFromHuggingFace({ ...llama, architectures: [name], head_dim: undefined, ...more });
    const biases = ({ attentionBias, outputBias, mlpBias }: ReturnType<typeof architecture>) =>
      [attentionBias, outputBias, mlpBias].map(Number).join('');
    const all = { attention_bias: true, mlp_bias: true };
    expect(biases(architecture('LlamaForCausalLM'))).toBe('000');
    expect(biases(architecture('LlamaForCausalLM', all))).toBe('111');
    expect(biases(architecture('MistralForCausalLM', all))).toBe('000');
    expect(biases(architecture('Qwen2ForCausalLM'))).toBe('100');
    expect(biases(architecture('Qwen3ForCausalLM', all))).toBe('110');
    expect(architecture('Qwen3ForCausalLM')).toMatchObject({ qkNorm: true, headDim: 128 });
    expect(architecture('Qwen2ForCausalLM')).toMatchObject({ qkNorm: false, headDim: 64 });
    expect(architecture('MistralForCausalLM')).toMatchObject({ slidingWindow: 4096 });
    expect(architecture('MistralForCausalLM', { sliding_window: null })).toMatchObject({ slidingWindow: null });
    expect(architecture('LlamaForCausalLM', { sliding_window: 9 })).toMatchObject({ slidingWindow: null });
    const window = { use_sliding_window: true, sliding_window: 9 };
    expect(architecture('Qwen2ForCausalLM', { ...window, max_window_layers: 0 })).toMatchObject({ slidingWindow: 9 });
    expect(architecture('Qwen2ForCausalLM', { ...window, max_window_layers: 16 })).toMatchObject({
      slidingWindow: null,
    });
    expect(architecture('Qwen2ForCausalLM', { ...window, use_sliding_window: false })).toMatchObject({
      slidingWindow: null,
    });
    expect(configFromHuggingFace({ ...llama, architectures: undefined })).toEqual(configFromHuggingFace(llama));
    const tiny = configFromHuggingFace({ ...gpt2, vocab_size: 90, bos_token_id: undefined, eos_token_id: undefined });
    expect(tiny).toMatchObject({ bosTokenId: null, eosTokenIds: [] });
  });

  it('names the architecture that fits, and what Transformers would miss', () => {
    const sizes = { vocabSize: 10, context: 8, layers: 2, width: 8, heads: 2 };
    const cases = [
      ['llama', {}, 'LlamaForCausalLM', []],
      ['llama', { attentionBias: true }, 'Qwen2ForCausalLM', []],
      ['llama', { attentionBias: true, outputBias: true, mlpBias: true }, 'LlamaForCausalLM', []],
      ['llama', { qkNorm: true }, 'Qwen3ForCausalLM', []],
      ['llama', { slidingWindow: 4 }, 'MistralForCausalLM', []],
      ['llama', { slidingWindow: 4, qkNorm: true }, 'Qwen3ForCausalLM', []],
      ['llama', { ropeInterleaved: true }, 'LlamaForCausalLM', ['ropeInterleaved']],
      ['gpt2', {}, 'GPT2LMHeadModel', []],
      ['gpt2', { tiedHead: false, hidden: 20, bosTokenId: 3 }, 'GPT2LMHeadModel', []],
      ['gpt2', { kvHeads: 1, slidingWindow: 3 }, 'GPT2LMHeadModel', ['kvHeads', 'slidingWindow']],
    ] as const;
    for (const [family, options, architecture, gaps] of cases) {
      const config = newModelConfig(family, { ...sizes, ...options });
      expect(configToHuggingFace(config)['architectures']).toEqual([architecture]);
      expect(huggingFaceGaps(config).sort()).toEqual(gaps);
    }
  });

  it('names what it does not support', () => {
    const cases: [RegExp, object][] = [
      [
        /architecture "BertModel" is not supported; supported: GPT2LMHeadModel/,
        { ...llama, architectures: ['BertModel'] },
      ],
      [/architecture "mixtral" is not supported/, { model_type: 'mixtral' }],
      [/no architectures and no model_type/, {}],
      [/activation_function "relu" is not supported/, { ...gpt2, activation_function: 'relu' }],
      [/scale_attn_by_inverse_layer_idx true/, { ...gpt2, scale_attn_by_inverse_layer_idx: true }],
      [/hidden_act "gelu" is not supported; supported: silu/, { ...llama, hidden_act: 'gelu' }],
      [/rope_scaling\.rope_type "yarn"/, { ...llama, rope_scaling: { type: 'yarn', factor: 4 } }],
      [/rope_parameters\.rope_type "linear"/, { ...llama, rope_parameters: { rope_type: 'linear', factor: 4 } }],
      [/rope_parameters\.full_attention/, { ...llama, rope_parameters: { full_attention: { rope_theta: 3 } } }],
      [/partial_rotary_factor 0\.5/, { ...llama, partial_rotary_factor: 0.5 }],
      [/low_freq_factor/, { ...llama, rope_scaling: { rope_type: 'llama3', factor: 4 } }],
      [/in 4 of 16 layers/, { ...qwen, use_sliding_window: true, max_window_layers: 12 }],
      [/quantized weights/, { ...llama, quantization_config: { bits: 4 } }],
      [/hidden_size/, { ...llama, hidden_size: undefined }],
      [/num_hidden_layers/, { ...llama, num_hidden_layers: -1 }],
      [/multiple of kvHeads/, { ...llama, num_key_value_heads: 5 }],
      [/parameters are more/, { ...llama, hidden_size: 2 ** 20 }],
      [/headDim/, { ...gpt2, n_head: 7 }],
      [/telar/, { ...gpt2, telar: 5 }],
      [/nonsense/, { ...gpt2, telar: { nonsense: 5 } }],
    ];
    for (const [message, json] of cases) {
      const read = () => configFromHuggingFace({ ...json }, 'm/config.json');
      expect(read).toThrow(InputError);
      expect(read).toThrow(message);
      expect(read).toThrow(/^m\/config\.json: /);
    }
  });

  it('answers any JSON with a config or an InputError', () => {
    const keys = [
      ...Object.keys(llama),
      ...Object.keys(gpt2),
      'rope_scaling',
      'rope_parameters',
      'layer_types',
      'telar',
    ];
    fc.assert(
      fc.property(fc.constantFrom(gpt2, llama, qwen), fc.constantFrom(...keys), fc.jsonValue(), (base, key, value) => {
        expect(outcome(() => configFromHuggingFace({ ...base, [key]: value }, 'my.json'), 'my.json')).toMatch(/./);
      }),
      { numRuns: 1000 },
    );
  });
});
