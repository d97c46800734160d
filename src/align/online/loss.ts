/**
 * The loss of an update: clipped policy gradient, with distance to the reference, values and entropy as the settings say
 * (Schulman et al. 2017, equation 7; Shao et al. 2024, equation 3).
 */
import {
  add,
  affine,
  clamp,
  exp,
  linear,
  maximum,
  minimum,
  mul,
  square,
  sub,
  type Tensor,
  tensor,
  tokenLogProbs,
  weightedSum,
} from '../../engine/index.js';
import type { Transformer } from '../../model/index.js';
import { type ExampleBatch, layOut } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { Sample } from './sample.js';
import { clipHighOf, type OnlineSettings } from './settings.js';

/** Samples as rows: what belongs to a token stands where it is predicted, and 0 elsewhere. Each [rows]. */
export interface Rows {
  batch: ExampleBatch;
  /** 1 where a token of a completion is predicted. */
  mask: Float32Array;
  old: Float32Array;
  reference: Float32Array;
  advantages: Float32Array;
  values: Float32Array;
  returns: Float32Array;
  /** Share of the token in the mean of the update. */
  weights: Float32Array;
}

/** @param weightOf share of each token of a sample in the mean of the update */
export function layOutRows(samples: readonly Sample[], weightOf: (sample: Sample) => number): Rows {
  const batch = layOut(samples.map(({ example }) => example));
  const rows = batch.tokens.length;
  const column = (): Float32Array => new Float32Array(rows);
  const all = { mask: column(), old: column(), reference: column(), advantages: column(), values: column(), returns: column(), weights: column() }; // prettier-ignore
  for (const [s, sample] of samples.entries()) {
    const from = batch.sequenceStarts[s + 1]! - sample.old.length;
    all.mask.fill(1, from, batch.sequenceStarts[s + 1]!);
    all.weights.fill(weightOf(sample), from, batch.sequenceStarts[s + 1]!);
    for (const name of ['old', 'reference', 'advantages', 'values', 'returns'] as const)
      all[name].set(sample[name], from);
  }
  return { batch, ...all };
}

/** What the loss says besides, added up over tokens. */
export interface LossFacts {
  tokens: number;
  clipped: number;
  /** Σ (ratio - 1)², which is small where the policy has hardly moved. */
  squaredStep: number;
  valueLoss: number;
}

/**
 * The update's share of these rows, a scalar; differentiable in the model and the value head.
 * @param klCoefficient of a distance that is paid for in the loss
 */
export function policyLoss(
  model: Transformer,
  head: ScoreHead | null,
  rows: Rows,
  settings: OnlineSettings,
  klCoefficient: number,
  facts: LossFacts,
): Tensor {
  const { batch, weights, mask } = rows;
  const { entropyBonus } = settings;
  const hidden = model.hidden(batch);
  const { logProbs, entropy } = tokenLogProbs(hidden, model.head, batch.targets, { entropy: entropyBonus > 0 });
  const constant = (values: Float32Array): Tensor => tensor(values, logProbs.shape);
  const negative = weights.map((weight) => -weight);

  const ratio = exp(sub(logProbs, constant(rows.old))); // 1 where nothing is predicted
  const advantages = constant(rows.advantages);
  const limited = clamp(ratio, 1 - settings.clip, 1 + clipHighOf(settings));
  let loss = weightedSum(minimum(mul(ratio, advantages), mul(limited, advantages)), negative);
  if (settings.klIn === 'loss' && klCoefficient > 0) {
    const d = sub(logProbs, constant(rows.reference));
    // k1 alone would have a gradient of 0 on average: the ratio carries it.
    const estimate = settings.klEstimator === 'k3' ? add(affine(exp(affine(d, -1)), 1, -1), d) : mul(ratio, d);
    loss = add(loss, weightedSum(estimate, weights.map((weight) => klCoefficient * weight))); // prettier-ignore
  }
  if (entropy) loss = add(loss, weightedSum(entropy, negative.map((weight) => entropyBonus * weight))); // prettier-ignore
  if (settings.method === 'ppo' && head) {
    const values = linear(hidden, head.weight); // [rows, 1]
    const shaped = (column: Float32Array): Tensor => tensor(column, values.shape);
    const old = shaped(rows.values);
    const near = add(old, clamp(sub(values, old), -settings.valueClip, settings.valueClip));
    const error = maximum(square(sub(values, shaped(rows.returns))), square(sub(near, shaped(rows.returns))));
    const half = settings.valueCoefficient / 2;
    loss = add(loss, weightedSum(error, weights.map((weight) => half * weight))); // prettier-ignore
    facts.valueLoss += error.data.reduce((sum, x, row) => sum + (mask[row]! * x) / 2, 0);
  }
  for (const [row, r] of ratio.data.entries()) {
    if (mask[row] === 0) continue;
    facts.tokens++;
    facts.squaredStep += (r - 1) ** 2;
    if (limited.data[row] !== r) facts.clipped++;
  }
  return loss;
}
