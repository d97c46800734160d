/** Embedding lookup. */
import { kernels } from '../kernels.js';
import { addGrad, passGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/**
 * Rows of a table: out[r] = table[ids[r]].
 * @param table [vocab, width]
 * @param ids [rows], each in [0, vocab)
 * @returns [rows, width]
 */
export function embedding(table: Tensor, ids: Int32Array): Tensor {
  const [vocab, width] = [table.shape[0]!, table.columns];
  const out = empty([ids.length, width]);
  kernels.embeddingForward(vocab, width, table.operand, ids, out.raw, false);
  return record(out, [table], [], (grad) => scatter(table, ids, grad));
}

/** x + table[ids], for learned positions; shapes as in {@link embedding}. */
export function addEmbedding(x: Tensor, table: Tensor, ids: Int32Array): Tensor {
  const out = empty(x.shape);
  kernels.affine(x.raw, out.raw, x.size, 1, 0, 0);
  kernels.embeddingForward(table.shape[0]!, table.columns, table.operand, ids, out.raw, true);
  return record(out, [x, table], [], (grad) => {
    scatter(table, ids, grad);
    passGrad(x, grad);
  });
}

function scatter(table: Tensor, ids: Int32Array, grad: Tensor): void {
  addGrad(table, (dTable, accumulate) => {
    if (!accumulate) kernels.fill(dTable.raw, dTable.size, 0);
    kernels.embeddingBackward(table.shape[0]!, table.columns, grad.raw, ids, dTable.raw);
  });
}
