/** Eager tensors on native memory, differentiation, scopes. Nothing above this room knows which kernels run. */
export { Epilogue, kernels } from './kernels.js';
export { memoryUse, resetPeak, scope, trimMemory } from './memory.js';
export * from './ops/attention.js';
export * from './ops/cached-attention.js';
export { checkpoint } from './ops/checkpoint.js';
export { type DoraPart, doraNorms, doraWeight } from './ops/dora.js';
export * from './ops/elementwise.js';
export * from './ops/embedding.js';
export * from './ops/head.js';
export * from './ops/linear.js';
export type { LowRank } from './ops/low-rank.js';
export * from './ops/norm.js';
export * from './ops/pooling.js';
export { prefixKeysValues, promptEmbedding, type VirtualRows, virtualRows } from './ops/soft-prompt.js';
export { Tape } from './tape.js';
export {
  dispose,
  empty,
  emptyBfloat16,
  keep,
  parameter,
  type Shape,
  sizeOf,
  Tensor,
  tensor,
  type TensorDtype,
  toBfloat16,
  toFloat32,
  zeroGrad,
  zeros,
} from './tensor.js';
