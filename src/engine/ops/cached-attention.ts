/** Attention over a KV cache, for generation; nothing here is recorded on the tape. */
import { kernels } from '../kernels.js';
import { empty, type Tensor } from '../tensor.js';
import type { HeadLayout } from './attention.js';

/** Where the rows of a packed batch stand in the cache. */
export interface CacheRows {
  /** [rows] cache row of each token's key and value */
  target: Int32Array;
  /** [sequences] first row of each sequence in the batch */
  queryStart: Int32Array;
  /** [sequences] new tokens of each sequence */
  queryLength: Int32Array;
  /** [sequences] first cache row of each sequence */
  keyStart: Int32Array;
  /** [sequences] tokens of each sequence in the cache, the new ones included */
  keyLength: Int32Array;
}

/**
 * Stores the keys and values of `qkv` in the cache, then lets its queries attend to all that their sequences have there.
 * @param qkv [rows, (heads + 2 kvHeads) · headDim], rotated already
 * @param cache [cacheRows, 2 kvHeads · headDim], keys beside values
 * @param window how many positions back a query sees, itself included; 0 for all
 * @returns [rows, heads · headDim]
 */
export function cachedAttention(qkv: Tensor, layout: HeadLayout, cache: Tensor, at: CacheRows, window = 0): Tensor {
  const { heads, kvHeads, headDim } = layout;
  const stride = qkv.columns;
  const kv = kvHeads * headDim;
  kernels.copyRows(2 * kv, qkv.raw, heads * headDim, stride, cache.raw, 2 * kv, at.target);
  const out = empty([qkv.rows, heads * headDim]);
  kernels.attentionForward(
    heads,
    kvHeads,
    headDim,
    window,
    1 / Math.sqrt(headDim),
    at.queryStart,
    at.queryLength,
    at.keyStart,
    at.keyLength,
    qkv.raw,
    0,
    stride,
    cache.raw,
    0,
    2 * kv,
    cache.raw,
    kv,
    2 * kv,
    qkv.rows,
    out.raw,
    null,
  );
  return out;
}
