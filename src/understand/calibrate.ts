/** Probabilities over labels from their likelihoods, without what the model prefers whatever the text. */

export const calibrations = ['none', 'content-free', 'prior'] as const;
/**
 * content-free: what the model says of "N/A" is divided out (Zhao et al. 2021, "Calibrate before use");
 * prior: what it says on average over the batch (Zhou et al. 2024, "Batch calibration").
 */
export type Calibrate = (typeof calibrations)[number];

/** Probabilities over the labels, which sum to 1, from log-probabilities up to a constant. */
export function probabilitiesOf(logs: Float64Array): Float64Array {
  const best = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logs.map((x) => Math.exp(x - best));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((x) => x / total);
}

/** Mean probability of each label, [labels]. @param logs [prompts][labels] */
export function priorOf(logs: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(logs[0]!.length);
  for (const row of logs) for (const [k, p] of probabilitiesOf(row).entries()) sum[k]! += p / logs.length;
  return sum;
}

/** Logarithms of probabilities proportional to p / prior, [prompts][labels]; a prior of 0 counts as the least there is. */
export function divideByPrior(logs: readonly Float64Array[], prior: Float64Array): Float64Array[] {
  const bias = prior.map((p) => Math.log(Math.max(p, Number.MIN_VALUE)));
  return logs.map((row) => probabilitiesOf(row.map((x, k) => x - bias[k]!)).map((p) => Math.log(p)));
}
