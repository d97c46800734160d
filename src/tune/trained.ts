/** What each method trains, and how it is stored: the whole model, or an adapter beside it. */
import { join } from 'node:path';
import type { Tensor } from '../engine/index.js';
import { writeAtomic } from '../io/files.js';
import {
  type Adapter,
  makeTrainable,
  newAdapter,
  readAdapter,
  saveTransformer,
  type Transformer,
  writeAdapter,
} from '../model/index.js';
import { ChatTemplate, saveChatTemplate, saveTokenizer } from '../tokenizer/index.js';
import { type Trained, trainedModel } from '../train/index.js';
import type { Base } from './base.js';
import { initialPrompt } from './soft-prompt.js';
import type { TuneRun } from './tune-run.js';

export interface Tuned {
  parameters: ReadonlyMap<string, Tensor>;
  checkpointed: Trained;
  /** Writes what generates text afterwards, with tokenizer, chat template and a card. */
  writeFinal(folder: string, card: string): void;
  /** Takes the adapter off and frees it. */
  dispose(): void;
}

/** Makes the base ready to train as the run says. @throws InputError for an adapter that does not fit */
export function prepareTuned(base: Base, run: TuneRun): Tuned {
  const beside = (folder: string): void => {
    saveTokenizer(base.tokenizer, folder);
    saveChatTemplate(base.template ?? ChatTemplate.standard, folder);
  };
  return run.adapter === null ? wholeModel(base.model, beside) : adapterOf(base, run, run.adapter, beside);
}

function wholeModel(model: Transformer, beside: (folder: string) => void): Tuned {
  makeTrainable(model);
  return {
    parameters: model.parameters,
    checkpointed: trainedModel(model, beside),
    writeFinal: (folder, modelCard) => saveTransformer(model, folder, { modelCard, addFiles: beside }),
    dispose() {},
  };
}

function adapterOf(
  { model, tokenizer, path }: Base,
  run: TuneRun,
  config: NonNullable<TuneRun['adapter']>,
  beside: (folder: string) => void,
): Tuned {
  const { seed, start } = run;
  const fresh = (): Adapter => {
    const prompt =
      config.kind === 'prompt'
        ? initialPrompt(model, tokenizer, { ...start, virtualTokens: config.virtualTokens, seed })
        : undefined;
    return newAdapter(model, config, { name: 'tuned', seed, ...(prompt && { initial: prompt }) });
  };
  const adapter = start.adapter ? readAdapter(start.adapter, model, { name: 'tuned', trainable: true }) : fresh();
  model.attach(adapter);
  return {
    parameters: adapter.parameters,
    checkpointed: {
      weights: 'adapter_model.safetensors',
      write: (folder, addFiles) => writeAdapter(folder, adapter, model, { baseModel: path, addFiles }),
      read(folder) {
        const stored = readAdapter(folder, model, { name: 'stored' });
        for (const [name, value] of adapter.parameters) value.data.set(stored.parameters.get(name)!.data);
        stored.dispose();
      },
    },
    writeFinal(folder, card) {
      writeAdapter(folder, adapter, model, {
        baseModel: path,
        addFiles(temporary) {
          beside(temporary);
          writeAtomic(join(temporary, 'README.md'), card);
        },
      });
    },
    dispose() {
      model.detach(adapter.name);
      adapter.dispose();
    },
  };
}
