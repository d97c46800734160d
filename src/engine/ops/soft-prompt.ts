/**
 * Virtual tokens: rows of a batch whose ids begin where the vocabulary ends. Prompt tuning (Lester et al. 2021) learns what
 * they are embedded as, prefix tuning (Li & Liang 2021) the keys and values that stand in their rows.
 */
import { kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, passGrad, record } from '../tape.js';
import { empty, Tensor } from '../tensor.js';
import type { HeadLayout } from './attention.js';

/** Which rows of a batch hold virtual tokens, and which ones. */
export interface VirtualRows {
  /** rows of the batch, rising */
  rows: Int32Array;
  /** [rows] number of the virtual token, from 0 */
  ids: Int32Array;
  /** all other rows, rising */
  realRows: Int32Array;
  /** [real rows] their token ids */
  realIds: Int32Array;
}

/** Splits a batch into tokens of the vocabulary and virtual ones. */
export function virtualRows(tokens: Int32Array, vocab: number): VirtualRows {
  const rows: number[] = [];
  const realRows: number[] = [];
  for (let row = 0; row < tokens.length; row++) (tokens[row]! >= vocab ? rows : realRows).push(row);
  return {
    rows: Int32Array.from(rows),
    ids: Int32Array.from(rows, (row) => tokens[row]! - vocab),
    realRows: Int32Array.from(realRows),
    realIds: Int32Array.from(realRows, (row) => tokens[row]!),
  };
}

/**
 * Embeddings of tokens of the vocabulary from `table`, of virtual ones from `prompt`.
 * @param table [vocab, width]
 * @param prompt [virtual tokens, width]; null leaves zeros in their rows
 * @returns [rows, width]
 */
export function promptEmbedding(table: Tensor, prompt: Tensor | null, at: VirtualRows): Tensor {
  const width = table.columns;
  const out = empty([at.rows.length + at.realRows.length, width]);
  put(table, at.realIds, out, at.realRows);
  if (prompt) put(prompt, at.ids, out, at.rows);
  else for (const row of at.rows) out.raw.fill(0, row * width, (row + 1) * width);
  return record(out, [table, prompt], [], (grad) => {
    take(grad, at.realRows, table, at.realIds);
    if (prompt) take(grad, at.rows, prompt, at.ids);
  });
}

/**
 * Puts learned keys and values into the rows of virtual tokens, in place: the result shares the memory of `qkv`. Queries
 * stay as they are.
 * @param qkv [rows, (heads + 2 kvHeads) · headDim], rotated already
 * @param prefix [virtual tokens, 2 kvHeads · headDim], keys beside values, not to be rotated
 */
export function prefixKeysValues(qkv: Tensor, layout: HeadLayout, prefix: Tensor, at: VirtualRows): Tensor {
  const [stride, first] = [qkv.columns, layout.heads * layout.headDim];
  const width = prefix.columns;
  const [to, from] = [qkv.raw, prefix.raw];
  const each = (visit: (row: number, id: number) => void): void => at.rows.forEach((row, i) => visit(row, at.ids[i]!));
  each((row, id) => to.set(from.subarray(id * width, (id + 1) * width), row * stride + first));
  return record(new Tensor(qkv.shape, qkv.storage), [qkv, prefix], [], (grad) => {
    const g = grad.raw;
    addGrad(prefix, (dPrefix, accumulate) => {
      if (!accumulate) kernels.fill(dPrefix.raw, dPrefix.size, 0);
      const d = dPrefix.raw;
      each((row, id) => {
        for (let j = 0; j < width; j++) d[id * width + j]! += g[row * stride + first + j]!;
      });
    });
    each((row) => g.fill(0, row * stride + first, row * stride + first + width));
    passGrad(qkv, grad);
  });
}

/** out[rows[i]] = table[ids[i]] */
function put(table: Tensor, ids: Int32Array, out: Tensor, rows: Int32Array): void {
  if (ids.length === 0) return;
  const width = table.columns;
  const found = empty([ids.length, width]);
  kernels.embeddingForward(table.shape[0]!, width, table.operand, ids, found.raw, false);
  kernels.copyRows(width, found.raw, 0, width, out.raw, width, rows);
  freeStorage(found.storage);
}

/** table.grad[ids[i]] += grad[rows[i]], in order of i */
function take(grad: Tensor, rows: Int32Array, table: Tensor, ids: Int32Array): void {
  addGrad(table, (dTable, accumulate) => {
    if (!accumulate) kernels.fill(dTable.raw, dTable.size, 0);
    if (ids.length === 0) return;
    const width = table.columns;
    const own = empty([ids.length, width]);
    kernels.embeddingForward(grad.rows, width, grad.raw, rows, own.raw, false);
    kernels.embeddingBackward(table.shape[0]!, width, own.raw, ids, dTable.raw);
    freeStorage(own.storage);
  });
}
