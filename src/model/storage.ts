/** Transformers from and to model directories. */
import { dispose, empty, keep, type Tensor } from '../engine/index.js';
import { parameterShapes } from './config.js';
import { type DirectoryExtras, readModelDirectory, type StoredModel, writeModelDirectory } from './formats/index.js';
import { Transformer } from './transformer.js';

/** Reads the parameters of an open model into native memory. @throws InputError when the file is damaged */
export function transformerFrom({ config, tensors }: StoredModel): Transformer {
  const parameters = new Map<string, Tensor>();
  try {
    for (const [name, shape] of parameterShapes(config)) {
      const value = keep(empty(shape));
      parameters.set(name, value);
      tensors.read(name, value.data);
    }
    return new Transformer(config, parameters);
  } catch (error) {
    for (const value of parameters.values()) dispose(value);
    throw error;
  }
}

/** Loads a model directory in the Hugging Face layout. @throws InputError naming what is missing or damaged */
export function loadTransformer(folder: string): Transformer {
  const stored = readModelDirectory(folder);
  try {
    return transformerFrom(stored);
  } finally {
    stored.close();
  }
}

/** Writes a model directory, as a whole or not at all; see {@link writeModelDirectory}. */
export function saveTransformer(model: Transformer, folder: string, extras: DirectoryExtras = {}): void {
  writeModelDirectory(folder, model.config, (name) => model.parameters.get(name)!.data, extras);
}
