/** Normalisation of rows. */
import { kernels } from '../kernels.js';
import { addGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/**
 * RMSNorm (Zhang & Sennrich 2019): x / sqrt(mean(x²) + eps) · weight, over the last axis.
 * @param x [rows, width]
 * @param weight [width]
 */
export function rmsNorm(x: Tensor, weight: Tensor, eps: number): Tensor {
  const { rows, columns: width } = x;
  const y = empty(x.shape);
  const stats = empty([rows]);
  kernels.rmsNormForward(rows, width, 1, x.raw, 0, width, weight.raw, y.raw, 0, width, stats.raw, eps);
  return record(y, [x, weight], [stats], (grad) =>
    withWeightGrads([weight], ([dWeight]) =>
      addGrad(
        x,
        (dx, accumulate) =>
        kernels.rmsNormBackward(
          rows, width, 1, x.raw, 0, width, weight.raw, stats.raw,
          grad.raw, 0, width, dx.raw, 0, width, dWeight ?? null, accumulate,
        ), // prettier-ignore
      ),
    ),
  );
}

/**
 * LayerNorm (Ba et al. 2016): (x - mean) / sqrt(variance + eps) · weight + bias, over the last axis.
 * @param x [rows, width]
 * @param weight [width]
 * @param bias [width]
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor | null, eps: number): Tensor {
  const { rows, columns: width } = x;
  const y = empty(x.shape);
  const stats = empty([rows, 2]);
  kernels.layerNormForward(rows, width, x.raw, weight.raw, bias?.raw ?? null, y.raw, stats.raw, eps);
  return record(y, [x, weight, bias], [stats], (grad) =>
    withWeightGrads(bias ? [weight, bias] : [weight], ([dWeight, dBias]) =>
      addGrad(
        x,
        (dx, accumulate) =>
        kernels.layerNormBackward(
          rows, width, x.raw, weight.raw, stats.raw, grad.raw, dx.raw, dWeight ?? null, dBias ?? null, accumulate,
        ), // prettier-ignore
      ),
    ),
  );
}

/**
 * RMSNorm of each query and key head of packed projections (Qwen3's QK-norm); values are copied as they are.
 * @param qkv [rows, (heads + 2 kvHeads) · headDim]
 * @param qWeight [headDim]
 * @param kWeight [headDim]
 */
export function qkNorm(
  qkv: Tensor,
  heads: number,
  kvHeads: number,
  qWeight: Tensor,
  kWeight: Tensor,
  eps: number,
): Tensor {
  const { rows, columns: stride } = qkv;
  const dim = qWeight.size;
  const values = (heads + kvHeads) * dim;
  const parts = [
    { weight: qWeight, groups: heads, offset: 0, stats: empty([rows, heads]) },
    { weight: kWeight, groups: kvHeads, offset: heads * dim, stats: empty([rows, kvHeads]) },
  ];
  const every = Int32Array.from({ length: rows }, (_, row) => row);
  const copyValues = (from: Tensor, to: Tensor): void =>
    kernels.copyRows(stride - values, from.raw, values, stride, to.raw.subarray(values), stride, every);
  const y = empty(qkv.shape);
  for (const { weight, groups, offset, stats } of parts)
    kernels.rmsNormForward(
      rows, dim, groups, qkv.raw, offset, stride, weight.raw, y.raw, offset, stride, stats.raw, eps,
    ); // prettier-ignore
  copyValues(qkv, y);
  const saved = parts.map((part) => part.stats);
  return record(y, [qkv, qWeight, kWeight], saved, (grad) =>
    withWeightGrads([qWeight, kWeight], (weightGrads) => {
      const dx = empty(qkv.shape);
      parts.forEach(
        ({ weight, groups, offset, stats }, i) =>
        kernels.rmsNormBackward(
          rows, dim, groups, qkv.raw, offset, stride, weight.raw, stats.raw,
          grad.raw, offset, stride, dx.raw, offset, stride, weightGrads[i] ?? null, false,
        ), // prettier-ignore
      );
      copyValues(grad, dx);
      addGrad(qkv, (target, accumulate) => kernels.affine(dx.raw, target.raw, qkv.size, 1, accumulate ? 1 : 0, 0));
    }),
  );
}

/** Runs `body` with the gradients of the given weights, made and zeroed where they do not exist yet; null where unwanted. */
function withWeightGrads(weights: Tensor[], body: (grads: (Float32Array | null)[]) => void): void {
  const grads = weights.map((weight) => {
    let array: Float32Array | null = null;
    addGrad(weight, (grad, accumulate) => {
      if (!accumulate) kernels.fill(grad.raw, grad.size, 0);
      array = grad.raw;
    });
    return array;
  });
  body(grads);
}
