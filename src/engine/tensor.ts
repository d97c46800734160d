/** Eager tensors over native memory, and the tape that backward walks. */
import { bfloat16ToFloat32, float32ToBfloat16 } from '../io/half.js';
import { kernels } from './kernels.js';
import { allocate, freeStorage, keepStorage, type Storage } from './memory.js';

export type Shape = readonly number[];
/** Element type: float32, or bfloat16 for matrices that are read and never learned. */
export type TensorDtype = 'f32' | 'bf16';

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A dense row-major array. Tensors that share a storage are views of one another. */
export class Tensor {
  readonly shape: Shape;
  readonly size: number;
  readonly storage: Storage;
  readonly dtype: TensorDtype;
  /** Whether backward carries a gradient to this tensor. */
  requiresGrad: boolean;
  /** Gradient of the last backward; for parameters it accumulates until {@link zeroGrad}. */
  grad: Tensor | null = null;

  constructor(shape: Shape, storage: Storage, requiresGrad = false, dtype: TensorDtype = 'f32') {
    this.shape = shape;
    this.size = sizeOf(shape);
    this.storage = storage;
    this.dtype = dtype;
    this.requiresGrad = requiresGrad;
  }

  /** The elements, in place. @throws Error when the scope that owned the tensor has ended, or for bfloat16 */
  get data(): Float32Array {
    const array = this.raw;
    return array.length === this.size ? array : array.subarray(0, this.size);
  }

  /** The whole storage (at least `size` floats): what kernels are given, for it costs no new view. @throws as {@link data} */
  get raw(): Float32Array {
    if (this.dtype === 'bf16')
      throw new Error(`a bfloat16 tensor of shape [${this.shape}] was used where float32 is needed`);
    const { array } = this.storage;
    if (array.length === 0) throw freed(this.shape);
    return array;
  }

  /** What a matrix product or lookup takes as its weights: the whole storage, a Uint16Array of bfloat16 or float32. */
  get operand(): Float32Array | Uint16Array {
    if (this.dtype === 'f32') return this.raw;
    if (!this.storage.live) throw freed(this.shape);
    return this.storage.halves;
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

function freed(shape: Shape): Error {
  return new Error(`a tensor of shape [${shape}] was used after its memory was freed`);
}

/** A tensor with undefined contents, owned by the innermost scope. */
export function empty(shape: Shape, requiresGrad = false): Tensor {
  return new Tensor(shape, allocate(sizeOf(shape)), requiresGrad);
}

/** The same with elements of two bytes, filled through its {@link Tensor.operand}. */
export function emptyBfloat16(shape: Shape): Tensor {
  return new Tensor(shape, allocate(Math.ceil(sizeOf(shape) / 2)), false, 'bf16');
}

/** A copy in bfloat16, rounded to nearest, ties to even. */
export function toBfloat16(value: Tensor): Tensor {
  const result = emptyBfloat16(value.shape);
  float32ToBfloat16(value.data, result.storage.halves);
  return result;
}

/** A copy in float32. */
export function toFloat32(value: Tensor): Tensor {
  const result = empty(value.shape);
  if (value.dtype === 'f32') result.data.set(value.data);
  else bfloat16ToFloat32((value.operand as Uint16Array).subarray(0, value.size), result.data);
  return result;
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
  if (value.dtype !== 'f32') throw new Error(`a ${value.dtype} tensor cannot be trained`);
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
