/**
 * Low-rank parts of linear layers (Hu et al. 2022, "LoRA"): each adds scale · (x · aᵀ) · bᵀ to some columns of a product.
 *
 * The sum is written to the product's place before the product itself, which then adds to it (beta 1) and applies bias and
 * activation to the whole. Parts of one input share one product with their `a` matrices stacked.
 */
import { Epilogue, kernels } from '../kernels.js';
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

/** The parts of one linear layer as they were applied to one input. */
export class AppliedParts {
  private readonly parts: readonly LowRank[];
  private readonly x: Tensor;
  /** [Σ rank, in] */
  private readonly a: Tensor;
  /** x · aᵀ, [rows, Σ rank] */
  private readonly low: Tensor;
  private readonly owned: Tensor[];

  /** Writes the parts' sum to `out` [rows, n], all of it. */
  constructor(x: Tensor, parts: readonly LowRank[], out: Tensor) {
    this.x = x;
    this.parts = parts;
    const inner = x.columns;
    const n = out.columns;
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
    const apart = areApart(parts);
    if (!apart || parts.reduce((sum, { b }) => sum + b.rows, 0) < n) kernels.fill(out.raw, out.size, 0);
    this.each(({ b, scale, firstRow }, at) =>
      kernels.gemm(
        false, true, x.rows, b.rows, b.columns,
        this.low.raw, at, rank, b.raw, 0, b.columns, out.raw, firstRow, n, scale, apart ? 0 : 1, Epilogue.plain,
      ),
    ); // prettier-ignore
  }

  /** What only backward reads. */
  get saved(): readonly Tensor[] {
    return this.owned;
  }

  /**
   * Gradients of a and b, and the gradient of x·aᵀ [rows, Σ rank], which {@link inputGrad} takes; the caller frees it.
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

  /** dx (+)= dLow · a */
  inputGrad(dLow: Tensor, dx: Tensor, accumulate: boolean): void {
    const [rank, inner] = [this.a.rows, this.x.columns];
    kernels.gemm(
      false, false, dLow.rows, inner, rank,
      dLow.raw, 0, rank, this.a.raw, 0, inner, dx.raw, 0, inner, 1, accumulate ? 1 : 0, Epilogue.plain,
    ); // prettier-ignore
  }

  private each(visit: (part: LowRank, at: number) => void): void {
    let at = 0;
    for (const part of this.parts) {
      visit(part, at);
      at += part.a.rows;
    }
  }
}

/** Applies parts, if there are any. */
export function applyParts(x: Tensor, parts: readonly LowRank[], out: Tensor): AppliedParts | null {
  return parts.length > 0 ? new AppliedParts(x, parts, out) : null;
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
