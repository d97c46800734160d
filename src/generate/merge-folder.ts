/** A model directory with an adapter merged into its weights. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LoadOptions,
  mergeAdapter,
  readAdapter,
  readModelDirectory,
  saveTransformer,
  transformerFrom,
} from '../model/index.js';
import { loadTokenizer, saveTokenizer } from '../tokenizer/index.js';
import { modelFolders } from './load.js';

export interface MergeFolderOptions {
  /** Element type of the weights that are written. Default float32. */
  dtype?: LoadOptions['dtype'];
}

/**
 * Writes a model directory of its own from a model and an adapter: it needs no adapter any more and costs nothing extra.
 * Tokenizer, chat template and generation config go with it.
 * @param model model directory
 * @param adapter adapter's folder
 * @throws InputError when they do not fit, the adapter is a soft prompt, or something else is at `out`
 */
export function mergeFolder(model: string, adapter: string, out: string, options: MergeFolderOptions = {}): void {
  const folders = modelFolders(model, [adapter]);
  const tokenizer = loadTokenizer(folders.tokenizer);
  const stored = readModelDirectory(folders.base);
  try {
    const base = transformerFrom(stored);
    try {
      for (const folder of folders.adapters) {
        const each = readAdapter(folder, base);
        try {
          mergeAdapter(base, each, { forGood: true });
        } finally {
          each.dispose();
        }
      }
      saveTransformer(base, out, {
        dtype: options.dtype === 'bf16' ? 'BF16' : 'F32',
        ...(stored.generationConfig && { generationConfig: stored.generationConfig }),
        addFiles: (folder) => {
          for (const name of ['tokenizer_config.json', 'chat_template.jinja'])
            if (existsSync(join(folders.tokenizer, name)))
              copyFileSync(join(folders.tokenizer, name), join(folder, name));
          saveTokenizer(tokenizer, folder);
        },
      });
    } finally {
      base.dispose();
    }
  } finally {
    stored.close();
  }
}
