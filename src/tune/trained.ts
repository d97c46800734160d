/** What each method trains, and how it is stored: the whole model, or an adapter beside it. */
import { join } from 'node:path';
import type { Tensor } from '../engine/index.js';
import { writeAtomic } from '../io/files.js';
import {
  type Adapter,
  makeTrainable,
  newAdapter,
  readAdapter,
  readAdapterScore,
  readModelDirectory,
  saveTransformer,
  type StoredScore,
  type Transformer,
  writeAdapter,
} from '../model/index.js';
import { ChatTemplate, saveChatTemplate, saveTokenizer } from '../tokenizer/index.js';
import { type Trained, trainedModel } from '../train/index.js';
import type { Base } from './base.js';
import { initialPrompt } from './soft-prompt.js';
import type { TuneRun } from './tune-run.js';

/** A head that is trained along with the model and stored beside it. */
export interface TrainedHead {
  /** [labels, width] */
  readonly weight: Tensor;
  stored(): StoredScore;
}

/** What decides how a base is made ready: the adapter (null to train all weights), how it begins, and the seed. */
export type TunedPlan = Pick<TuneRun, 'adapter' | 'start' | 'seed'>;

export interface Tuned {
  /** Those of the head, if there is one, as `score.weight`. */
  parameters: ReadonlyMap<string, Tensor>;
  checkpointed: Trained;
  /** Writes what generates text afterwards, with tokenizer, chat template and a card; with `score`, what gives scores. */
  writeFinal(folder: string, card: string, score?: StoredScore): void;
  /** Takes the adapter off and frees it. */
  dispose(): void;
}

/** Makes the base ready to train as the run says. @throws InputError for an adapter that does not fit */
export function prepareTuned(base: Base, plan: TunedPlan, head: TrainedHead | null = null): Tuned {
  const beside = (folder: string): void => {
    saveTokenizer(base.tokenizer, folder);
    saveChatTemplate(base.template ?? ChatTemplate.standard, folder);
  };
  return plan.adapter === null
    ? wholeModel(base.model, head, beside)
    : adapterOf(base, plan, plan.adapter, head, beside);
}

function wholeModel(model: Transformer, head: TrainedHead | null, beside: (folder: string) => void): Tuned {
  makeTrainable(model);
  const { weights, read } = trainedModel(model, beside);
  return {
    parameters: withHead(model.parameters, head),
    checkpointed: {
      weights,
      write(folder, addMore) {
        saveTransformer(model, folder, {
          ...(head && { score: head.stored() }),
          addFiles(temporary) {
            beside(temporary);
            addMore(temporary);
          },
        });
      },
      read(folder) {
        read(folder);
        if (!head) return;
        const stored = readModelDirectory(folder);
        stored.close();
        head.weight.data.set(stored.score!.weight);
      },
    },
    writeFinal: (folder, card, score) =>
      saveTransformer(model, folder, { modelCard: card, addFiles: beside, ...(score && { score }) }),
    dispose() {},
  };
}

function adapterOf(
  { model, tokenizer, path }: Base,
  { seed, start }: TunedPlan,
  config: NonNullable<TunedPlan['adapter']>,
  head: TrainedHead | null,
  beside: (folder: string) => void,
): Tuned {
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
    parameters: withHead(adapter.parameters, head),
    checkpointed: {
      weights: 'adapter_model.safetensors',
      write: (folder, addFiles) =>
        writeAdapter(folder, adapter, model, { baseModel: path, addFiles, ...(head && { score: head.stored() }) }),
      read(folder) {
        const stored = readAdapter(folder, model, { name: 'stored' });
        for (const [name, value] of adapter.parameters) value.data.set(stored.parameters.get(name)!.data);
        stored.dispose();
        if (head) head.weight.data.set(readAdapterScore(folder, model.config.width)!.weight);
      },
    },
    writeFinal(folder, card, score) {
      writeAdapter(folder, adapter, model, {
        baseModel: path,
        ...(score && { score }),
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

function withHead(parameters: ReadonlyMap<string, Tensor>, head: TrainedHead | null): ReadonlyMap<string, Tensor> {
  return head ? new Map([...parameters, ['score.weight', head.weight]]) : parameters;
}
