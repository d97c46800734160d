/** Attention over packed sequences, and the rotary embedding that precedes it. */
import { kernels } from '../kernels.js';
import { addGrad, passGrad, record } from '../tape.js';
import { empty, Tensor } from '../tensor.js';

/** How the columns of a packed projection [rows, (heads + 2 kvHeads) · headDim] divide: queries, keys, values. */
export interface HeadLayout {
  heads: number;
  kvHeads: number;
  headDim: number;
}

/** Cosines and sines [positions, headDim / 2] of the rotary angles. */
export interface RopeTable {
  cosine: Float32Array;
  sine: Float32Array;
  /** Pairs (2i, 2i+1) as in llama2.c instead of (i, i + headDim/2) as in Hugging Face. */
  interleaved: boolean;
}

/**
 * Rotary embedding (Su et al. 2021) of the queries and keys of a packed projection, in place: the result shares the
 * memory of `qkv`, whose old contents are gone.
 * @param positions [rows], each below the table's length
 */
export function rope(qkv: Tensor, layout: HeadLayout, positions: Int32Array, table: RopeTable): Tensor {
  const turn = (x: Tensor, inverse: boolean): void =>
    kernels.rope(
      x.rows, layout.heads + layout.kvHeads, layout.headDim, x.raw, 0, x.columns,
      positions, table.cosine, table.sine, table.interleaved, inverse,
    ); // prettier-ignore
  turn(qkv, false);
  return record(new Tensor(qkv.shape, qkv.storage), [qkv], [], (grad) => {
    turn(grad, true);
    passGrad(qkv, grad);
  });
}

/**
 * Causal self-attention of packed sequences: rows starts[s] to starts[s+1] see only one another.
 * @param qkv [rows, (heads + 2 kvHeads) · headDim]
 * @param starts [sequences + 1], cumulative lengths from 0
 * @param window how many positions back a query sees, itself included; 0 for all
 * @returns [rows, heads · headDim]
 */
export function attention(qkv: Tensor, layout: HeadLayout, starts: Int32Array, window = 0): Tensor {
  const { heads, kvHeads, headDim } = layout;
  const { rows, columns: stride } = qkv;
  const start = starts.subarray(0, -1);
  const length = Int32Array.from(start, (from, s) => starts[s + 1]! - from);
  if (starts[0] !== 0 || starts.at(-1) !== rows) throw new Error(`attention: sequences must cover rows 0 to ${rows}`);
  const kOffset = heads * headDim;
  const vOffset = kOffset + kvHeads * headDim;
  const scale = 1 / Math.sqrt(headDim);
  const out = empty([rows, heads * headDim]);
  const logSumExp = empty([heads, rows]);
  kernels.attentionForward(
    heads, kvHeads, headDim, window, scale, start, length, start, length,
    qkv.raw, 0, stride, qkv.raw, kOffset, stride, qkv.raw, vOffset, stride, rows, out.raw, logSumExp.raw,
  ); // prettier-ignore
  return record(out, [qkv], [logSumExp], (grad) =>
    addGrad(qkv, (target, accumulate) => {
      const d = accumulate ? empty(qkv.shape) : target;
      kernels.attentionBackward(
        heads, kvHeads, headDim, window, scale, start, length, start, length,
        qkv.raw, 0, stride, qkv.raw, kOffset, stride, qkv.raw, vOffset, stride, rows, out.raw, logSumExp.raw, grad.raw,
        d.raw, 0, stride, d.raw, kOffset, stride, d.raw, vOffset, stride,
      ); // prettier-ignore
      if (accumulate) kernels.affine(d.raw, target.raw, qkv.size, 1, 1, 0);
    }),
  );
}
