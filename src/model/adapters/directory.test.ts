/** Adapters on disk: PEFT's names and shapes, round trips to the bit, and what is said of files that do not fit. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { anyAdapterConfig } from '../../../test/reference/adapted64.js';
import { anyConfig } from '../../../test/reference/random-model.js';
import { memoryUse } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../formats/index.js';
import {
  type AdapterConfig,
  describeAdapter,
  type LoraConfig,
  loraTargets,
  type ModelConfig,
  newAdapter,
  newModelConfig,
  readAdapter,
  type Transformer,
  writeAdapter,
} from '../index.js';
import { frozen, logitsOf, moved, packed } from './fixtures.js';
import listing from './peft-listing.json' with { type: 'json' };
import { peftConfigOf } from './peft-config.js';
import { peftTensors } from './peft-names.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-adapters-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (model: Transformer): number[] => logitsOf(model, packed(model, [[0, 1, 2, 3]]));

const gpt2 = newModelConfig('gpt2', { vocabSize: 50257, context: 1024, layers: 2, width: 768, heads: 12 });
const llama = newModelConfig('llama', {
  vocabSize: 128256,
  context: 131072,
  layers: 2,
  width: 2048,
  heads: 32,
  kvHeads: 8,
  hidden: 8192,
});
const lora = (rank: number, targets: LoraConfig['targets'], more: Partial<LoraConfig> = {}): LoraConfig => ({
  kind: 'lora',
  rank,
  alpha: 16,
  rslora: false,
  dora: false,
  targets,
  modulesToSave: [],
  ...more,
});
const whole = { modulesToSave: ['embed', 'finalNorm', 'head'] };

describe("PEFT's names and shapes, from the committed listing", () => {
  const cases: [string, ModelConfig, Record<string, Record<string, number[]>>, AdapterConfig[]][] = [
    [
      'gpt2',
      gpt2,
      listing.gpt2,
      [
        lora(8, loraTargets(gpt2)),
        lora(8, ['attn.qkv'], { dora: true }),
        lora(4, ['attn.qkv'], whole),
        { kind: 'prompt', virtualTokens: 20 },
        { kind: 'prefix', virtualTokens: 20 },
      ],
    ],
    [
      'llama',
      llama,
      listing.llama,
      [
        lora(16, loraTargets(llama)),
        lora(8, ['attn.q', 'attn.v'], { dora: true }),
        lora(4, ['attn.q'], whole),
        { kind: 'prompt', virtualTokens: 8 },
        { kind: 'prefix', virtualTokens: 8 },
      ],
    ],
  ];
  const each = cases.flatMap(([family, model, expected, configs]) =>
    Object.entries(expected).map(([method, tensors], i) => ({ family, method, model, tensors, config: configs[i]! })),
  );
  it.each(each)('$family: $method', ({ model, tensors, config }) => {
    expect(Object.fromEntries(peftTensors(config, model).map(({ name, shape }) => [name, shape]))).toEqual(tensors);
  });

  it('target_modules and modules_to_save mean these modules alone', () => {
    const named = (config: AdapterConfig, model: ModelConfig) => {
      const json = peftConfigOf(config, model, 'base');
      return [json['target_modules'], json['modules_to_save'], json['fan_in_fan_out']];
    };
    expect(named(lora(8, loraTargets(gpt2), { modulesToSave: ['norm1'] }), gpt2)).toEqual([
      ['c_attn', 'attn.c_proj', 'c_fc', 'mlp.c_proj'],
      ['ln_1'],
      true,
    ]);
    expect(named(lora(8, loraTargets(llama), whole), llama)).toEqual([
      ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
      ['embed_tokens', 'model.norm', 'lm_head'],
      false,
    ]);
  });

  it('configs of soft prompts have the sizes PEFT looks for', () => {
    expect(peftConfigOf({ kind: 'prefix', virtualTokens: 8 }, llama, null)).toMatchObject({
      peft_type: 'PREFIX_TUNING',
      task_type: 'CAUSAL_LM',
      num_virtual_tokens: 8,
      token_dim: 512,
      num_layers: 2,
      num_attention_heads: 8,
      prefix_projection: false,
    });
    expect(peftConfigOf({ kind: 'prompt', virtualTokens: 8 }, llama, 'models/base')).toMatchObject({
      peft_type: 'PROMPT_TUNING',
      base_model_name_or_path: 'models/base',
      token_dim: 2048,
    });
  });
});

it('writes and reads back any adapter of any model: the same logits and the same bytes', () => {
  const anyCase = anyConfig.chain((config) =>
    fc.record({ config: fc.constant(config), adapter: anyAdapterConfig(config) }),
  );
  const [first, second] = [join(folder, 'first'), join(folder, 'second')];
  fc.assert(
    fc.property(anyCase, fc.nat(), ({ config, adapter: adapterConfig }, seed) => {
      const before = memoryUse().buffers;
      const model = frozen(config, seed);
      const adapter = moved(model, adapterConfig, seed);
      writeAdapter(first, adapter, model, { baseModel: 'models/base' });
      const again = readAdapter(first, model, { trainable: true });
      expect(again.name).toBe('first');
      expect(again.config).toEqual(adapter.config);
      expect([...again.parameters.values()].every(({ grad, requiresGrad }) => grad && requiresGrad)).toBe(true);
      model.attach(adapter);
      const expected = sample(model);
      model.detach(adapter.name);
      model.attach(again);
      expect(sample(model)).toEqual(expected);
      writeAdapter(second, again, model, { baseModel: 'models/base' });
      for (const name of ['adapter_config.json', 'adapter_model.safetensors'])
        expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name)))).toBe(true);
      for (const each of [adapter, again]) each.dispose();
      model.dispose();
      expect(memoryUse().buffers).toBe(before);
    }),
    { numRuns: 40 },
  );
});

describe('prefixes lie as PEFT reads them', () => {
  it('a row is layer by layer keys, then values, head by head', () => {
    const small = newModelConfig('llama', { vocabSize: 9, context: 8, layers: 2, width: 8, heads: 4, kvHeads: 2 });
    const model = frozen(small, 1);
    const adapter = newAdapter(model, { kind: 'prefix', virtualTokens: 2 }, { seed: 1 });
    // value = layer · 1000 + token · 100 + column of [keys | values]
    for (let layer = 0; layer < 2; layer++)
      adapter.parameters
        .get(`layers.${layer}.prefix`)!
        .data.set(Float32Array.from({ length: 16 }, (_, i) => layer * 1000 + Math.floor(i / 8) * 100 + (i % 8)));
    writeAdapter(join(folder, 'prefix'), adapter, model);
    const file = openSafetensors(join(folder, 'prefix/adapter_model.safetensors'));
    const values = new Float32Array(32);
    file.read('prompt_embeddings', values);
    file.close();
    const row = [100, 101, 102, 103, 104, 105, 106, 107];
    expect(Array.from(values.subarray(16))).toEqual([...row, ...row.map((value) => value + 1000)]);
    adapter.dispose();
    model.dispose();
  });
});

describe('what cannot be read', () => {
  const small = newModelConfig('llama', { vocabSize: 9, context: 8, layers: 2, width: 8, heads: 4, kvHeads: 2 });
  const model = frozen(small, 1);
  const base = {
    peft_type: 'LORA',
    r: 2,
    lora_alpha: 4,
    target_modules: ['q_proj', 'v_proj'],
    task_type: 'CAUSAL_LM',
    bias: 'none',
  };
  const shapes = Object.fromEntries(
    peftTensors(lora(2, ['attn.q', 'attn.v']), small).map(({ name, shape }) => [name, [...shape]]),
  );
  let count = 0;

  function written(json: object, tensors: Record<string, number[]> = shapes): string {
    const path = join(folder, `bad-${count++}`);
    mkdirSync(path);
    writeFileSync(join(path, 'adapter_config.json'), JSON.stringify(json));
    const list = Object.entries(tensors).map(([name, shape]): TensorToWrite => ({
      name,
      shape,
      pieces: () => [new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5)],
    }));
    writeSafetensors(join(path, 'adapter_model.safetensors'), list);
    return path;
  }
  const { peft_type: _, ...untyped } = base;
  const without = (name: string) => Object.fromEntries(Object.entries(shapes).filter(([each]) => each !== name));
  const q = 'base_model.model.model.layers.0.self_attn.q_proj';

  it('what can: fewer fields, a regular expression, options that are off, ones that only training used', () => {
    for (const json of [
      { ...base, lora_alpha: undefined },
      { ...base, target_modules: '.*(q|v)_proj' },
      { ...base, target_modules: 'all-linear', rank_pattern: {}, layers_to_transform: null, lora_dropout: 0.1 },
      { ...base, init_lora_weights: 'gaussian', megatron_core: 'megatron.core', something_new: false },
      { ...base, base_model_name_or_path: 'meta-llama/Llama-3.2-1B', auto_mapping: { base_model_class: 'X' } },
    ]) {
      const path = written(json);
      const adapter = readAdapter(path, model);
      expect(adapter.config).toMatchObject({ kind: 'lora', rank: 2, targets: ['attn.q', 'attn.v'] });
      adapter.dispose();
      expect(describeAdapter(path)).toMatchObject({ parameters: 2 * (2 * 8 * 2 + 8 * 2 + 4 * 2) });
    }
  });

  it.each<[RegExp, object, Record<string, number[]>?]>([
    [/peft_type: "IA3" is not supported; LORA, PROMPT_TUNING and PREFIX_TUNING are/, { ...base, peft_type: 'IA3' }],
    [/peft_type: undefined is not supported/, untyped],
    [/task_type: only CAUSAL_LM/, { ...base, task_type: 'SEQ_2_SEQ_LM' }],
    [/bias: only "none" is supported/, { ...base, bias: 'lora_only' }],
    [/option layers_to_transform is set to \[0\]/, { ...base, layers_to_transform: [0] }],
    [/option rank_pattern is set to \{"q_proj":4\}/, { ...base, rank_pattern: { q_proj: 4 } }],
    [/option something_new is set to 3/, { ...base, something_new: 3 }],
    [/belongs to a changed base model/, { ...base, init_lora_weights: 'pissa_niter_4' }],
    [/r: /, { ...base, r: 0 }],
    [/lora_alpha: /, { ...base, lora_alpha: 'much' }],
    [/target_modules: /, { ...base, target_modules: [] }],
    [/\[2,8\], not \[4,8\]/, { ...base, r: 4 }],
    [/missing tensors: .*magnitude/, { ...base, use_dora: true }],
    [/missing tensors: .*q_proj.lora_B/, base, without(`${q}.lora_B.weight`)],
    [/unknown tensors: other/, base, { ...shapes, other: [1] }],
    [/lora_A.weight is for none of the target_modules/, { ...base, target_modules: ['v_proj'] }],
    [/module that the model does not have/, base, { ...shapes, [q.replace('0', '7') + '.lora_A.weight']: [2, 8] }],
    [/module that the model does not have/, base, { ...shapes, 'base_model.model.lm_head.lora_A.weight': [2, 8] }],
    [/at least one module/, base, {}],
    [
      /token_dim is 16, the model's is 8: not its adapter/,
      { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 2, token_dim: 16 },
      { prompt_embeddings: [2, 16] },
    ],
    [
      /prompt_embeddings is \[3,8\], not \[2,8\]/,
      { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 2 },
      { prompt_embeddings: [3, 8] },
    ],
    [
      /num_transformer_submodules: only 1 is supported/,
      { peft_type: 'PROMPT_TUNING', num_virtual_tokens: 2, num_transformer_submodules: 2 },
      { prompt_embeddings: [4, 8] },
    ],
    [
      /num_attention_heads is 4, the model's is 2/,
      { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 2, num_attention_heads: 4 },
      { prompt_embeddings: [2, 16] },
    ],
    [
      /9 virtual tokens leave no room/,
      { peft_type: 'PREFIX_TUNING', num_virtual_tokens: 9 },
      { prompt_embeddings: [9, 16] },
    ],
  ])('%s', (message, json, tensors) => {
    const before = memoryUse().buffers;
    const path = written(json, tensors);
    expect(() => readAdapter(path, model)).toThrow(InputError);
    expect(() => readAdapter(path, model)).toThrow(message);
    expect(() => readAdapter(path, model)).toThrow(path);
    expect(memoryUse().buffers).toBe(before);
  });

  it('a folder that is none, a damaged file', () => {
    expect(() => readAdapter(join(folder, 'none'), model)).toThrow(/cannot read .*none\/adapter_config.json: no such/);
    const path = written(base);
    writeFileSync(join(path, 'adapter_model.safetensors'), 'no');
    expect(() => readAdapter(path, model)).toThrow(/too few for a safetensors file/);
    expect(() => describeAdapter(path)).toThrow(InputError);
  });

  it('writing destroys nothing but an older adapter', () => {
    const adapter = newAdapter(model, lora(2, ['attn.q']), { seed: 0 });
    const path = join(folder, 'precious');
    mkdirSync(path);
    writeFileSync(join(path, 'thesis.txt'), 'years');
    expect(() => writeAdapter(path, adapter, model)).toThrow(/is not an adapter directory/);
    expect(readFileSync(join(path, 'thesis.txt'), 'utf8')).toBe('years');
    adapter.dispose();
  });
});
