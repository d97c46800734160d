/**
 * Low-rank parts of linear layers (Hu et al. 2022, "LoRA"): each adds scale · (x · aᵀ) · bᵀ to some columns of a product.
 *
 * The product itself takes them along, before bias and activation: x · aᵀ and the `b` matrices are a few steps more of its
 * depth. For a few rows, as in decoding, they are written to the product's place first, and it adds to them. Parts of one
 * input share one product with their `a` matrices stacked.
 */
import { Epilogue, kernels } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

/** A low-rank addition to rows firstRow to firstRow + b's rows of a weight matrix. */
export interface LowRank {
  /** [rank, in] */
  a: Tensor;
  /** [rows covered, rank] */
  b: Tensor;
  scale: number;
  firstRow: number;
}

/** Whether any of the parts wants a gradient. */
export function partsTrain(parts: readonly LowRank[]): boolean {
  return parts.some(({ a, b }) => a.requiresGrad || b.requiresGrad);
}

/** All tensors of parts, as inputs for the tape. */
export function partTensors(parts: readonly LowRank[]): Tensor[] {
  return parts.flatMap(({ a, b }) => [a, b]);
}

/** Rows up to which `b` is cheaper to multiply with than to lay out for the product. */
const FEW_ROWS = 8;

/** What a product is to add: lowA · lowB, or what stands in its place already. */
export interface Addition {
  beta: number;
  lowA: Float32Array | null;
  lowB: Float32Array | null;
  low: number;
}

/** The parts of one linear layer as they were applied to one input. */
export class AppliedParts {
  private readonly parts: readonly LowRank[];
  private readonly x: Tensor;
  /** [Σ rank, in] */
  private readonly a: Tensor;
  /** x · aᵀ, [rows, Σ rank] */
  private readonly low: Tensor;
  private readonly owned: Tensor[];

  /** @param n rows of the weight */
  constructor(x: Tensor, parts: readonly LowRank[], n: number) {
    this.x = x;
    this.parts = parts;
    const inner = x.columns;
    for (const { a, b, firstRow } of parts)
      if (a.columns !== inner || b.columns !== a.rows || firstRow < 0 || firstRow + b.rows > n)
        throw new Error(
          `low-rank part a [${a.shape}], b [${b.shape}] at row ${firstRow} does not fit [${n}, ${inner}]`,
        );
    this.a = stack(parts);
    const rank = this.a.rows;
    this.low = empty([x.rows, rank]);
    this.owned = parts.length > 1 ? [this.a, this.low] : [this.low];
    kernels.gemm(
      false, true, x.rows, rank, inner,
      x.raw, 0, inner, this.a.raw, 0, inner, this.low.raw, 0, rank, 1, 0, Epilogue.plain,
    ); // prettier-ignore
  }

  /** Calls `multiply` with what the product that fills `out` [rows, n] is to add. */
  addTo(out: Tensor, multiply: (addition: Addition) => void): void {
    const { low, parts } = this;
    const rank = low.columns;
    const n = out.columns;
    if (low.rows > FEW_ROWS) {
      const lowB = this.layOut(n);
      multiply({ beta: 0, lowA: low.raw, lowB: lowB.raw, low: rank });
      freeStorage(lowB.storage);
      return;
    }
    const apart = areApart(parts);
    if (!apart || parts.reduce((sum, { b }) => sum + b.rows, 0) < n) kernels.fill(out.raw, out.size, 0);
    this.each(({ b, scale, firstRow }, at) =>
      kernels.gemm(
        false, true, low.rows, b.rows, b.columns,
        low.raw, at, rank, b.raw, 0, b.columns, out.raw, firstRow, n, scale, apart ? 0 : 1, Epilogue.plain,
      ),
    ); // prettier-ignore
    multiply({ beta: 1, lowA: null, lowB: null, low: 0 });
  }

  /** scale · bᵀ of all parts, each in its rows and columns of [Σ rank, n], zeros elsewhere. */
  private layOut(n: number): Tensor {
    const all = empty([this.low.columns, n]);
    kernels.fill(all.raw, all.size, 0);
    this.each(({ b, scale, firstRow }, at) => {
      const [from, to, rank] = [b.data, all.raw, b.columns];
      for (let r = 0; r < rank; r++)
        for (let row = 0, i = (at + r) * n + firstRow; row < b.rows; row++, i++) to[i] = scale * from[row * rank + r]!;
    });
    return all;
  }

  /** What only backward reads. */
  get saved(): readonly Tensor[] {
    return this.owned;
  }

  /**
   * Gradients of a and b, and the gradient of x·aᵀ [rows, Σ rank], which {@link inputAddition} takes; the caller frees it.
   * @param grad of the layer's product, [rows, n]
   */
  backward(grad: Tensor): Tensor {
    const { x, low } = this;
    const [rank, n, rows] = [low.columns, grad.columns, grad.rows];
    const dLow = empty(low.shape);
    this.each(({ b, scale, firstRow }, at) => {
      kernels.gemm(
        false, false, rows, b.columns, b.rows,
        grad.raw, firstRow, n, b.raw, 0, b.columns, dLow.raw, at, rank, scale, 0, Epilogue.plain,
      ); // prettier-ignore
      addGrad(b, (db, accumulate) =>
        kernels.gemm(
          true, false, b.rows, b.columns, rows,
          grad.raw, firstRow, n, low.raw, at, rank, db.raw, 0, b.columns, scale, accumulate ? 1 : 0, Epilogue.plain,
        ),
      ); // prettier-ignore
    });
    this.each(({ a }, at) =>
      addGrad(a, (da, accumulate) =>
        kernels.gemm(
          true, false, a.rows, x.columns, rows,
          dLow.raw, at, rank, x.raw, 0, x.columns, da.raw, 0, x.columns, 1, accumulate ? 1 : 0, Epilogue.plain,
        ),
      ),
    ); // prettier-ignore
    return dLow;
  }

  /** What the product that makes the input's gradient is to add: dLow · a. */
  inputAddition(dLow: Tensor): Omit<Addition, 'beta'> {
    return { lowA: dLow.raw, lowB: this.a.raw, low: this.a.rows };
  }

  private each(visit: (part: LowRank, at: number) => void): void {
    let at = 0;
    for (const part of this.parts) {
      visit(part, at);
      at += part.a.rows;
    }
  }
}

/** The `a` matrices one below the other; a single one as it is. */
function stack(parts: readonly LowRank[]): Tensor {
  if (parts.length === 1) return parts[0]!.a;
  const inner = parts[0]!.a.columns;
  const all = empty([parts.reduce((sum, { a }) => sum + a.rows, 0), inner]);
  let at = 0;
  for (const { a } of parts) {
    all.raw.set(a.data, at);
    at += a.size;
  }
  return all;
}

/** Whether no row is covered twice. */
function areApart(parts: readonly LowRank[]): boolean {
  const sorted = parts.toSorted((p, q) => p.firstRow - q.firstRow);
  return sorted.every(({ firstRow }, i) => {
    const before = sorted[i - 1];
    return !before || before.firstRow + before.b.rows <= firstRow;
  });
}
