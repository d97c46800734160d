/** Linear layers: x · Wᵀ with what follows fused into the product, and the two forms of the transformer's MLP. */
import { Epilogue, type EpilogueCode, kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, passGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';
import { type AppliedParts, applyParts, type LowRank, partsTrain, partTensors } from './low-rank.js';

/** out = epilogue(x · weightᵀ + parts + bias); x [rows, in], weight [out, in]. */
function forward(
  x: Tensor,
  weight: Tensor,
  out: Tensor,
  epilogue: EpilogueCode,
  bias: Tensor | null,
  aux: Tensor | null,
  out2: Tensor | null,
  parts: readonly LowRank[],
): AppliedParts | null {
  const applied = applyParts(x, parts, out);
  const inner = x.columns;
  const [n, k] = [weight.shape[0]!, weight.shape[1]!];
  if (k !== inner) throw new Error(`linear: input has ${inner} columns, weight [${weight.shape}] wants ${k}`);
  kernels.gemm(
    false, true, x.rows, n, inner,
    x.raw, 0, inner, weight.operand, 0, inner, out.raw, 0, n,
    1, applied ? 1 : 0, epilogue, bias?.raw ?? null, aux?.raw ?? null, null, out2?.raw ?? null,
  ); // prettier-ignore
  return applied;
}

/**
 * dInput (+)= epilogue(grad · weight + what comes through the parts), whose own gradients are added on the way.
 * @param dInput null where the input wants no gradient
 */
function backward(
  grad: Tensor,
  weight: Tensor,
  applied: AppliedParts | null,
  dInput: ((write: (dx: Tensor, accumulate: boolean) => void) => void) | null,
  epilogue: EpilogueCode = Epilogue.plain,
  aux1: Tensor | null = null,
  aux2: Tensor | null = null,
  out2: Tensor | null = null,
): void {
  const [n, k] = [weight.shape[0]!, weight.shape[1]!];
  const dLow = applied?.backward(grad) ?? null;
  dInput?.((dx, accumulate) => {
    if (dLow) applied!.inputGrad(dLow, dx, accumulate);
    kernels.gemm(
      false, false, grad.rows, k, n,
      grad.raw, 0, n, weight.operand, 0, k, dx.raw, 0, k,
      1, accumulate || dLow ? 1 : 0, epilogue, null, aux1?.raw ?? null, aux2?.raw ?? null, out2?.raw ?? null,
    ); // prettier-ignore
  });
  if (dLow) freeStorage(dLow.storage);
}

/** Where {@link backward} puts the gradient of an input that may be no part of the tape. */
function toGrad(x: Tensor): (write: (dx: Tensor, accumulate: boolean) => void) => void {
  return (write) => addGrad(x, write);
}

/** dWeight (+)= gradᵀ · x and dBias (+)= column sums of grad. */
function weightGrads(grad: Tensor, x: Tensor, weight: Tensor, bias: Tensor | null): void {
  const [n, k] = [weight.shape[0]!, weight.shape[1]!];
  addGrad(
    weight,
    (dw, accumulate) =>
    kernels.gemm(
      true, false, n, k, grad.rows,
      grad.raw, 0, n, x.raw, 0, k, dw.raw, 0, k,
      1, accumulate ? 1 : 0, Epilogue.plain,
    ), // prettier-ignore
  );
  if (bias) biasGrad(grad, bias);
}

/** dBias (+)= column sums of grad. */
function biasGrad(grad: Tensor, bias: Tensor): void {
  const n = bias.size;
  addGrad(bias, (db, accumulate) => kernels.columnSums(grad.rows, n, grad.raw, n, db.raw, accumulate));
}

/**
 * x · weightᵀ + bias + residual, and low-rank parts of the weight.
 * @param x [rows, in]
 * @param weight [out, in]
 * @param bias [out]
 * @param residual [rows, out]
 * @returns [rows, out]
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  residual: Tensor | null = null,
  parts: readonly LowRank[] = [],
): Tensor {
  const out = empty([x.rows, weight.shape[0]!]);
  const epilogue = residual ? Epilogue.residual : Epilogue.plain;
  const applied = forward(x, weight, out, epilogue, bias, residual, null, parts);
  const inputs = [x, weight, bias, residual, ...partTensors(parts)];
  return record(out, inputs, applied?.saved ?? [], (grad) => {
    backward(grad, weight, applied, toGrad(x));
    weightGrads(grad, x, weight, bias);
    if (residual) passGrad(residual, grad);
  });
}

/** Low-rank parts of the matrices of an MLP. */
export interface MlpParts {
  gate?: readonly LowRank[];
  up?: readonly LowRank[];
  down?: readonly LowRank[];
}

/** Whether any of the tensors wants a gradient. */
function wanted(...tensors: (Tensor | null)[]): boolean {
  return tensors.some((tensor) => tensor?.requiresGrad);
}

/**
 * GPT-2's MLP with the residual: gelu(x · upᵀ + upBias) · downᵀ + downBias + residual.
 * @param x [rows, width]
 * @param up [hidden, width]
 * @param down [width, hidden]
 * @returns [rows, width]
 */
export function geluMlp(
  x: Tensor,
  up: Tensor,
  upBias: Tensor | null,
  down: Tensor,
  downBias: Tensor | null,
  residual: Tensor,
  { up: upParts = [], down: downParts = [] }: MlpParts = {},
): Tensor {
  const hidden = up.shape[0]!;
  const before = empty([x.rows, hidden]);
  const after = empty([x.rows, hidden]);
  const lowUp = forward(x, up, after, Epilogue.gelu, upBias, null, before, upParts);
  const out = empty([x.rows, down.shape[0]!]);
  const lowDown = forward(after, down, out, Epilogue.residual, downBias, residual, null, downParts);
  const needsAfter = down.requiresGrad || downParts.length > 0;
  if (!needsAfter) freeStorage(after.storage); // a frozen matrix has no gradient to compute from it
  const saved = [before, ...(needsAfter ? [after] : []), ...(lowUp?.saved ?? []), ...(lowDown?.saved ?? [])];
  const inputs = [x, up, upBias, down, downBias, residual, ...partTensors(upParts), ...partTensors(downParts)];
  return record(out, inputs, saved, (grad) => {
    const inside = wanted(x, up, upBias) || partsTrain(upParts);
    const dBefore = inside ? empty(before.shape) : null;
    backward(grad, down, lowDown, dBefore && ((write) => write(dBefore, false)), Epilogue.geluGrad, before);
    if (needsAfter) weightGrads(grad, after, down, downBias);
    else if (downBias) biasGrad(grad, downBias);
    if (dBefore) {
      backward(dBefore, up, lowUp, toGrad(x));
      weightGrads(dBefore, x, up, upBias);
      freeStorage(dBefore.storage);
    }
    passGrad(residual, grad);
  });
}

/**
 * SwiGLU MLP (Shazeer 2020) with the residual: (silu(x · gateᵀ) ⊙ (x · upᵀ)) · downᵀ + residual.
 * @param x [rows, width]
 * @param gate [hidden, width]
 * @param up [hidden, width]
 * @param down [width, hidden]
 * @returns [rows, width]
 */
export function swigluMlp(
  x: Tensor,
  gate: Tensor,
  gateBias: Tensor | null,
  up: Tensor,
  upBias: Tensor | null,
  down: Tensor,
  downBias: Tensor | null,
  residual: Tensor,
  { gate: gateParts = [], up: upParts = [], down: downParts = [] }: MlpParts = {},
): Tensor {
  const hidden = up.shape[0]!;
  const gates = empty([x.rows, hidden]);
  const ups = empty([x.rows, hidden]);
  const product = empty([x.rows, hidden]);
  const lowGate = forward(x, gate, gates, Epilogue.plain, gateBias, null, null, gateParts);
  const lowUp = forward(x, up, product, Epilogue.siluGate, upBias, gates, ups, upParts);
  const out = empty([x.rows, down.shape[0]!]);
  const lowDown = forward(product, down, out, Epilogue.residual, downBias, residual, null, downParts);
  const needsProduct = down.requiresGrad || downParts.length > 0;
  if (!needsProduct) freeStorage(product.storage);
  const parts = [...gateParts, ...upParts, ...downParts];
  const inputs = [x, gate, gateBias, up, upBias, down, downBias, residual, ...partTensors(parts)];
  const saved = [gates, ups, ...(needsProduct ? [product] : [])];
  for (const low of [lowGate, lowUp, lowDown]) saved.push(...(low?.saved ?? []));
  return record(out, inputs, saved, (grad) => {
    const inside = wanted(x, gate, gateBias, up, upBias) || partsTrain(gateParts) || partsTrain(upParts);
    const dGates = inside ? empty(gates.shape) : null;
    const dUps = inside ? empty(ups.shape) : null;
    const write = dGates && ((fill: (dx: Tensor, accumulate: boolean) => void) => fill(dGates, false));
    backward(grad, down, lowDown, write, Epilogue.siluGateGrad, gates, ups, dUps);
    if (needsProduct) weightGrads(grad, product, down, downBias);
    else if (downBias) biasGrad(grad, downBias);
    if (dGates && dUps) {
      backward(dGates, gate, lowGate, toGrad(x));
      backward(dUps, up, lowUp, toGrad(x));
      weightGrads(dGates, x, gate, gateBias);
      weightGrads(dUps, x, up, upBias);
      freeStorage(dGates.storage);
      freeStorage(dUps.storage);
    }
    passGrad(residual, grad);
  });
}
