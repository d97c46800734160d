/** The small elementwise and reduction set that losses are written in. Shapes are equal; there is no broadcasting. */
import { Binary, type BinaryName, kernels, Unary, type UnaryName } from '../kernels.js';
import { freeStorage } from '../memory.js';
import { addGrad, record } from '../tape.js';
import { empty, type Tensor } from '../tensor.js';

function unary(name: UnaryName): (x: Tensor) => Tensor {
  return (x) => {
    const y = empty(x.shape);
    kernels.unary(Unary[name], x.raw, y.raw, x.size);
    return record(y, [x], [], (grad) =>
      addGrad(x, (dx, accumulate) => kernels.unaryBackward(Unary[name], x.raw, grad.raw, dx.raw, x.size, accumulate)),
    );
  };
}

export const exp = unary('exp');
export const log = unary('log');
export const sigmoid = unary('sigmoid');
/** log sigmoid(x), without overflow for any x. */
export const logSigmoid = unary('logSigmoid');
export const tanh = unary('tanh');
export const relu = unary('relu');
/** GELU in its tanh form. */
export const gelu = unary('gelu');
export const silu = unary('silu');
export const square = unary('square');
export const sqrt = unary('sqrt');
export const abs = unary('abs');

function apply(name: BinaryName, a: Tensor, b: Tensor): Tensor {
  if (a.size !== b.size) throw new Error(`${name}: shapes [${a.shape}] and [${b.shape}] differ`);
  const c = empty(a.shape);
  kernels.binary(Binary[name], a.raw, b.raw, c.raw, a.size);
  return c;
}

/** input.grad += factor · grad */
function addScaled(input: Tensor, grad: Tensor, factor: number): void {
  addGrad(input, (d, accumulate) => kernels.affine(grad.raw, d.raw, d.size, factor, accumulate ? 1 : 0, 0));
}

/** input.grad += a · b */
function addProduct(input: Tensor, a: Tensor, b: Tensor): void {
  addGrad(input, (d, accumulate) => {
    const product = apply('mul', a, b);
    kernels.affine(product.raw, d.raw, d.size, 1, accumulate ? 1 : 0, 0);
    freeStorage(product.storage);
  });
}

export function add(a: Tensor, b: Tensor): Tensor {
  return record(apply('add', a, b), [a, b], [], (grad) => {
    addScaled(a, grad, 1);
    addScaled(b, grad, 1);
  });
}

export function sub(a: Tensor, b: Tensor): Tensor {
  return record(apply('sub', a, b), [a, b], [], (grad) => {
    addScaled(a, grad, 1);
    addScaled(b, grad, -1);
  });
}

export function mul(a: Tensor, b: Tensor): Tensor {
  return record(apply('mul', a, b), [a, b], [], (grad) => {
    addProduct(a, grad, b);
    addProduct(b, grad, a);
  });
}

export function div(a: Tensor, b: Tensor): Tensor {
  const c = apply('div', a, b);
  return record(c, [a, b], [], (grad) => {
    const share = apply('div', grad, b);
    addScaled(a, share, 1);
    addGrad(b, (db, accumulate) => {
      const product = apply('mul', share, c);
      kernels.affine(product.raw, db.raw, db.size, -1, accumulate ? 1 : 0, 0);
      freeStorage(product.storage);
    });
    freeStorage(share.storage);
  });
}

/** Elementwise smaller (or larger) of two; where they are equal the gradient goes to `a`. */
function choice(name: 'min' | 'max'): (a: Tensor, b: Tensor) => Tensor {
  return (a, b) => {
    const c = apply(name, a, b);
    return record(c, [a, b], [], (grad) => {
      const fromA = empty(a.shape);
      const fromB = empty(a.shape);
      const [pick, x, g, da, db] = [c.data, a.data, grad.data, fromA.data, fromB.data];
      for (let i = 0; i < a.size; i++) {
        const first = x[i] === pick[i];
        da[i] = first ? g[i]! : 0;
        db[i] = first ? 0 : g[i]!;
      }
      addScaled(a, fromA, 1);
      addScaled(b, fromB, 1);
      freeStorage(fromA.storage);
      freeStorage(fromB.storage);
    });
  };
}
export const minimum = choice('min');
export const maximum = choice('max');

/** factor · x + term, with plain numbers. */
export function affine(x: Tensor, factor: number, term = 0): Tensor {
  const y = empty(x.shape);
  kernels.affine(x.raw, y.raw, x.size, factor, 0, term);
  return record(y, [x], [], (grad) => addScaled(x, grad, factor));
}

/** x limited to [low, high]; the gradient is zero outside. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  const y = empty(x.shape);
  const [from, to] = [x.data, y.data];
  for (let i = 0; i < x.size; i++) to[i] = Math.min(high, Math.max(low, from[i]!));
  return record(y, [x], [], (grad) => {
    const inside = empty(x.shape);
    const [values, g, d] = [x.data, grad.data, inside.data];
    for (let i = 0; i < x.size; i++) d[i] = values[i]! >= low && values[i]! <= high ? g[i]! : 0;
    addScaled(x, inside, 1);
    freeStorage(inside.storage);
  });
}

/** Σ weights · x, a scalar; weights are constants. */
export function weightedSum(x: Tensor, weights: Float32Array): Tensor {
  if (weights.length !== x.size) throw new Error(`weightedSum: ${weights.length} weights for shape [${x.shape}]`);
  const y = empty([1]);
  const values = x.data;
  let total = 0;
  for (let i = 0; i < x.size; i++) total += weights[i]! * values[i]!;
  y.raw[0] = total;
  return record(y, [x], [], (grad) => {
    const factor = grad.item();
    addGrad(x, (dx, accumulate) => {
      const d = dx.data;
      for (let i = 0; i < d.length; i++) d[i] = (accumulate ? d[i]! : 0) + factor * weights[i]!;
    });
  });
}

/** Sum of all elements, a scalar. */
export function sum(x: Tensor): Tensor {
  const y = empty([1]);
  y.raw[0] = kernels.total(x.raw, x.size);
  return record(y, [x], [], (grad) => {
    const factor = grad.item();
    addGrad(x, (dx, accumulate) => {
      if (!accumulate) kernels.fill(dx.raw, dx.size, factor);
      else kernels.affine(dx.raw, dx.raw, dx.size, 1, 0, factor);
    });
  });
}

/** Mean of all elements, a scalar. */
export function mean(x: Tensor): Tensor {
  return affine(sum(x), 1 / x.size);
}

/**
 * Sums of segments: out[s] = Σ x[starts[s] .. starts[s+1]), such as the log-probability of each packed sequence.
 * @param starts [segments + 1], rising
 */
export function segmentSums(x: Tensor, starts: Int32Array): Tensor {
  const y = empty([starts.length - 1]);
  kernels.segmentSums(x.raw, starts, y.raw);
  return record(y, [x], [], (grad) =>
    addGrad(x, (dx, accumulate) => {
      if (!accumulate) kernels.fill(dx.raw, dx.size, 0);
      const [d, g] = [dx.data, grad.data];
      for (let s = 0; s < g.length; s++) for (let i = starts[s]!; i < starts[s + 1]!; i++) d[i]! += g[s]!;
    }),
  );
}
