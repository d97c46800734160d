/** Linear layers: x · Wᵀ with what follows fused into the product, and the two forms of the transformer's MLP. */
import { Epilogue, type EpilogueCode, kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, passGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/** out = epilogue(x · weightᵀ + bias); x [rows, in], weight [out, in]. */
function forward(
  x: Tensor,
  weight: Tensor,
  out: Tensor,
  epilogue: EpilogueCode,
  bias: Tensor | null,
  aux: Tensor | null,
  out2: Tensor | null,
): void {
  const inner = x.columns;
  const [n, k] = [weight.shape[0]!, weight.shape[1]!];
  if (k !== inner) throw new Error(`linear: input has ${inner} columns, weight [${weight.shape}] wants ${k}`);
  kernels.gemm(
    false, true, x.rows, n, inner,
    x.raw, 0, inner, weight.operand, 0, inner, out.raw, 0, n,
    1, 0, epilogue, bias?.raw ?? null, aux?.raw ?? null, null, out2?.raw ?? null,
  ); // prettier-ignore
}

/** dx (+)= grad · weight */
function inputGrad(grad: Tensor, weight: Tensor, dx: Tensor, accumulate: boolean): void {
  const [n, k] = [weight.shape[0]!, weight.shape[1]!];
  kernels.gemm(
    false, false, grad.rows, k, n,
    grad.raw, 0, n, weight.operand, 0, k, dx.raw, 0, k,
    1, accumulate ? 1 : 0, Epilogue.plain,
  ); // prettier-ignore
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
  if (bias) addGrad(bias, (db, accumulate) => kernels.columnSums(grad.rows, n, grad.raw, n, db.raw, accumulate));
}

/**
 * x · weightᵀ + bias + residual.
 * @param x [rows, in]
 * @param weight [out, in]
 * @param bias [out]
 * @param residual [rows, out]
 * @returns [rows, out]
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null, residual: Tensor | null = null): Tensor {
  const out = empty([x.rows, weight.shape[0]!]);
  forward(x, weight, out, residual ? Epilogue.residual : Epilogue.plain, bias, residual, null);
  return record(out, [x, weight, bias, residual], [], (grad) => {
    addGrad(x, (dx, accumulate) => inputGrad(grad, weight, dx, accumulate));
    weightGrads(grad, x, weight, bias);
    if (residual) passGrad(residual, grad);
  });
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
): Tensor {
  const hidden = up.shape[0]!;
  const before = empty([x.rows, hidden]);
  const after = empty([x.rows, hidden]);
  forward(x, up, after, Epilogue.gelu, upBias, null, before);
  const out = empty([x.rows, down.shape[0]!]);
  forward(after, down, out, Epilogue.residual, downBias, residual, null);
  return record(out, [x, up, upBias, down, downBias, residual], [before, after], (grad) => {
    const dBefore = empty(before.shape);
    kernels.gemm(
      false, false, grad.rows, hidden, out.columns,
      grad.raw, 0, out.columns, down.operand, 0, hidden, dBefore.raw, 0, hidden,
      1, 0, Epilogue.geluGrad, null, before.raw,
    ); // prettier-ignore
    weightGrads(grad, after, down, downBias);
    addGrad(x, (dx, accumulate) => inputGrad(dBefore, up, dx, accumulate));
    weightGrads(dBefore, x, up, upBias);
    freeStorage(dBefore.storage);
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
): Tensor {
  const hidden = up.shape[0]!;
  const gates = empty([x.rows, hidden]);
  const ups = empty([x.rows, hidden]);
  const product = empty([x.rows, hidden]);
  forward(x, gate, gates, Epilogue.plain, gateBias, null, null);
  forward(x, up, product, Epilogue.siluGate, upBias, gates, ups);
  const out = empty([x.rows, down.shape[0]!]);
  forward(product, down, out, Epilogue.residual, downBias, residual, null);
  const inputs = [x, gate, gateBias, up, upBias, down, downBias, residual];
  return record(out, inputs, [gates, ups, product], (grad) => {
    const dGates = empty(gates.shape);
    const dUps = empty(ups.shape);
    kernels.gemm(
      false, false, grad.rows, hidden, out.columns,
      grad.raw, 0, out.columns, down.operand, 0, hidden, dGates.raw, 0, hidden,
      1, 0, Epilogue.siluGateGrad, null, gates.raw, ups.raw, dUps.raw,
    ); // prettier-ignore
    weightGrads(grad, product, down, downBias);
    addGrad(x, (dx, accumulate) => inputGrad(dGates, gate, dx, accumulate));
    addGrad(x, (dx, accumulate) => inputGrad(dUps, up, dx, accumulate));
    weightGrads(dGates, x, gate, gateBias);
    weightGrads(dUps, x, up, upBias);
    freeStorage(dGates.storage);
    freeStorage(dUps.storage);
    passGrad(residual, grad);
  });
}
