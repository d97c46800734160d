/** Cross-validation: every text is scored by a classifier that was trained without it and without its like. */
import { InputError } from '../io/errors.js';
import { LinearClassifier } from './classifier.js';
import { splitIntoParts } from './folds.js';
import type { Labelled } from './labelled.js';
import {
  auroc,
  calibrationCurve,
  type CalibrationBin,
  confusionMatrix,
  expectedCalibrationError,
  type LabelQuality,
  qualityOfLabels,
} from './metrics.js';
import { prepare, type TrainOptions, trainOnRows } from './train.js';

export interface LabelEvaluation extends LabelQuality {
  label: string;
  /** Against all other labels. */
  auroc: number;
  /** Expected calibration error of this label's probability, 10 bins. */
  ece: number;
  curve: CalibrationBin[];
}

export interface Evaluation {
  texts: number;
  folds: number;
  seed: number;
  labels: LabelEvaluation[];
  macroF1: number;
  weightedF1: number;
  accuracy: number;
  /** Of label probabilities that are largest: how sure against how often right. */
  ece: number;
  /** With the most probable label as prediction, for comparison. */
  macroF1OfMostProbable: number;
  weightedF1OfMostProbable: number;
  /** [true label][predicted label] */
  confusion: number[][];
  /** Macro-F1 fold by fold. */
  macroF1ByFold: number[];
}

export interface CrossValidateOptions extends TrainOptions {
  folds?: number;
  onFold?: (fold: number, folds: number) => void;
  /** Gets each text's probabilities by the classifier that had not seen it. */
  onScore?: (row: number, probabilities: Float64Array) => void;
}

/**
 * K-fold cross-validation with all of training (calibration and decision too) inside the fold.
 * @throws InputError where there are fewer texts of a label than folds
 */
export function crossValidate(data: Labelled, options: CrossValidateOptions = {}): Evaluation {
  const { folds = 5, seed = 0 } = options;
  const K = data.names.length;
  for (const [k, name] of data.names.entries()) {
    const count = data.labels.reduce((sum, label) => sum + (label === k ? 1 : 0), 0);
    if (count < 2 * folds) throw new InputError(`${count} texts have the label ${name}: too few for ${folds} folds`);
  }
  const prepared = prepare(data, options);
  const fold = splitIntoParts(data.texts, data.labels, folds, seed);
  const probabilities = new Float64Array(data.texts.length * K);
  const predicted = new Uint8Array(data.texts.length);
  for (let f = 0; f < folds; f++) {
    options.onFold?.(f, folds);
    const rows = Int32Array.from(data.texts.keys()).filter((row) => fold[row] !== f);
    const classifier = new LinearClassifier(trainOnRows(prepared, rows, options));
    for (const [row, text] of data.texts.entries()) {
      if (fold[row] !== f) continue;
      const scores = classifier.score(text);
      probabilities.set(scores, row * K);
      predicted[row] = classifier.decide(scores);
      options.onScore?.(row, scores);
    }
  }
  return { folds, seed, ...judge(data, probabilities, predicted), macroF1ByFold: byFold(data, predicted, fold, folds) };
}

/** How well probabilities and predictions fit the labels. */
export type Judgement = Omit<Evaluation, 'folds' | 'seed' | 'macroF1ByFold'>;

/** Figures of probabilities [text][label] and predictions. */
export function judge(data: Labelled, probabilities: Float64Array, predicted: Uint8Array): Judgement {
  const K = data.names.length;
  const count = data.texts.length;
  const confusion = confusionMatrix(data.labels, predicted, K);
  const most = Uint8Array.from({ length: count }, (_, i) => {
    const row = probabilities.subarray(i * K, (i + 1) * K);
    return row.indexOf(Math.max(...row));
  });
  const quality = qualityOfLabels(confusion);
  const qualityOfMost = qualityOfLabels(confusionMatrix(data.labels, most, K));
  const labels = data.names.map((label, k) => {
    const column = Float64Array.from({ length: count }, (_, i) => probabilities[i * K + k]!);
    const positive = Array.from(data.labels, (own) => own === k);
    const curve = calibrationCurve(column, positive);
    return { label, ...quality[k]!, auroc: auroc(column, positive), ece: expectedCalibrationError(curve), curve };
  });
  const sure = calibrationCurve(
    Array.from(most, (k, i) => probabilities[i * K + k]!),
    Array.from(most, (k, i) => data.labels[i] === k),
  );
  return {
    texts: count,
    labels,
    macroF1: macro(quality),
    weightedF1: weighted(quality),
    accuracy: confusion.reduce((sum, row, k) => sum + row[k]!, 0) / count,
    ece: expectedCalibrationError(sure),
    macroF1OfMostProbable: macro(qualityOfMost),
    weightedF1OfMostProbable: weighted(qualityOfMost),
    confusion,
  };
}

const macro = (quality: readonly LabelQuality[]): number =>
  quality.reduce((sum, { f1 }) => sum + f1 / quality.length, 0);

function weighted(quality: readonly LabelQuality[]): number {
  const total = quality.reduce((sum, { support }) => sum + support, 0);
  return quality.reduce((sum, { f1, support }) => sum + (f1 * support) / total, 0);
}

function byFold(data: Labelled, predicted: Uint8Array, fold: Uint8Array, folds: number): number[] {
  return Array.from({ length: folds }, (_, f) => {
    const own = (_: number, i: number): boolean => fold[i] === f;
    return macro(qualityOfLabels(confusionMatrix(data.labels.filter(own), predicted.filter(own), data.names.length)));
  });
}
