/** The identities that must hold for adapters, and what cannot be. */
import { describe, expect, it } from 'vitest';
import { keep, scope, tensor, toBfloat16, toFloat32 } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import {
  type AdapterConfig,
  type LoraConfig,
  loraTargets,
  makeTrainable,
  mergeAdapter,
  newAdapter,
  Transformer,
  unmergeAdapter,
} from '../index.js';
import { frozen, gpt2, llama, logitsOf, lora, moved, packed, worst } from './fixtures.js';

const text = [
  [1, 5, 7, 9, 30, 2],
  [3, 3, 39, 0],
];

describe.each([llama, gpt2])('identities, $family', (config) => {
  const model = frozen(config, 1);
  const plain = logitsOf(model, packed(model, text));

  it('a new LoRA, DoRA, saved modules, and a prompt of no tokens change no bit', () => {
    const configs: AdapterConfig[] = [
      lora(config),
      lora(config, { rslora: true }),
      lora(config, { dora: true }),
      lora(config, { modulesToSave: ['embed', 'head', 'finalNorm', 'norm2'] }),
      { kind: 'prompt', virtualTokens: 0 },
      { kind: 'prefix', virtualTokens: 0 },
    ];
    for (const each of configs) {
      const adapter = newAdapter(model, each, { seed: 3 });
      model.attach(adapter);
      expect(logitsOf(model, packed(model, text)), JSON.stringify(each)).toEqual(plain);
      model.detach(adapter.name).dispose();
    }
  });

  it('merged is unmerged to 1e-4, and taking it out again restores every bit', () => {
    const changes: Partial<LoraConfig>[] = [
      {},
      { dora: true },
      { rslora: true, targets: loraTargets(config).slice(0, 2) },
      { modulesToSave: ['finalNorm', 'norm1'] },
    ];
    for (const more of changes) {
      const adapter = moved(model, lora(config, more), 4);
      model.attach(adapter);
      const attached = logitsOf(model, packed(model, text));
      expect(worst(attached, plain)).toBeGreaterThan(0.01);
      mergeAdapter(model, adapter);
      expect(model.adapters).toEqual([]);
      expect(worst(logitsOf(model, packed(model, text)), attached)).toBeLessThan(1e-4);
      unmergeAdapter(model, adapter);
      expect(logitsOf(model, packed(model, text))).toEqual(plain);
      adapter.dispose();
    }
  });

  it('two adapters add up', () => {
    const first = moved(model, lora(config), 5, 'first');
    const second = moved(model, lora(config, { rank: 2, targets: loraTargets(config).slice(0, 2) }), 6, 'second');
    model.attach(first);
    model.attach(second);
    expect(model.adapters.map(({ name }) => name)).toEqual(['first', 'second']);
    const both = logitsOf(model, packed(model, text));
    mergeAdapter(model, first);
    mergeAdapter(model, second);
    expect(worst(both, logitsOf(model, packed(model, text)))).toBeLessThan(1e-4);
    expect(() => unmergeAdapter(model, first)).toThrow(/not the last that was merged: second is/);
    unmergeAdapter(model, second);
    unmergeAdapter(model, first);
    expect(logitsOf(model, packed(model, text))).toEqual(plain);
    for (const each of [first, second]) each.dispose();
  });

  it('a prompt that begins with embeddings of the vocabulary is those tokens', () => {
    const { width } = config;
    const table = model.parameters.get('embed.weight')!.data;
    const initial = Float32Array.from([...table.slice(7 * width, 8 * width), ...table.slice(0, width)]);
    const adapter = newAdapter(model, { kind: 'prompt', virtualTokens: 2 }, { seed: 0, initial });
    const real = logitsOf(
      model,
      packed(
        model,
        text.map((ids) => [7, 0, ...ids]),
      ),
    );
    model.attach(adapter);
    expect([...model.virtualTokens]).toEqual([40, 41]);
    expect(logitsOf(model, packed(model, text))).toEqual(real);
    model.detach('prompt').dispose();
    expect(logitsOf(model, packed(model, text))).toEqual(plain);
  });

  it('works over a base in bfloat16 as over the same numbers in float32', () => {
    const rounded = (dtype: 'f32' | 'bf16'): Transformer =>
      new Transformer(
        config,
        new Map(
          [...model.parameters].map(([name, value]) => {
            if (value.shape.length < 2) return [name, keep(tensor(value.data, value.shape))];
            const half = toBfloat16(value);
            return [name, keep(dtype === 'bf16' ? half : toFloat32(half))];
          }),
        ),
      );
    const [single, half] = scope(() => [rounded('f32'), rounded('bf16')]);
    const configs: AdapterConfig[] = [
      lora(config),
      lora(config, { dora: true, modulesToSave: ['embed'] }),
      { kind: 'prompt', virtualTokens: 3 },
      { kind: 'prefix', virtualTokens: 3 },
    ];
    for (const each of configs) {
      const adapter = moved(half, each, 9);
      const [a, b] = [single, half].map((own) => {
        own.attach(adapter);
        return logitsOf(own, packed(own, text));
      });
      expect(b).toEqual(a);
      for (const own of [single, half]) own.detach(adapter.name);
      expect(() => mergeAdapter(half, adapter)).toThrow(/load the model in float32|cannot be merged/);
      adapter.dispose();
    }
    for (const own of [single, half]) own.dispose();
  });
});

describe('what cannot be', () => {
  const model = frozen(llama, 1);
  it.each<[RegExp, AdapterConfig]>([
    [/rank must be from 1/, lora(llama, { rank: 0 })],
    [/alpha must be above 0/, lora(llama, { alpha: 0 })],
    [/at least one module/, lora(llama, { targets: [] })],
    [/no module norm9 to save/, lora(llama, { modulesToSave: ['norm9'] })],
    [/mlp.up cannot be both targeted and saved/, lora(llama, { modulesToSave: ['mlp.up'] })],
    [/leave no room in the model's context of 32/, { kind: 'prompt', virtualTokens: 32 }],
    [/whole number from 0, not -1/, { kind: 'prefix', virtualTokens: -1 }],
  ])('%s', (message, config) => {
    expect(() => newAdapter(model, config, { seed: 0 })).toThrow(InputError);
    expect(() => newAdapter(model, config, { seed: 0 })).toThrow(message);
  });

  it('a module of another family', () => {
    const other = frozen(gpt2, 1);
    expect(() => newAdapter(other, lora(llama), { seed: 0 })).toThrow(/no module attn.q to target; it has attn.qkv/);
    const adapter = newAdapter(model, lora(llama), { seed: 0 });
    expect(() => other.attach(adapter)).toThrow(InputError);
    adapter.dispose();
    other.dispose();
  });

  it('two soft prompts, two of one name, a detached stranger, a merged prompt', () => {
    const prompt = newAdapter(model, { kind: 'prompt', virtualTokens: 2 }, { seed: 0 });
    const prefix = newAdapter(model, { kind: 'prefix', virtualTokens: 2 }, { seed: 0 });
    model.attach(prompt);
    expect(() => model.attach(prefix)).toThrow(/prompt and prefix are both soft prompts/);
    const first = newAdapter(model, lora(llama), { seed: 0 });
    model.attach(first);
    const second = newAdapter(model, lora(llama), { seed: 1 });
    expect(() => model.attach(second)).toThrow(/an adapter named lora is attached already/);
    expect(() => model.detach('other')).toThrow(/no adapter named other/);
    expect(() => mergeAdapter(model, prompt)).toThrow(/soft prompt.*cannot be merged/);
    expect(model.adapters.length).toBe(2);
    for (const each of [prompt, prefix, first, second]) each.dispose();
    for (const name of ['prompt', 'lora']) model.detach(name);
  });

  it('one side of a shared embedding cannot be merged', () => {
    const adapter = newAdapter(model, lora(llama, { modulesToSave: ['head'] }), { seed: 0 });
    expect(() => mergeAdapter(model, adapter)).toThrow(/the two would no longer be one matrix/);
    adapter.dispose();
  });

  it('embeddings of another size', () => {
    const initial = new Float32Array(3);
    expect(() => newAdapter(model, { kind: 'prompt', virtualTokens: 2 }, { seed: 0, initial })).toThrow(
      /3 numbers given, the soft prompt has 48/,
    );
    expect(() => newAdapter(model, { kind: 'prefix', virtualTokens: 2 }, { seed: 0, initial })).toThrow(/cannot start/);
  });
});

it('makeTrainable makes every parameter trainable, once', () => {
  const model = frozen(llama, 1);
  makeTrainable(model);
  const first = [...model.parameters.values()].map(({ grad }) => grad);
  makeTrainable(model);
  expect(first).not.toContain(null);
  expect([...model.parameters.values()].map(({ grad }) => grad)).toEqual(first);
  model.dispose();
});
