/** How good a reward model is on pairs that it did not learn from, and how much of that is length. */
import { calibrationCurve, type CalibrationBin, expectedCalibrationError } from '../../classify/metrics.js';
import { InputError } from '../../io/errors.js';
import type { Transformer } from '../../model/index.js';
import { type Interval, wilson } from '../../prompt/statistics.js';
import type { Example } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { PreferencePair } from '../preferences/index.js';
import { type FeatureDifference, fitLinearReward, linearMargin, negativeLogSigmoid } from './linear.js';
import { scoreExamples } from './rewards.js';

export interface Accuracy {
  pairs: number;
  /** Share of pairs whose chosen answer has the higher reward, equal ones counting half; NaN without pairs. */
  accuracy: number;
  /** 95% (Wilson). */
  interval: Interval;
}

/** What is known of pairs without their rewards: how long the answers are. Pairs are [pair]. */
export interface PairLengths {
  chosen: ArrayLike<number>;
  rejected: ArrayLike<number>;
}

export interface RewardEvaluation extends Accuracy {
  /** Mean -log σ(chosen - rejected), nats a pair; log 2 for a model that knows nothing. */
  loss: number;
  /** Mean reward of chosen less rejected answers. */
  margin: number;
  /** Mean over all answers; far from 0 without centring. */
  meanReward: number;
  calibration: {
    /** Expected calibration error of σ(margin) for the answer that it finds better. */
    error: number;
    bins: CalibrationBin[];
  };
  length: {
    /** Pearson, of reward with length in tokens, over all answers; 0 where either does not vary. */
    correlation: number;
    /** The same for what chosen and rejected differ by: length's part in a choice. */
    correlationWithinPairs: number;
    chosenShorter: Accuracy;
    chosenLonger: Accuracy;
  };
  /** A linear reward that sees the length alone, fitted to the training pairs; null without them. */
  lengthOnly: (Accuracy & { loss: number }) | null;
}

/**
 * Evaluates a head on held-out pairs.
 * @param train for the length-only baseline
 * @throws InputError for no pairs; RunError for a model whose rewards are no numbers
 */
export async function evaluateRewardModel(
  model: Transformer,
  head: ScoreHead,
  heldOut: readonly PreferencePair[],
  train: readonly PreferencePair[] = [],
): Promise<RewardEvaluation> {
  const rewards = await scoreExamples(model, head, inTurn(heldOut));
  return evaluateRewards(rewards, lengthsOf(heldOut), train.length > 0 ? lengthsOf(train) : null);
}

/**
 * Evaluates rewards, wherever they come from.
 * @param rewards of chosen, rejected, chosen, rejected, ...
 * @throws InputError for no pairs
 */
export function evaluateRewards(
  rewards: Float64Array,
  lengths: PairLengths,
  trainLengths: PairLengths | null = null,
): RewardEvaluation {
  const pairs = rewards.length / 2;
  if (pairs === 0) throw new InputError('there is no pair to evaluate a reward model on: hold some out');
  const margins = Float64Array.from({ length: pairs }, (_, i) => rewards[2 * i]! - rewards[2 * i + 1]!);
  const longer = Float64Array.from(margins, (_, i) => lengths.chosen[i]! - lengths.rejected[i]!);
  const answers = Float64Array.from(rewards, (_, i) => lengths[i % 2 === 0 ? 'chosen' : 'rejected'][i >> 1]!);
  const confidence = margins.map((margin) => 1 / (1 + Math.exp(-Math.abs(margin))));
  const bins = calibrationCurve(
    confidence,
    Array.from(margins, (margin) => margin > 0),
  );
  return {
    ...accuracyOf(margins),
    loss: meanOf(margins.map(negativeLogSigmoid)),
    margin: meanOf(margins),
    meanReward: meanOf(rewards),
    calibration: { error: expectedCalibrationError(bins), bins },
    length: {
      correlation: correlation(rewards, answers),
      correlationWithinPairs: correlation(margins, longer),
      chosenShorter: accuracyOf(margins.filter((_, i) => longer[i]! < 0)),
      chosenLonger: accuracyOf(margins.filter((_, i) => longer[i]! > 0)),
    },
    lengthOnly: trainLengths && lengthOnly(trainLengths, lengths),
  };
}

/** Chosen, rejected, chosen, rejected, ... */
export function inTurn(pairs: readonly PreferencePair[]): Example[] {
  return pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
}

/** Tokens of the answers, what ends them included. */
export function lengthsOf(pairs: readonly PreferencePair[]): PairLengths {
  const length = ({ learned }: Example): number => learned.reduce((sum, one) => sum + one, 0);
  return { chosen: pairs.map(({ chosen }) => length(chosen)), rejected: pairs.map(({ rejected }) => length(rejected)) };
}

/** @param margins rewards of chosen less rejected answers */
export function accuracyOf(margins: Float64Array): Accuracy {
  const right = margins.reduce((sum, margin) => sum + (margin > 0 ? 1 : margin === 0 ? 0.5 : 0), 0);
  return { pairs: margins.length, accuracy: right / margins.length, interval: wilson(right, margins.length) };
}

function lengthOnly(train: PairLengths, heldOut: PairLengths): Accuracy & { loss: number } {
  const differences = ({ chosen, rejected }: PairLengths): FeatureDifference[] =>
    Array.from(chosen, (length, i) => ({
      features: Int32Array.of(0),
      values: Float64Array.of(Math.log1p(length) - Math.log1p(rejected[i]!)),
    }));
  const weights = fitLinearReward(differences(train), 1, 0);
  const margins = Float64Array.from(differences(heldOut), (pair) => linearMargin(weights, pair));
  return { ...accuracyOf(margins), loss: meanOf(margins.map(negativeLogSigmoid)) };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA > 0 && ofB > 0 ? both / Math.sqrt(ofA * ofB) : 0;
}
