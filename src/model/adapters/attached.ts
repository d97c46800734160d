/** The adapters of a model, arranged by where the forward pass meets them. */
import type { DoraPart, LowRank, Tensor } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import type { ModelConfig } from '../config.js';
import type { Adapter } from './adapter.js';
import { adapterShapes, checkAdapterConfig, loraScale, targetRows } from './config.js';

const NONE: readonly never[] = [];

export class AttachedAdapters {
  readonly all: readonly Adapter[];
  /** Ids that go before every sequence. */
  readonly virtualTokens: Int32Array;
  /** [virtual tokens, width], or null */
  readonly prompt: Tensor | null;
  private readonly plain = new Map<string, LowRank[]>();
  private readonly dora = new Map<string, DoraPart[]>();
  private readonly whole = new Map<string, Tensor>();
  private readonly prefixes: readonly Tensor[];

  /** @throws InputError when adapters do not fit the model or one another */
  constructor(config: ModelConfig, all: readonly Adapter[] = []) {
    this.all = all;
    const soft = all.filter((adapter) => adapter.config.kind !== 'lora');
    if (soft.length > 1)
      throw new InputError(
        `${soft[0]!.name} and ${soft[1]!.name} are both soft prompts: a model takes one at a time; merge or detach one`,
      );
    for (const [i, adapter] of all.entries()) {
      if (all.findIndex(({ name }) => name === adapter.name) !== i)
        throw new InputError(`an adapter named ${adapter.name} is attached already; give this one another name`);
      this.add(config, adapter);
    }
    const [only] = soft;
    const count = only && only.config.kind !== 'lora' ? only.config.virtualTokens : 0;
    this.virtualTokens = Int32Array.from({ length: count }, (_, i) => config.vocabSize + i);
    this.prompt = (count > 0 && only!.parameters.get('prompt')) || null;
    this.prefixes =
      count > 0 && only!.config.kind === 'prefix'
        ? Array.from({ length: config.layers }, (_, layer) => only!.parameters.get(`layers.${layer}.prefix`)!)
        : NONE;
  }

  /** Low-rank parts of a weight matrix. */
  parts(weight: string): readonly LowRank[] {
    return this.plain.get(weight) ?? NONE;
  }

  /** Parts of a weight matrix that learn lengths too. */
  doraParts(weight: string): readonly DoraPart[] {
    return this.dora.get(weight) ?? NONE;
  }

  /** What stands in for a parameter of the model, if anything does. */
  standIn(name: string): Tensor | undefined {
    return this.whole.get(name);
  }

  /** Keys and values of the virtual tokens in a layer, [virtual tokens, 2 kvHeads · headDim], or null. */
  prefix(layer: number): Tensor | null {
    return this.prefixes[layer] ?? null;
  }

  private add(model: ModelConfig, { name: own, config, parameters }: Adapter): void {
    checkAdapterConfig(config, model, `adapter ${own}`);
    for (const [name, shape] of adapterShapes(config, model)) {
      const found = parameters.get(name)?.shape;
      if (String(found) !== String(shape))
        throw new InputError(`adapter ${own}: ${name} has shape [${found}], this model needs [${shape}]`);
    }
    if (config.kind !== 'lora') return;
    for (let layer = 0; layer < model.layers; layer++)
      for (const module of config.targets) {
        const { matrix, firstRow } = targetRows(model, module);
        const at = `layers.${layer}.${module}`;
        const part = {
          a: parameters.get(`${at}.loraA`)!,
          b: parameters.get(`${at}.loraB`)!,
          scale: loraScale(config),
          firstRow,
        };
        const magnitude = parameters.get(`${at}.magnitude`);
        const weight = `layers.${layer}.${matrix}.weight`;
        if (magnitude) push(this.dora, weight, { ...part, magnitude });
        else push(this.plain, weight, part);
      }
    for (const [name, value] of parameters) {
      if (/\.(loraA|loraB|magnitude)$/.test(name)) continue;
      if (this.whole.has(name))
        throw new InputError(`adapter ${own}: another adapter already stands in for ${name}; detach one of them`);
      this.whole.set(name, value);
    }
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
