/** A head on the features of the model as it is: alone a fair reward model of few pairs, and where fine-tuning begins well. */
import type { Transformer } from '../../model/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { PreferencePair } from '../preferences/index.js';
import { inTurn } from './evaluate.js';
import { type FeatureDifference, fitLinearReward, linearMargin, negativeLogSigmoid } from './linear.js';
import { answerVectors } from './rewards.js';

export interface FittedRewardHead {
  /** The penalty that was chosen. */
  l2: number;
  /** Nats a validation pair. */
  validationLoss: number;
}

/** Penalties on squared weights of features that differ by 1 within pairs. */
const PENALTIES = [0.03, 0.1, 0.3, 1, 3];

/**
 * Fits the head to the pairs, the model as it is (the first half of LP-FT: Kumar et al. 2022). The penalty is the one that is
 * best on the validation pairs; it stands with what the training pairs gave.
 */
export async function fitRewardHead(
  model: Transformer,
  head: ScoreHead,
  train: readonly PreferencePair[],
  validation: readonly PreferencePair[],
  penalties: readonly number[] = PENALTIES,
): Promise<FittedRewardHead> {
  const { width } = model.config;
  const features = Int32Array.from({ length: width }, (_, j) => j);
  const differences = async (pairs: readonly PreferencePair[]): Promise<FeatureDifference[]> => {
    const vectors = await answerVectors(model, head.pooling, inTurn(pairs));
    return pairs.map((_, i) => ({
      features,
      values: Float64Array.from(vectors[2 * i]!, (x, j) => x - vectors[2 * i + 1]![j]!),
    }));
  };
  const [own, held] = [await differences(train), await differences(validation)];
  const scales = new Float64Array(width);
  for (const { values } of own) for (let j = 0; j < width; j++) scales[j]! += values[j]! ** 2 / own.length;
  for (let j = 0; j < width; j++) scales[j] = scales[j]! > 1e-12 ? Math.sqrt(scales[j]!) : 1;
  for (const { values } of [...own, ...held]) for (let j = 0; j < width; j++) values[j]! /= scales[j]!;

  let best: (FittedRewardHead & { weights: Float64Array }) | null = null;
  for (const l2 of penalties) {
    const weights = fitLinearReward(own, width, l2);
    const validationLoss =
      held.reduce((sum, pair) => sum + negativeLogSigmoid(linearMargin(weights, pair)), 0) / held.length;
    if (best === null || validationLoss < best.validationLoss) best = { l2, validationLoss, weights };
  }
  const { l2, validationLoss, weights } = best!;
  weights.forEach((w, j) => (head.weight.data[j] = w / scales[j]!)); // w · (x / s) = (w / s) · x
  return { l2, validationLoss };
}
