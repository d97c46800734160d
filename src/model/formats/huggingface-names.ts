/** Where each of our parameters lies in a Hugging Face model: under which names, split how, and transposed or not. */
import { type ModelConfig, parameterShapes } from '../config.js';

/** A stored tensor that holds a whole parameter, or some of its rows. */
export interface StoredPart {
  readonly name: string;
  /** As stored. */
  readonly shape: readonly number[];
  /** Stored [in, out], as by GPT-2's Conv1D, where ours is [out, in]. */
  readonly transposed: boolean;
}

const OUTER = {
  gpt2: { embed: 'transformer.wte', positions: 'transformer.wpe', finalNorm: 'transformer.ln_f', head: 'lm_head' },
  llama: { embed: 'model.embed_tokens', positions: 'model.embed_positions', finalNorm: 'model.norm', head: 'lm_head' },
};

/** Modules of one layer. Those a family does not have by itself have names of our own: they go with the `telar` key. */
const LAYER = {
  gpt2: {
    norm1: 'ln_1',
    'attn.qkv': 'attn.c_attn',
    'attn.qNorm': 'attn.q_norm',
    'attn.kNorm': 'attn.k_norm',
    'attn.out': 'attn.c_proj',
    norm2: 'ln_2',
    'mlp.gate': 'mlp.c_gate',
    'mlp.up': 'mlp.c_fc',
    'mlp.down': 'mlp.c_proj',
  },
  llama: {
    norm1: 'input_layernorm',
    'attn.qNorm': 'self_attn.q_norm',
    'attn.kNorm': 'self_attn.k_norm',
    'attn.out': 'self_attn.o_proj',
    norm2: 'post_attention_layernorm',
    'mlp.gate': 'mlp.gate_proj',
    'mlp.up': 'mlp.up_proj',
    'mlp.down': 'mlp.down_proj',
  },
};

/** What a Hugging Face file may leave out or put before its names. */
export const BASE_PREFIX = { gpt2: 'transformer.', llama: 'model.' } as const;

/**
 * For each name of `parameterShapes`, the stored tensors whose rows, one after the other, are that parameter.
 * Only the query, key and value projections of the Llama family are in several parts.
 */
export function storedParts(config: ModelConfig): Map<string, StoredPart[]> {
  const parts = new Map<string, StoredPart[]>();
  for (const [name, shape] of parameterShapes(config)) parts.set(name, partsOf(config, name, shape));
  return parts;
}

function partsOf(config: ModelConfig, name: string, shape: readonly number[]): StoredPart[] {
  const { family, heads, kvHeads, headDim } = config;
  const dot = name.lastIndexOf('.');
  const kind = name.slice(dot); // ".weight" or ".bias"
  const layer = /^layers\.(\d+)\.(.+)$/.exec(name.slice(0, dot));
  if (!layer) {
    const outer: Record<string, string> = OUTER[family];
    return [{ name: outer[name.slice(0, dot)]! + kind, shape, transposed: false }];
  }
  const [, index, module] = layer as unknown as [string, string, string];
  const base = family === 'gpt2' ? `transformer.h.${index}.` : `model.layers.${index}.`;
  if (family === 'llama' && module === 'attn.qkv') {
    const rows = { q_proj: heads * headDim, k_proj: kvHeads * headDim, v_proj: kvHeads * headDim };
    return Object.entries(rows).map(([projection, count]) => ({
      name: `${base}self_attn.${projection}${kind}`,
      shape: [count, ...shape.slice(1)],
      transposed: false,
    }));
  }
  const modules: Record<string, string> = LAYER[family];
  const transposed = family === 'gpt2' && shape.length === 2;
  return [{ name: base + modules[module]! + kind, shape: transposed ? shape.toReversed() : shape, transposed }];
}

/** Buffers, not parameters, that some files hold: attention masks of GPT-2, rotary frequencies of Llama. */
export function isKnownBuffer(name: string): boolean {
  return /(^|\.)attn\.(bias|masked_bias)$|(^|\.)rotary_emb\.inv_freq$/.test(name);
}
