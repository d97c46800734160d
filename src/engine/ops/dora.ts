/**
 * DoRA (Liu et al. 2024, "DoRA: weight-decomposed low-rank adaptation"): each row of a weight matrix keeps the direction
 * of W + scale · b · a and takes a learned magnitude.
 */
import { Epilogue, kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, record } from '../tape.js';
import { empty, type Tensor, toFloat32 } from '../tensor.js';
import type { LowRank } from './low-rank.js';

/** A low-rank part with the lengths of the rows it covers. */
export interface DoraPart extends LowRank {
  /** [rows covered] */
  magnitude: Tensor;
}

/**
 * The weight matrix with its covered rows replaced: row i becomes magnitude[i] · v / ‖v‖ with v = W[i] + scale · (b a)[i].
 * Several parts each add what they change. ‖v‖ counts as a constant in the gradient (section 4.3 of the paper, and PEFT).
 * @param weight [out, in]
 * @returns [out, in]
 */
export function doraWeight(weight: Tensor, parts: readonly DoraPart[]): Tensor {
  const width = weight.columns;
  const base = toFloat32(weight);
  const out = parts.length > 0 ? empty(weight.shape) : base;
  if (out !== base) kernels.affine(base.raw, out.raw, out.size, 1, 0, 0);
  const changed = parts.map((part) => {
    const direction = directionOf(base, part); // [rows covered, in]
    const factor = Float32Array.from(rowNorms(direction), (norm, i) => (norm > 0 ? part.magnitude.raw[i]! / norm : 0));
    const [to, from, w, first] = [out.raw, direction.raw, base.raw, part.firstRow * width];
    for (let i = 0; i < factor.length; i++)
      for (let j = i * width; j < (i + 1) * width; j++) to[first + j]! += factor[i]! * from[j]! - w[first + j]!;
    return { part, direction, factor };
  });
  const inputs = [weight, ...parts.flatMap(({ a, b, magnitude }) => [a, b, magnitude])];
  const saved = changed.map(({ direction }) => direction);
  if (out !== base) freeStorage(base.storage);
  return record(out, inputs, saved, (grad) => {
    addGrad(weight, (dw, accumulate) => {
      const own = empty(weight.shape);
      kernels.affine(grad.raw, own.raw, own.size, 1, 0, 0);
      for (const { part, factor } of changed)
        for (let i = 0; i < factor.length; i++) {
          const at = (part.firstRow + i) * width;
          for (let j = at; j < at + width; j++) own.raw[j]! += (factor[i]! - 1) * grad.raw[j]!;
        }
      kernels.affine(own.raw, dw.raw, dw.size, 1, accumulate ? 1 : 0, 0);
      freeStorage(own.storage);
    });
    for (const { part, direction, factor } of changed) partGradients(grad, part, direction, factor);
  });
}

/** ‖W[i] + scale · (b a)[i]‖ of the covered rows: with it as the magnitude a part changes nothing but by b · a. */
export function doraNorms(weight: Tensor, part: LowRank): Float32Array {
  const base = toFloat32(weight);
  const direction = directionOf(base, part);
  const norms = rowNorms(direction);
  for (const each of [base, direction]) freeStorage(each.storage);
  return norms;
}

function partGradients(grad: Tensor, part: DoraPart, direction: Tensor, factor: Float32Array): void {
  const { a, b, magnitude, scale, firstRow } = part;
  const width = grad.columns;
  const rows = factor.length;
  const scaled = empty(direction.shape); // gradient of v
  const [g, s, v] = [grad.raw, scaled.raw, direction.raw];
  const dMagnitude = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    const from = (firstRow + i) * width;
    const to = i * width;
    let dot = 0;
    let square = 0;
    for (let j = 0; j < width; j++) {
      dot += g[from + j]! * v[to + j]!;
      square += v[to + j]! ** 2;
      s[to + j] = factor[i]! * g[from + j]!;
    }
    dMagnitude[i] = square > 0 ? dot / Math.sqrt(square) : 0;
  }
  addGrad(magnitude, (d, accumulate) => {
    for (let i = 0; i < rows; i++) d.raw[i] = (accumulate ? d.raw[i]! : 0) + dMagnitude[i]!;
  });
  addGrad(b, (db, accumulate) =>
    kernels.gemm(
      false, true, rows, a.rows, width,
      s, 0, width, a.raw, 0, width, db.raw, 0, a.rows, scale, accumulate ? 1 : 0, Epilogue.plain,
    ),
  ); // prettier-ignore
  addGrad(a, (da, accumulate) =>
    kernels.gemm(
      true, false, a.rows, width, rows,
      b.raw, 0, a.rows, s, 0, width, da.raw, 0, width, scale, accumulate ? 1 : 0, Epilogue.plain,
    ),
  ); // prettier-ignore
  freeStorage(scaled.storage);
}

/** W + scale · b · a of the covered rows, [rows covered, in]. */
function directionOf(base: Tensor, { a, b, scale, firstRow }: LowRank): Tensor {
  const width = base.columns;
  const out = empty([b.rows, width]);
  out.raw.set(base.raw.subarray(firstRow * width, (firstRow + b.rows) * width));
  kernels.gemm(
    false, false, b.rows, width, a.rows,
    b.raw, 0, a.rows, a.raw, 0, width, out.raw, 0, width, scale, 1, Epilogue.plain,
  ); // prettier-ignore
  return out;
}

function rowNorms(x: Tensor): Float32Array {
  const width = x.columns;
  return Float32Array.from({ length: x.rows }, (_, i) => {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++) sum += x.raw[j]! ** 2;
    return Math.sqrt(sum);
  });
}
