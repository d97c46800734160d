/** Training a classifier: weights on all texts, calibration and decision on parts that other weights had not seen. */
import { InputError } from '../io/errors.js';
import { type Calibration, calibrated, fitCalibration, fitDecision } from './calibrate.js';
import type { ClassifierModel } from './classifier.js';
import { Featurizer, type FeatureOptions, featureOptionsSchema } from './features.js';
import { splitIntoParts } from './folds.js';
import type { Labelled } from './labelled.js';
import { type Bags, fitRegression, regressionScores, toBags } from './regression.js';

export interface TrainOptions {
  features?: Partial<FeatureOptions>;
  /** Penalty on squared weights against the mean loss (default 1e-4). */
  l2?: number;
  /** 0 weighs texts alike, 1 labels; in steps of 1/4 (default 0.5). */
  balance?: number;
  /** Features of fewer texts get no weight (default 2). */
  minTexts?: number;
  /** Most steps of the optimizer (default 30). */
  steps?: number;
  /** Parts for calibration (default 3). */
  calibrationParts?: number;
  seed?: number;
  /** Label of texts without what is looked for; makes long texts be scored in windows. */
  neutral?: string;
  /** Length of a window in UTF-16 code units (default 100). */
  window?: number;
  /** Texts to train on too, that neither calibrate nor test. Their labels are those of the data. */
  extra?: Labelled;
  onPhase?: (phase: string) => void;
}

/** Texts made ready once for many fits. */
export interface Prepared {
  data: Labelled;
  /** Features of the data's texts, then of the extra ones. */
  bags: Bags;
  labels: Uint8Array;
  extraRows: Int32Array;
  features: FeatureOptions;
}

/** @throws InputError where a label has no texts, or the extra texts have other labels */
export function prepare(data: Labelled, options: TrainOptions): Prepared {
  const { extra } = options;
  if (extra && extra.names.join('\n') !== data.names.join('\n'))
    throw new InputError(`extra texts have the labels ${extra.names.join(', ')}, the data ${data.names.join(', ')}`);
  for (const [k, name] of data.names.entries())
    if (!data.labels.includes(k)) throw new InputError(`no text has the label ${name}`);
  if (options.neutral !== undefined && !data.names.includes(options.neutral))
    throw new InputError(`the neutral label ${options.neutral} is none of ${data.names.join(', ')}`);
  if (![0, 0.25, 0.5, 0.75, 1].includes(options.balance ?? 0.5))
    throw new InputError(`balance must be 0, 0.25, 0.5, 0.75 or 1, not ${options.balance}`);
  if (!((options.l2 ?? 1e-4) > 0)) throw new InputError(`l2 must be above 0, not ${options.l2}`);
  options.onPhase?.('features');
  const features = featureOptionsSchema.parse(options.features ?? {});
  const featurizer = new Featurizer(features);
  const texts = [...data.texts, ...(extra?.texts ?? [])];
  return {
    data,
    bags: toBags(texts.map((text) => featurizer.of(text))),
    labels: Uint8Array.from([...data.labels, ...(extra?.labels ?? [])]),
    extraRows: Int32Array.from({ length: extra?.texts.length ?? 0 }, (_, i) => data.texts.length + i),
    features,
  };
}

/**
 * Trains on labelled texts. The same texts and options give the same model, to the byte, on every machine.
 * @throws InputError where a label has no texts or options do not fit the data
 */
export function trainClassifier(data: Labelled, options: TrainOptions = {}): ClassifierModel {
  const prepared = prepare(data, options);
  return trainOnRows(prepared, Int32Array.from(data.texts.keys()), options);
}

/** Trains on some rows of the data, and the extra texts. */
export function trainOnRows(prepared: Prepared, rows: Int32Array, options: TrainOptions): ClassifierModel {
  const { data, bags, labels, features } = prepared;
  const K = data.names.length;
  const fit = (chosen: Int32Array) =>
    fitRegression(bags, labels, Int32Array.from([...chosen, ...prepared.extraRows]), {
      labels: K,
      buckets: 2 ** features.bucketBits,
      l2: options.l2 ?? 1e-4,
      balance: options.balance ?? 0.5,
      minTexts: options.minTexts ?? 2,
      steps: options.steps ?? 30,
    });

  // Scores of every row by weights fitted to the other parts.
  const parts = options.calibrationParts ?? 3;
  const own = Uint8Array.from(rows, (row) => labels[row]!);
  const texts = Array.from(rows, (row) => data.texts[row]!);
  const part = splitIntoParts(texts, own, parts, (options.seed ?? 0) + 1);
  const scores = new Float64Array(rows.length * K);
  for (let p = 0; p < parts; p++) {
    options.onPhase?.(`calibration ${p + 1} of ${parts}`);
    const heldOut = [...rows.keys()].filter((i) => part[i] === p);
    const regression = fit(rows.filter((_, i) => part[i] !== p));
    const partScores = regressionScores(
      bags,
      Int32Array.from(heldOut, (i) => rows[i]!),
      regression,
    );
    for (const [j, i] of heldOut.entries()) scores.set(partScores.subarray(j * K, (j + 1) * K), i * K);
  }
  const calibration: Calibration = fitCalibration(scores, own, K);
  const decision = fitDecision(calibrated(scores, calibration), own, K);

  options.onPhase?.('weights');
  const { weights, bias } = fit(rows);
  return {
    labels: data.names,
    features,
    neutral: options.neutral ?? null,
    window: options.window ?? 100,
    ...quantised(weights),
    bias: Array.from(bias),
    calibration,
    decision,
  };
}

/** Weights in 8 bits. The largest is 127 steps; a step is far below what a score is good to. */
function quantised(weights: Float64Array): { weights: Int8Array; scale: number } {
  let most = 0;
  for (const weight of weights) if (Math.abs(weight) > most) most = Math.abs(weight);
  const scale = Math.fround(most / 127) || 1;
  return { weights: Int8Array.from(weights, (weight) => Math.round(weight / scale)), scale };
}
