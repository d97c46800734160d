/** The matrix step of Muon: a gradient's nearest (semi-)orthogonal matrix, by Newton-Schulz iterations. */
import { empty, kernels, type Tensor } from '../engine/index.js';

/** Coefficients of Jordan et al. (2024): steep at zero, singular values end between 0.7 and 1.2. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;

/**
 * U Vᵀ of the singular value decomposition of rows [first, first + rows) of `matrix`, roughly: five steps of
 * X ← S X with S = aI + bXXᵀ + c(XXᵀ)², on the matrix divided by its norm.
 *
 * X itself is multiplied only at the end: with G = XXᵀ (or XᵀX, whichever is smaller) a step is P ← P S, G ← S G S, and
 * all of these are polynomials of one symmetric matrix, so they are symmetric, commute, and cost half a product each.
 * @returns [rows, columns]
 */
export function orthogonalize(matrix: Tensor, first: number, rows: number): Tensor {
  const { columns } = matrix;
  const size = rows * columns;
  const source = matrix.raw.subarray(first * columns, first * columns + size);
  const wide = rows <= columns;
  const n = wide ? rows : columns;
  const [x, out] = [empty([rows, columns]), empty([rows, columns])];
  kernels.affine(source, x.raw, size, 1 / (Math.sqrt(kernels.sumSquares(source, size)) + 1e-7), 0, 0);

  let [gram, next, product, spare] = [0, 0, 0, 0].map(() => empty([n, n])) as [Tensor, Tensor, Tensor, Tensor];
  const polynomial = empty([n, n]); // S
  kernels.gemm(
    !wide, wide, n, n, wide ? columns : rows, x.raw, 0, columns, x.raw, 0, columns, gram.raw, 0, n,
    1, 0, 0, null, null, null, null, true,
  ); // prettier-ignore
  for (let i = 0; i < ITERATIONS; i++) {
    kernels.affine(gram.raw, polynomial.raw, n * n, B, 0, 0);
    commuting(gram, gram, polynomial, C, 1);
    for (let d = 0; d < n; d++) polynomial.raw[d * n + d]! += A;
    if (i === 0) kernels.affine(polynomial.raw, product.raw, n * n, 1, 0, 0);
    else {
      commuting(product, polynomial, spare, 1, 0);
      [product, spare] = [spare, product];
    }
    if (i === ITERATIONS - 1) break;
    commuting(gram, polynomial, spare, 1, 0);
    commuting(spare, polynomial, next, 1, 0);
    [gram, next] = [next, gram];
  }
  if (wide)
    kernels.gemm(false, false, n, columns, n, product.raw, 0, n, x.raw, 0, columns, out.raw, 0, columns, 1, 0, 0);
  else kernels.gemm(false, false, rows, n, n, x.raw, 0, n, product.raw, 0, n, out.raw, 0, n, 1, 0, 0);
  return out;
}

/** out [n, n] = alpha · a · b + beta · out, for symmetric matrices that commute: the product is symmetric too. */
function commuting(a: Tensor, b: Tensor, out: Tensor, alpha: number, beta: number): void {
  const n = a.columns;
  kernels.gemm(
    false, false, n, n, n, a.raw, 0, n, b.raw, 0, n, out.raw, 0, n,
    alpha, beta, 0, null, null, null, null, true,
  ); // prettier-ignore
}
