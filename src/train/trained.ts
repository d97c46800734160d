/** What a run trains, as files: how it is written into a folder and read back. */
import { readModelDirectory, saveTransformer, type Transformer } from '../model/index.js';

export interface Trained {
  /** The file of the weights in the folder; its checksum is kept. */
  readonly weights: string;
  /** Writes a folder whole or not at all; `addFiles` puts more into the temporary folder before it takes its place. */
  write(folder: string, addFiles: (temporary: string) => void): void;
  /** Reads the weights of such a folder, in place. */
  read(folder: string): void;
}

/** A whole model; `addFiles` adds what belongs beside it, such as the tokenizer. */
export function trainedModel(model: Transformer, addFiles: (folder: string) => void): Trained {
  return {
    weights: 'model.safetensors',
    write(folder, addMore) {
      saveTransformer(model, folder, {
        addFiles(temporary) {
          addFiles(temporary);
          addMore(temporary);
        },
      });
    },
    read(folder) {
      const stored = readModelDirectory(folder);
      try {
        for (const [name, value] of model.parameters) stored.tensors.read(name, value.data);
      } finally {
        stored.close();
      }
    },
  };
}
