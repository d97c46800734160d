/** Adapters on the transformer against the one in float64, and the identities that must hold for them. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adapted64, anyAdapterConfig } from '../../../test/reference/adapted64.js';
import { anyConfig, randomParameters } from '../../../test/reference/random-model.js';
import { logits64, type Model64, model64, tokenLogProbs64 } from '../../../test/reference/transformer64.js';
import {
  keep,
  kernels,
  memoryUse,
  scope,
  Tape,
  tensor,
  tokenLogProbs,
  toBfloat16,
  toFloat32,
  weightedSum,
} from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import {
  type Adapter,
  type AdapterConfig,
  KvCache,
  type LoraConfig,
  loraTargets,
  makeTrainable,
  mergeAdapter,
  type ModelConfig,
  newAdapter,
  newModelConfig,
  type PackedTokens,
  parameterShapes,
  Transformer,
  unmergeAdapter,
} from '../index.js';

interface Case {
  config: ModelConfig;
  adapter: AdapterConfig;
}
const anyCase: fc.Arbitrary<Case> = anyConfig.chain((config) =>
  fc.record({ config: fc.constant(config), adapter: anyAdapterConfig(config) }),
);
const drawn = fc.array(fc.array(fc.nat(39), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 3 });

/** A frozen model with parameters large enough to matter. */
function frozen(config: ModelConfig, seed: number): Transformer {
  const values = randomParameters(config, seed);
  return new Transformer(
    config,
    new Map([...parameterShapes(config)].map(([name, shape]) => [name, keep(tensor(values.get(name)!, shape))])),
  );
}

/** An adapter that changes something: every parameter is moved. */
function moved(model: Transformer, config: AdapterConfig, seed: number, name?: string): Adapter {
  const adapter = newAdapter(model, config, { seed, ...(name === undefined ? {} : { name }) });
  const random = new Random(seed, 1000);
  for (const value of adapter.parameters.values())
    value.data.set(value.data.map((x) => x + 0.3 * (2 * random.uniform() - 1)));
  return adapter;
}

/** Sequences with the model's virtual tokens before each, none longer than the context. */
function packed(model: Transformer, sequences: readonly (readonly number[])[]): PackedTokens & { own: number[][] } {
  const { context, vocabSize } = model.config;
  const virtual = [...model.virtualTokens];
  const own = sequences.map((each) => [...virtual, ...each.map((id) => id % vocabSize)].slice(0, context));
  const starts = [0];
  for (const each of own) starts.push(starts.at(-1)! + each.length);
  return {
    own,
    tokens: Int32Array.from(own.flat()),
    positions: Int32Array.from(own.flatMap((each) => each.map((_, i) => i))),
    sequenceStarts: Int32Array.from(starts),
  };
}

const logitsOf = (model: Transformer, batch: PackedTokens): number[] =>
  scope(() => [...model.logits(model.hidden(batch)).data]);

function worst(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)));
  return largest;
}

const values64 = (adapter: Adapter): Map<string, Float64Array> =>
  new Map([...adapter.parameters].map(([name, value]) => [name, Float64Array.from(value.data)]));
const base64 = (model: Transformer): Model64 => model64(model.config, (name) => model.parameters.get(name)!.data);

/** Runs with a model and a moved adapter attached, and checks that nothing is left in memory. */
function withAdapter({ config, adapter }: Case, seed: number, body: (model: Transformer, adapter: Adapter) => void) {
  const before = memoryUse().buffers;
  const model = frozen(config, seed);
  const own = moved(model, adapter, seed);
  model.attach(own);
  body(model, own);
  own.dispose();
  model.dispose();
  expect(memoryUse().buffers).toBe(before);
}

/** Logits of the rows that hold real tokens: what stands in virtual rows of a prefix is nobody's business. */
function realRows(batch: PackedTokens, logits: ArrayLike<number>, vocab: number): number[] {
  return [...batch.tokens].flatMap((id, row) =>
    id < vocab ? Array.from({ length: vocab }, (_, j) => logits[row * vocab + j]!) : [],
  );
}

describe('against float64', () => {
  it('logits, for any model, method and packing', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model, adapter) => {
          const batch = packed(model, sequences);
          const reference = adapted64(base64(model), adapter.config, values64(adapter));
          const expected = realRows(
            batch,
            logits64(reference, batch.tokens, batch.sequenceStarts),
            model.config.vocabSize,
          );
          const actual = realRows(batch, logitsOf(model, batch), model.config.vocabSize);
          expect(worst(actual, expected)).toBeLessThan(3e-4);
        }),
      ),
      { numRuns: 60 },
    );
  });

  it('logits over a cache: virtual tokens and prompts at once, then token by token', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model) => {
          const batch = packed(model, sequences);
          const { vocabSize, context } = model.config;
          const whole = logitsOf(model, batch);
          const cache = new KvCache(model.config, batch.own.length, context);
          for (const [slot, ids] of batch.own.entries()) {
            const prompt = Math.min(ids.length, model.virtualTokens.length + 1 + (seed % 3));
            for (let from = 0; from < ids.length; from = from === 0 ? prompt : from + 1) {
              const count = from === 0 ? prompt : 1;
              const rows = scope(() => [
                ...model.logits(model.extend(Int32Array.from(ids.slice(from, from + count)), cache, [slot], [count]))
                  .data,
              ]);
              const at = (batch.sequenceStarts[slot]! + from) * vocabSize;
              for (let i = 0; i < rows.length; i++)
                if (ids[from + Math.floor(i / vocabSize)]! < vocabSize)
                  expect(Math.abs(rows[i]! - whole[at + i]!)).toBeLessThan(2e-4 * (1 + Math.abs(whole[at + i]!)));
            }
          }
          cache.dispose();
        }),
      ),
      { numRuns: 40 },
    );
  });

  it('gradients of every parameter, the same bits on one and two threads and with checkpoints', () => {
    fc.assert(
      fc.property(anyCase, drawn, fc.nat(), (each, sequences, seed) =>
        withAdapter(each, seed, (model, adapter) => {
          const batch = packed(model, sequences);
          const { vocabSize } = model.config;
          const targets = batch.tokens.map((id, i) => (id >= vocabSize ? -1 : (id * 7 + i) % vocabSize));
          const weights = Float32Array.from(targets, (target, i) => (target < 0 ? 0 : 0.5 + ((i * 13) % 7) / 7));
          const threads = kernels.threads();
          const [one, two, again] = [1, 2, 2].map((count, run) => {
            kernels.setThreads(count);
            for (const value of adapter.parameters.values()) value.grad!.data.fill(0);
            scope(() => {
              const tape = new Tape();
              const loss = tape.run(() => {
                const hidden = model.hidden(batch, { checkpoint: run === 2 });
                return weightedSum(tokenLogProbs(hidden, model.head, targets).logProbs, weights);
              });
              if (loss.requiresGrad) tape.backward(loss); // an empty prompt has nothing to learn
            });
            return new Map([...adapter.parameters].map(([name, value]) => [name, [...value.grad!.data]]));
          });
          kernels.setThreads(threads);
          expect(two).toEqual(one);
          expect(again).toEqual(one);
          expect([...model.parameters.values()].filter(({ grad }) => grad !== null)).toEqual([]);
          const base = base64(model);
          const fixed = values64(adapter);
          const loss64 = (values: Map<string, Float64Array>): number => {
            const reference = adapted64(base, adapter.config, values, fixed);
            const all = tokenLogProbs64(reference, batch.tokens, batch.sequenceStarts, targets);
            return all.reduce((sum, x, i) => sum + weights[i]! * x, 0);
          };
          for (const [name, grad] of one!) {
            if (grad.length === 0) continue;
            const at = (seed * 31) % grad.length;
            const [high, low] = [1e-5, -1e-5].map((by) => {
              const values = values64(adapter);
              values.get(name)![at]! += by;
              return loss64(values);
            });
            const slope = (high! - low!) / 2e-5;
            expect(Math.abs(grad[at]! - slope), `${name}[${at}]`).toBeLessThan(3e-3 * (1 + Math.abs(slope)));
          }
        }),
      ),
      { numRuns: 30 },
    );
  });
});

const llama = newModelConfig('llama', {
  vocabSize: 40,
  context: 32,
  layers: 2,
  width: 24,
  heads: 4,
  kvHeads: 2,
  hidden: 36,
});
const gpt2 = newModelConfig('gpt2', { vocabSize: 40, context: 32, layers: 2, width: 24, heads: 4 });
const lora = (config: ModelConfig, more: Partial<LoraConfig> = {}): LoraConfig => ({
  kind: 'lora',
  rank: 4,
  alpha: 8,
  rslora: false,
  dora: false,
  targets: loraTargets(config),
  modulesToSave: [],
  ...more,
});
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
      if (each.kind === 'lora') expect(() => mergeAdapter(half, adapter)).toThrow(/load the model in float32/);
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
