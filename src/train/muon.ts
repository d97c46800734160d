/** The matrix step of Muon: a gradient's nearest (semi-)orthogonal matrix, by Newton-Schulz iterations. */
import { empty, kernels, type Tensor } from '../engine/index.js';

/** Coefficients of Jordan et al. (2024): steep at zero, singular values end between 0.7 and 1.2. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;

/**
 * U Vᵀ of the singular value decomposition of rows [first, first + rows) of `matrix`, roughly: five steps of
 * X ← aX + (bXXᵀ + c(XXᵀ)²)X on the matrix divided by its norm, on whichever side is smaller.
 * @returns [rows, columns]
 */
export function orthogonalize(matrix: Tensor, first: number, rows: number): Tensor {
  const { columns } = matrix;
  const size = rows * columns;
  let x = empty([rows, columns]);
  let next = empty([rows, columns]);
  const source = matrix.raw.subarray(first * columns, first * columns + size);
  const norm = Math.sqrt(kernels.sumSquares(source, size)) + 1e-7;
  kernels.affine(source, x.raw, size, 1 / norm, 0, 0);
  const wide = rows <= columns;
  const n = wide ? rows : columns;
  const gram = empty([n, n]);
  const polynomial = empty([n, n]);
  for (let i = 0; i < ITERATIONS; i++) {
    // gram = X Xᵀ (or Xᵀ X), polynomial = b gram + c gram², next = a X + polynomial X (or X polynomial)
    symmetricProduct(x, columns, !wide, wide, n, wide ? columns : rows, gram, 1, 0);
    kernels.affine(gram.raw, polynomial.raw, n * n, B, 0, 0);
    symmetricProduct(gram, n, false, false, n, n, polynomial, C, 1);
    kernels.affine(x.raw, next.raw, size, A, 0, 0);
    if (wide)
      kernels.gemm(false, false, n, columns, n, polynomial.raw, 0, n, x.raw, 0, columns, next.raw, 0, columns, 1, 1, 0);
    else kernels.gemm(false, false, rows, n, n, x.raw, 0, n, polynomial.raw, 0, n, next.raw, 0, n, 1, 1, 0);
    [x, next] = [next, x];
  }
  return x;
}

/** out [n, n] = alpha · op(x) · op(x) + beta · out, known to be symmetric. */
function symmetricProduct(
  x: Tensor,
  stride: number,
  transposeA: boolean,
  transposeB: boolean,
  n: number,
  depth: number,
  out: Tensor,
  alpha: number,
  beta: number,
): void {
  kernels.gemm(
    transposeA, transposeB, n, n, depth, x.raw, 0, stride, x.raw, 0, stride, out.raw, 0, n,
    alpha, beta, 0, null, null, null, null, true,
  ); // prettier-ignore
}
