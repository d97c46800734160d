/** Training a head: on the features of a frozen model, then, where asked, together with an adapter or the whole model. */
import { judge, type Judgement, type Labelled, splitIntoParts } from '../classify/index.js';
import type { Tensor } from '../engine/index.js';
import type { LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { Optimizer, type StepReport, train } from '../train/index.js';
import { BestParameters } from './best.js';
import { probabilitiesOf } from './calibrate.js';
import { embedTexts } from './embed.js';
import { type Features, fitHead } from './fit-head.js';
import { ScoreHead, scoreTexts } from './head.js';
import { checkPooling, type Pooling } from './pool.js';
import { fitScale } from './temperature.js';
import { headExamples, headGradients, headLoss, type TextBatch, textBatches } from './text-batches.js';

export interface TrainHeadOptions {
  /** Default 'mean'. */
  pooling?: Pooling;
  /** Texts to stop early and to calibrate by; a share of the training texts unless given. */
  validation?: Labelled;
  /** That share. Default 0.15; equal texts stay together. */
  validationShare?: number;
  /** 'balanced' lets every label count alike. Default 'none'. */
  classWeights?: 'none' | 'balanced';
  /** Penalties to choose from; see {@link fitHead}. */
  l2?: readonly number[];
  /** Parameters that learn along with the head: those of an adapter that is attached, or of a trainable model. */
  along?: ReadonlyMap<string, Tensor>;
  /** For what learns along. Default 1e-3. */
  learningRate?: number;
  /** Most passes over the texts. Default 5. */
  epochs?: number;
  /** Looks at the validation loss, two an epoch, without a better one. Default 3. */
  patience?: number;
  /** Most tokens of a text while the model learns along. Default 1024. */
  maxTokens?: number;
  /** Default 2048. */
  batchTokens?: number;
  seed?: number;
  signal?: AbortSignal;
  onFeatures?: (done: number, total: number) => void;
  onStep?: (report: StepReport, steps: number) => void;
  /** Hears the validation loss whenever the model learning along is looked at. */
  onValidation?: (step: number, loss: number) => void;
}

export interface TrainedHead {
  head: ScoreHead;
  report: {
    trainingTexts: number;
    validationTexts: number;
    /** On the validation texts, whose labels chose penalty, step and temperature: a little too good. */
    validation: Judgement;
    /** Nats a text, before and after the temperature. */
    validationLoss: { frozen: number; best: number };
    l2: number;
    /** Factor that calibration put on the weights. */
    scale: number;
    /** Step of the best validation loss with the model learning along; 0 without, or where the frozen model was better. */
    bestStep: number;
    trainedParameters: number;
  };
}

export const defaultL2 = [1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1];

/**
 * Trains a head over `data.names`. The model's weights stay as they are, except for those in `along`, which are left at
 * the best validation loss. The head belongs to the caller.
 * @throws InputError where a label has no training text or there are fewer than two validation texts
 */
export async function trainHead(
  lm: LanguageModel,
  data: Labelled,
  options: TrainHeadOptions = {},
): Promise<TrainedHead> {
  const { batchTokens = 2048, along = new Map<string, Tensor>(), l2 = defaultL2 } = options;
  const pooling = checkPooling(options.pooling ?? 'mean');
  const { training, validation } = divide(data, options);
  const classWeights = weightsOf(training, options.classWeights ?? 'none');
  const head = new ScoreHead(data.names, pooling, lm.model.config.width);
  try {
    const total = training.texts.length + validation.texts.length;
    const features = async ({ texts, labels }: Labelled, before: number): Promise<Features> => ({
      vectors: await embedTexts(lm, texts, {
        pooling,
        normalize: false,
        batchTokens,
        onProgress: (done) => options.onFeatures?.(before + done, total),
      }),
      labels: Int32Array.from(labels),
      weights: Float32Array.from(labels, (label) => classWeights[label]!),
    });
    const own = await features(training, 0);
    const held = await features(validation, training.texts.length);
    const { signal } = options;
    const fitted = await fitHead(head, own, held, { l2, signal });
    const best =
      along.size > 0
        ? await trainAlong(lm, head, training, validation, classWeights, { ...options, along, batchTokens })
        : { step: 0, loss: fitted.validationLoss };
    const logits =
      best.step > 0
        ? await scoreTexts(lm, head, validation.texts, { batchTokens })
        : held.vectors.map((vector) => head.scoreOf(vector));
    const scale = fitScale(logits, validation.labels);
    head.weight.data.forEach((w, i, all) => (all[i] = w * scale));
    const probabilities = logits.map((row) => probabilitiesOf(row.map((x) => x * scale)));
    return {
      head,
      report: {
        trainingTexts: training.texts.length,
        validationTexts: validation.texts.length,
        validation: judgeProbabilities(validation, probabilities),
        validationLoss: { frozen: fitted.validationLoss, best: best.loss },
        l2: fitted.l2,
        scale,
        bestStep: best.step,
        trainedParameters: head.weight.size + [...along.values()].reduce((sum, { size }) => sum + size, 0),
      },
    };
  } catch (error) {
    head.dispose();
    throw error;
  }
}

/** Quality of probabilities [texts][labels]; the most probable label is the prediction. */
export function judgeProbabilities(data: Labelled, probabilities: readonly Float64Array[]): Judgement {
  const flat = Float64Array.from(probabilities.flatMap((row) => [...row]));
  const predicted = Uint8Array.from(probabilities, (row) => row.indexOf(Math.max(...row)));
  return judge(data, flat, predicted);
}

/** Head and `along` learn together, from where they are. */
async function trainAlong(
  lm: LanguageModel,
  head: ScoreHead,
  training: Labelled,
  validation: Labelled,
  classWeights: readonly number[],
  options: TrainHeadOptions & { along: ReadonlyMap<string, Tensor>; batchTokens: number },
): Promise<{ step: number; loss: number }> {
  const { along, batchTokens, learningRate = 1e-3, epochs = 5, patience = 3, maxTokens = 1024, seed = 0 } = options;
  const { model } = lm;
  const read = { pooling: head.pooling, maxTokens };
  const examples = headExamples(lm, training.texts, training.labels, classWeights, read);
  const held = headExamples(lm, validation.texts, validation.labels, classWeights, read);
  const stepsPerEpoch = [...textBatches(examples, batchTokens)].length;
  const steps = Math.ceil(epochs * stepsPerEpoch);
  const lookEvery = Math.max(1, Math.ceil(stepsPerEpoch / 2));
  const parameters = new Map([['score.weight', head.weight], ...along]);
  const optimizer = new Optimizer(parameters, {
    kind: 'adamw',
    learningRate,
    matrixLearningRate: 0,
    beta1: 0.9,
    beta2: 0.99,
    eps: 1e-8,
    weightDecay: 0.01,
    momentum: 0,
    clip: 1,
  });
  const best = new BestParameters(parameters.values(), patience);
  const stop = new AbortController();
  const abort = () => stop.abort();
  options.signal?.addEventListener('abort', abort);
  if (options.signal?.aborted) abort();
  const look = (step: number): void => {
    best.see(step, headLoss(model, head, textBatches(held, batchTokens)));
    options.onValidation?.(step, best.loss);
    if (best.done) stop.abort();
  };
  const warmup = Math.min(20, Math.ceil(steps / 10));
  try {
    look(0);
    await train({
      optimizer,
      batches: shuffledBatches(examples, batchTokens, seed),
      gradients: (batch, texts) => headGradients(model, head, batch, texts),
      accumulate: 1,
      rate: (step) =>
        step > steps ? null : step <= warmup ? step / warmup : (steps + 1 - step) / (steps + 1 - warmup),
      onStep: (report) => {
        options.onStep?.(report, steps);
        if (report.step % lookEvery === 0 || report.step === steps) look(report.step);
      },
      signal: stop.signal,
    });
  } finally {
    optimizer.dispose();
    options.signal?.removeEventListener('abort', abort);
  }
  best.restore();
  return best;
}

/** Epochs without end, each in an order of its own. */
function shuffledBatches(
  examples: Parameters<typeof textBatches>[0],
  batchTokens: number,
  seed: number,
): { next: () => TextBatch } {
  const stream = (function* () {
    for (let epoch = 1; ; epoch++) yield* textBatches(new Random(seed, epoch).shuffle([...examples]), batchTokens);
  })();
  return { next: () => stream.next().value! };
}

function divide(
  data: Labelled,
  { validation, validationShare = 0.15, seed = 0 }: TrainHeadOptions,
): { training: Labelled; validation: Labelled } {
  if (data.names.length < 2) throw new InputError('a classifier needs at least 2 labels');
  const parts = validation ?? split();
  const [training, held] = 'training' in parts ? [parts.training, parts.validation] : [data, parts];
  for (const [k, name] of data.names.entries())
    if (!training.labels.includes(k)) throw new InputError(`no training text has the label ${name}`);
  if (held.texts.length < 2) throw new InputError(`${held.texts.length} validation texts are too few: give 2 or more`);
  return { training, validation: held };

  function split(): { training: Labelled; validation: Labelled } {
    if (!(validationShare > 0 && validationShare <= 0.5))
      throw new InputError(`the validation share must be above 0 and at most 0.5, not ${validationShare}`);
    const part = splitIntoParts(data.texts, data.labels, Math.round(1 / validationShare), seed);
    const take = (own: (part: number) => boolean): Labelled => ({
      names: data.names,
      texts: data.texts.filter((_, i) => own(part[i]!)),
      labels: data.labels.filter((_, i) => own(part[i]!)),
    });
    return { training: take((p) => p !== 0), validation: take((p) => p === 0) };
  }
}

function weightsOf({ names, labels }: Labelled, kind: 'none' | 'balanced'): number[] {
  const counts = names.map((_, k) => labels.reduce((sum, label) => sum + (label === k ? 1 : 0), 0));
  return counts.map((count) => (kind === 'none' ? 1 : labels.length / (names.length * count)));
}
