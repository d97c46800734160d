/**
 * The one transformer. GPT-2 and the Llama family are two settings of it: what differs is read from the config, block by
 * block, and every sequence arrives packed (Vaswani et al. 2017; Radford et al. 2019; Touvron et al. 2023).
 */
import {
  addEmbedding,
  attention,
  cachedAttention,
  checkpoint,
  dispose,
  doraWeight,
  embedding,
  geluMlp,
  layerNorm,
  linear,
  logits,
  type LowRank,
  parameter,
  prefixKeysValues,
  promptEmbedding,
  qkNorm,
  rmsNorm,
  rope,
  type RopeTable,
  swigluMlp,
  type Tensor,
  type VirtualRows,
  virtualRows,
} from '../engine/index.js';
import { InputError } from '../io/errors.js';
import type { Adapter } from './adapters/adapter.js';
import { AttachedAdapters } from './adapters/attached.js';
import { type ModelConfig, parameterShapes } from './config.js';
import type { KvCache } from './kv-cache.js';
import { ropeTable } from './rope-table.js';

/** Sequences laid end to end. */
export interface PackedTokens {
  /** [rows] token ids; from vocabSize on they are virtual tokens of an attached soft prompt */
  tokens: Int32Array;
  /** [rows] position of each token in its sequence */
  positions: Int32Array;
  /** [sequences + 1] cumulative lengths, from 0 */
  sequenceStarts: Int32Array;
}

export interface HiddenOptions {
  /** Keep only each layer's input for backward, which computes the rest again: far less memory, a third more time. */
  checkpoint?: boolean;
  /** Sees each layer's projections [rows, (heads + 2 kvHeads) · headDim], rotated, before they are used. */
  observe?: (projections: Tensor, layer: number) => void;
}

type Attend = (qkv: Tensor, layer: number) => Tensor;

/** What the layers need to know of a batch. */
interface Rows {
  positions: Int32Array;
  /** null where there are no virtual tokens */
  virtual: VirtualRows | null;
}

export class Transformer {
  readonly config: ModelConfig;
  /** By canonical name, in canonical order; see {@link parameterShapes}. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly ropeTable: RopeTable | null;
  private attached: AttachedAdapters;

  /** @throws Error when a parameter is missing or has another shape than the config says. */
  constructor(config: ModelConfig, parameters: ReadonlyMap<string, Tensor>) {
    this.config = config;
    this.parameters = parameters;
    this.ropeTable = config.positions === 'rope' ? ropeTable(config) : null;
    this.attached = new AttachedAdapters(config);
    for (const [name, shape] of parameterShapes(config)) {
      const found = parameters.get(name)?.shape;
      if (String(found) !== String(shape)) throw new Error(`${name} has shape [${found}], the config says [${shape}]`);
    }
  }

  /** [vocab, width] */
  get head(): Tensor {
    return (
      this.attached.standIn('head.weight') ??
      this.parameters.get(this.config.tiedHead ? 'embed.weight' : 'head.weight')!
    );
  }

  /** In the order they were attached. */
  get adapters(): readonly Adapter[] {
    return this.attached.all;
  }

  /** Ids that go before every sequence, and take its first positions: those of the attached soft prompt, or none. */
  get virtualTokens(): Int32Array {
    return this.attached.virtualTokens;
  }

  /**
   * Puts an adapter to work; several add up. The model does not own it: {@link dispose} leaves it alone.
   * @throws InputError when it does not fit the model, or the name is taken, or a soft prompt is attached already
   */
  attach(adapter: Adapter): void {
    this.attached = new AttachedAdapters(this.config, [...this.adapters, adapter]);
  }

  /** Takes an adapter off and returns it. @throws InputError when none has that name */
  detach(name: string): Adapter {
    const adapter = this.adapters.find((each) => each.name === name);
    if (!adapter) throw new InputError(`no adapter named ${name} is attached`);
    this.attached = new AttachedAdapters(
      this.config,
      this.adapters.filter((each) => each !== adapter),
    );
    return adapter;
  }

  /** Final hidden states of packed sequences, [rows, width]; differentiable. */
  hidden({ tokens, positions, sequenceStarts }: PackedTokens, options: HiddenOptions = {}): Tensor {
    const window = this.config.slidingWindow ?? 0;
    const attend: Attend = (qkv, layer) => {
      options.observe?.(qkv, layer);
      return attention(qkv, this.config, sequenceStarts, window);
    };
    return this.blocks(tokens, positions, attend, options.checkpoint);
  }

  /**
   * Final hidden states [rows, width] of new tokens of the sequences in `slots`, `counts[i]` for slots[i], which join the
   * cache. For generation: not differentiable.
   */
  extend(tokens: Int32Array, cache: KvCache, slots: readonly number[], counts: readonly number[]): Tensor {
    const at = cache.append(slots, counts);
    const window = this.config.slidingWindow ?? 0;
    const attend: Attend = (qkv, layer) => cachedAttention(qkv, this.config, cache.layers[layer]!, at, window);
    return this.blocks(tokens, at.positions, attend);
  }

  /** Logits [rows, vocab] of hidden states. */
  logits(hidden: Tensor): Tensor {
    return logits(hidden, this.head);
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const parameter of this.parameters.values()) dispose(parameter);
  }

  private blocks(tokens: Int32Array, positions: Int32Array, attend: Attend, again = false): Tensor {
    const { config } = this;
    const virtual = this.virtualTokens.length > 0 ? virtualRows(tokens, config.vocabSize) : null;
    const rows: Rows = { positions, virtual: virtual && virtual.rows.length > 0 ? virtual : null };
    let x = this.embed(tokens, rows); // [rows, width]
    for (let layer = 0; layer < config.layers; layer++) {
      const input = x;
      const block = (): Tensor => this.mlpBlock(this.attentionBlock(input, layer, rows, attend), layer);
      x = again ? checkpoint([input], block) : block();
    }
    return this.norm(x, 'finalNorm');
  }

  private embed(tokens: Int32Array, { positions, virtual }: Rows): Tensor {
    const table = this.get('embed.weight');
    const x = virtual ? promptEmbedding(table, this.attached.prompt, virtual) : embedding(table, tokens);
    return this.config.positions === 'learned' ? addEmbedding(x, this.get('positions.weight'), positions) : x;
  }

  private attentionBlock(x: Tensor, layer: number, { positions, virtual }: Rows, attend: Attend): Tensor {
    const { config } = this;
    const at = `layers.${layer}.attn`;
    const normed = this.norm(x, `layers.${layer}.norm1`);
    let qkv = this.linear(normed, `${at}.qkv`); // [rows, (heads + 2 kvHeads) · headDim]
    if (config.qkNorm) {
      const [q, k] = [this.get(`${at}.qNorm.weight`), this.get(`${at}.kNorm.weight`)];
      qkv = qkNorm(qkv, config.heads, config.kvHeads, q, k, config.normEps);
    }
    if (this.ropeTable) qkv = rope(qkv, config, positions, this.ropeTable);
    const prefix = virtual && this.attached.prefix(layer);
    if (prefix) qkv = prefixKeysValues(qkv, config, prefix, virtual);
    return this.linear(attend(qkv, layer), `${at}.out`, x);
  }

  private mlpBlock(x: Tensor, layer: number): Tensor {
    const at = `layers.${layer}.mlp`;
    const normed = this.norm(x, `layers.${layer}.norm2`);
    const [gate, up, down] = ['gate', 'up', 'down'].map((name) => this.matrix(`${at}.${name}`)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const parts = { gate: gate.parts, up: up.parts, down: down.parts };
    if (this.config.activation === 'gelu') return geluMlp(normed, up.weight, up.bias, down.weight, down.bias, x, parts);
    return swigluMlp(normed, gate.weight, gate.bias, up.weight, up.bias, down.weight, down.bias, x, parts);
  }

  private norm(x: Tensor, name: string): Tensor {
    const { norm, normEps } = this.config;
    const weight = this.get(`${name}.weight`);
    return norm === 'rmsnorm' ? rmsNorm(x, weight, normEps) : layerNorm(x, weight, this.maybe(`${name}.bias`), normEps);
  }

  private linear(x: Tensor, name: string, residual: Tensor | null = null): Tensor {
    const { weight, bias, parts } = this.matrix(name);
    return linear(x, weight, bias, residual, parts);
  }

  /** A matrix as the attached adapters change it. */
  private matrix(name: string): Matrix {
    const own = `${name}.weight`;
    const weight = this.get(own);
    const dora = this.attached.doraParts(own);
    return {
      weight: dora.length > 0 ? doraWeight(weight, dora) : weight,
      bias: this.maybe(`${name}.bias`),
      parts: this.attached.parts(own),
    };
  }

  private get(name: string): Tensor {
    return this.maybe(name)!;
  }

  private maybe(name: string): Tensor | null {
    return this.attached.standIn(name) ?? this.parameters.get(name) ?? null;
  }
}

interface Matrix {
  weight: Tensor;
  bias: Tensor | null;
  parts: readonly LowRank[];
}

/** Makes every parameter of a model trainable, as full tuning needs it; a model that was loaded is frozen. */
export function makeTrainable(model: Transformer): void {
  for (const value of model.parameters.values()) if (!value.grad) parameter(value);
}
