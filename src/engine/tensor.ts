/** Eager tensors over native memory, and the tape that backward walks. */
import { kernels } from './kernels.js';
import { allocate, freeStorage, keepStorage, type Storage } from './memory.js';

export type Shape = readonly number[];

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A dense row-major float32 array. Tensors that share a storage are views of one another. */
export class Tensor {
  readonly shape: Shape;
  readonly size: number;
  readonly storage: Storage;
  /** Whether backward carries a gradient to this tensor. */
  requiresGrad: boolean;
  /** Gradient of the last backward; for parameters it accumulates until {@link zeroGrad}. */
  grad: Tensor | null = null;

  constructor(shape: Shape, storage: Storage, requiresGrad = false) {
    this.shape = shape;
    this.size = sizeOf(shape);
    this.storage = storage;
    this.requiresGrad = requiresGrad;
  }

  /** The elements, in place. @throws Error when the scope that owned the tensor has ended. */
  get data(): Float32Array {
    const { array } = this.storage;
    if (array.length === 0) throw new Error(`a tensor of shape [${this.shape}] was used after its memory was freed`);
    return array.length === this.size ? array : array.subarray(0, this.size);
  }

  /** The whole storage (at least `size` floats): what kernels are given, for it costs no new view. */
  get raw(): Float32Array {
    const { array } = this.storage;
    if (array.length === 0) throw new Error(`a tensor of shape [${this.shape}] was used after its memory was freed`);
    return array;
  }

  /** The only element. */
  item(): number {
    if (this.size !== 1) throw new Error(`item() needs one element, the shape is [${this.shape}]`);
    return this.raw[0]!;
  }

  /** Rows before the last axis. */
  get rows(): number {
    return this.size / this.columns;
  }

  /** Length of the last axis. */
  get columns(): number {
    return this.shape.at(-1) ?? 1;
  }
}

/** A tensor with undefined contents, owned by the innermost scope. */
export function empty(shape: Shape, requiresGrad = false): Tensor {
  return new Tensor(shape, allocate(sizeOf(shape)), requiresGrad);
}

export function zeros(shape: Shape): Tensor {
  const tensor = empty(shape);
  kernels.fill(tensor.raw, tensor.size, 0);
  return tensor;
}

/** A tensor holding a copy of `values`. */
export function tensor(values: ArrayLike<number>, shape: Shape = [values.length]): Tensor {
  const result = empty(shape);
  if (values.length !== result.size) throw new Error(`${values.length} values do not fill the shape [${shape}]`);
  result.data.set(values);
  return result;
}

/** Marks a tensor as trainable, with a gradient of zeros that accumulates; both live until {@link dispose}. */
export function parameter(value: Tensor): Tensor {
  value.requiresGrad = true;
  keep(value);
  value.grad = keep(zeros(value.shape));
  return value;
}

/** Lets a tensor outlive the scope it was made in. */
export function keep(value: Tensor): Tensor {
  keepStorage(value.storage);
  return value;
}

/** Frees a tensor and its gradient now. */
export function dispose(value: Tensor): void {
  freeStorage(value.storage);
  if (value.grad) freeStorage(value.grad.storage);
  value.grad = null;
}

/** Sets a parameter's gradient to zero. */
export function zeroGrad(value: Tensor): void {
  if (value.grad) kernels.fill(value.grad.raw, value.grad.size, 0);
}
