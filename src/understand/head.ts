/** A head over labels on a pooled hidden state: what Transformers calls `score` in its sequence classifiers. */
import { existsSync } from 'node:fs';
import { dispose, keep, linear, parameter, type Tensor, tensor, zeros } from '../engine/index.js';
import { type LanguageModel, loadLanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import {
  type Adapter,
  isAdapterFolder,
  readAdapterScore,
  readModelDirectory,
  saveTransformer,
  type StoredScore,
  writeAdapter,
} from '../model/index.js';
import { saveTokenizer } from '../tokenizer/index.js';
import { probabilitiesOf } from './calibrate.js';
import { embedTexts, type EmbedOptions } from './embed.js';
import type { Pooling } from './pool.js';

export class ScoreHead {
  /** In the order of the rows; a reward model has one. */
  readonly labels: readonly string[];
  readonly pooling: Pooling;
  /** [labels, width], trainable */
  readonly weight: Tensor;

  /** @param values [labels, width]; zeros unless given, which find all labels equally likely */
  constructor(labels: readonly string[], pooling: Pooling, width: number, values?: Float32Array) {
    const shape = [labels.length, width];
    this.labels = labels;
    this.pooling = pooling;
    this.weight = parameter(keep(values ? tensor(values, shape) : zeros(shape)));
  }

  static from({ labels, pooling, weight }: StoredScore): ScoreHead {
    return new ScoreHead(labels, pooling, weight.length / labels.length, weight);
  }

  /** Scores [sequences, labels] of pooled hidden states [sequences, width]; differentiable. Before the softmax: logits. */
  scores(pooled: Tensor): Tensor {
    return linear(pooled, this.weight);
  }

  /** Logits of one pooled state, in float64. */
  scoreOf(pooled: Float32Array): Float64Array {
    const [values, width] = [this.weight.data, this.weight.columns];
    return Float64Array.from(this.labels, (_, k) => {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += values[k * width + j]! * pooled[j]!;
      return sum;
    });
  }

  /** What is written to files: a copy. */
  stored(): StoredScore {
    return { labels: this.labels, pooling: this.pooling, weight: this.weight.data.slice() };
  }

  dispose(): void {
    dispose(this.weight);
  }
}

/**
 * Logits of each text, [texts][labels]; `probabilitiesOf` makes probabilities of them. Long texts as in {@link embedTexts}.
 * @throws InputError for an empty text with a tokenizer that has no BOS token
 */
export async function scoreTexts(
  lm: LanguageModel,
  head: ScoreHead,
  texts: readonly string[],
  options: Omit<EmbedOptions, 'pooling' | 'normalize'> = {},
): Promise<Float64Array[]> {
  const pooled = await embedTexts(lm, texts, { ...options, pooling: head.pooling, normalize: false });
  return pooled.map((vector) => head.scoreOf(vector));
}

/** Probabilities of the labels for each text, [texts][labels]. */
export async function classifyTexts(
  lm: LanguageModel,
  head: ScoreHead,
  texts: readonly string[],
  options: Omit<EmbedOptions, 'pooling' | 'normalize'> = {},
): Promise<Float64Array[]> {
  return (await scoreTexts(lm, head, texts, options)).map(probabilitiesOf);
}

/** Where and how a head is saved. */
export interface SaveHeadOptions {
  /** Saves this LoRA adapter with the head in PEFT's layout, instead of the whole model. */
  adapter?: Adapter | undefined;
  /** The folder of the adapter's model. */
  baseModel?: string | undefined;
  /** Content of `README.md`. */
  modelCard?: string | undefined;
}

/**
 * Writes a model with its head as a folder that Transformers loads as `...ForSequenceClassification` (with pooling 'mean'
 * only we compute the same), or an adapter with its head as PEFT's SEQ_CLS.
 * @throws InputError when something else is in the way; RunError when it cannot be written
 */
export function saveHead(folder: string, lm: LanguageModel, head: ScoreHead, options: SaveHeadOptions = {}): void {
  const { adapter, baseModel, modelCard } = options;
  const score = head.stored();
  if (adapter) writeAdapter(folder, adapter, lm.model, { score, ...(baseModel !== undefined && { baseModel }) });
  else
    saveTransformer(lm.model, folder, {
      score,
      ...(modelCard !== undefined && { modelCard }),
      addFiles: (temporary) => saveTokenizer(lm.tokenizer, temporary),
    });
}

/** Loads what {@link saveHead} wrote, or a sequence classifier of others. @throws InputError naming what is missing */
export function loadHead(folder: string): { lm: LanguageModel; head: ScoreHead } {
  if (!existsSync(folder)) throw new InputError(`no folder ${folder}`);
  const whole = isAdapterFolder(folder) ? null : readModelDirectory(folder);
  whole?.close();
  const lm = loadLanguageModel(folder);
  try {
    const score = whole ? whole.score : readAdapterScore(folder, lm.model.config.width);
    if (!score)
      throw new InputError(
        `${folder} has no head over labels: train one with telar label --by head --train FILE --out DIR`,
      );
    return { lm, head: ScoreHead.from(score) };
  } catch (error) {
    lm.model.dispose();
    throw error;
  }
}
