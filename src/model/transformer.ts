/**
 * The one transformer. GPT-2 and the Llama family are two settings of it: what differs is read from the config, block by
 * block, and every sequence arrives packed (Vaswani et al. 2017; Radford et al. 2019; Touvron et al. 2023).
 */
import {
  addEmbedding,
  attention,
  cachedAttention,
  dispose,
  embedding,
  geluMlp,
  layerNorm,
  linear,
  logits,
  qkNorm,
  rmsNorm,
  rope,
  type RopeTable,
  swigluMlp,
  type Tensor,
} from '../engine/index.js';
import { type ModelConfig, parameterShapes } from './config.js';
import type { KvCache } from './kv-cache.js';
import { ropeTable } from './rope-table.js';

/** Sequences laid end to end. */
export interface PackedTokens {
  /** [rows] token ids */
  tokens: Int32Array;
  /** [rows] position of each token in its sequence */
  positions: Int32Array;
  /** [sequences + 1] cumulative lengths, from 0 */
  sequenceStarts: Int32Array;
}

type Attend = (qkv: Tensor, layer: number) => Tensor;

export class Transformer {
  readonly config: ModelConfig;
  /** By canonical name, in canonical order; see {@link parameterShapes}. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  private readonly ropeTable: RopeTable | null;

  /** @throws Error when a parameter is missing or has another shape than the config says. */
  constructor(config: ModelConfig, parameters: ReadonlyMap<string, Tensor>) {
    this.config = config;
    this.parameters = parameters;
    this.ropeTable = config.positions === 'rope' ? ropeTable(config) : null;
    for (const [name, shape] of parameterShapes(config)) {
      const found = parameters.get(name)?.shape;
      if (String(found) !== String(shape)) throw new Error(`${name} has shape [${found}], the config says [${shape}]`);
    }
  }

  /** [vocab, width] */
  get head(): Tensor {
    return this.get(this.config.tiedHead ? 'embed.weight' : 'head.weight');
  }

  /**
   * Final hidden states of packed sequences, [rows, width]; differentiable.
   * @param observe sees each layer's projections [rows, (heads + 2 kvHeads) · headDim], rotated, before they are used
   */
  hidden(
    { tokens, positions, sequenceStarts }: PackedTokens,
    observe?: (projections: Tensor, layer: number) => void,
  ): Tensor {
    const window = this.config.slidingWindow ?? 0;
    return this.blocks(tokens, positions, (qkv, layer) => {
      observe?.(qkv, layer);
      return attention(qkv, this.config, sequenceStarts, window);
    });
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

  private blocks(tokens: Int32Array, positions: Int32Array, attend: Attend): Tensor {
    const { config } = this;
    let x = embedding(this.get('embed.weight'), tokens); // [rows, width]
    if (config.positions === 'learned') x = addEmbedding(x, this.get('positions.weight'), positions);
    for (let layer = 0; layer < config.layers; layer++) {
      const at = `layers.${layer}`;
      x = this.attentionBlock(x, at, positions, (qkv) => attend(qkv, layer));
      x = this.mlpBlock(x, at);
    }
    return this.norm(x, 'finalNorm');
  }

  private attentionBlock(x: Tensor, at: string, positions: Int32Array, attend: (qkv: Tensor) => Tensor): Tensor {
    const { config } = this;
    const normed = this.norm(x, `${at}.norm1`);
    let qkv = linear(normed, this.get(`${at}.attn.qkv.weight`), this.maybe(`${at}.attn.qkv.bias`)); // [rows, (heads + 2 kvHeads) · headDim]
    if (config.qkNorm) {
      const [q, k] = [this.get(`${at}.attn.qNorm.weight`), this.get(`${at}.attn.kNorm.weight`)];
      qkv = qkNorm(qkv, config.heads, config.kvHeads, q, k, config.normEps);
    }
    if (this.ropeTable) qkv = rope(qkv, config, positions, this.ropeTable);
    return linear(attend(qkv), this.get(`${at}.attn.out.weight`), this.maybe(`${at}.attn.out.bias`), x);
  }

  private mlpBlock(x: Tensor, at: string): Tensor {
    const normed = this.norm(x, `${at}.norm2`);
    const up = this.get(`${at}.mlp.up.weight`);
    const upBias = this.maybe(`${at}.mlp.up.bias`);
    const down = this.get(`${at}.mlp.down.weight`);
    const downBias = this.maybe(`${at}.mlp.down.bias`);
    if (this.config.activation === 'gelu') return geluMlp(normed, up, upBias, down, downBias, x);
    const gate = this.get(`${at}.mlp.gate.weight`);
    return swigluMlp(normed, gate, this.maybe(`${at}.mlp.gate.bias`), up, upBias, down, downBias, x);
  }

  private norm(x: Tensor, name: string): Tensor {
    const { norm, normEps } = this.config;
    const weight = this.get(`${name}.weight`);
    return norm === 'rmsnorm' ? rmsNorm(x, weight, normEps) : layerNorm(x, weight, this.maybe(`${name}.bias`), normEps);
  }

  private get(name: string): Tensor {
    return this.parameters.get(name)!;
  }

  private maybe(name: string): Tensor | null {
    return this.parameters.get(name) ?? null;
  }
}
