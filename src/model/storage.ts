/** Transformers from and to model directories. */
import {
  dispose,
  empty,
  emptyBfloat16,
  keep,
  scope,
  type Tensor,
  type TensorDtype,
  toFloat32,
} from '../engine/index.js';
import { parameterShapes } from './config.js';
import { type DirectoryExtras, readModelDirectory, type StoredModel, writeModelDirectory } from './formats/index.js';
import { Transformer } from './transformer.js';

export interface LoadOptions {
  /** How matrices lie in memory; vectors are float32 always. A model in bfloat16 takes half the memory and stays frozen. */
  dtype?: TensorDtype;
}

/** Reads the parameters of an open model into native memory. @throws InputError when the file is damaged */
export function transformerFrom({ config, tensors }: StoredModel, { dtype = 'f32' }: LoadOptions = {}): Transformer {
  const parameters = new Map<string, Tensor>();
  try {
    for (const [name, shape] of parameterShapes(config)) {
      const value = keep(dtype === 'bf16' && shape.length === 2 ? emptyBfloat16(shape) : empty(shape));
      parameters.set(name, value);
      tensors.read(name, value.operand.subarray(0, value.size));
    }
    return new Transformer(config, parameters);
  } catch (error) {
    for (const value of parameters.values()) dispose(value);
    throw error;
  }
}

/** Loads a model directory in the Hugging Face layout. @throws InputError naming what is missing or damaged */
export function loadTransformer(folder: string, options: LoadOptions = {}): Transformer {
  const stored = readModelDirectory(folder);
  try {
    return transformerFrom(stored, options);
  } finally {
    stored.close();
  }
}

/** Writes a model directory, as a whole or not at all; see {@link writeModelDirectory}. */
export function saveTransformer(model: Transformer, folder: string, extras: DirectoryExtras = {}): void {
  writeModelDirectory(folder, model.config, (name) => valuesOf(model.parameters.get(name)!), extras);
}

/** The elements in float32: those of a float32 tensor in place, of bfloat16 a copy on the JavaScript heap. */
function valuesOf(value: Tensor): Float32Array {
  return value.dtype === 'f32' ? value.data : scope(() => toFloat32(value).data.slice());
}
