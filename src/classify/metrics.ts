/** How well predicted probabilities fit labels. Probabilities are [text][label], end to end. */

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting half (Mann & Whitney 1947).
 * NaN where there are no positives or no negatives.
 */
export function auroc(scores: ArrayLike<number>, positive: ArrayLike<boolean>): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let [positives, rankSum] = [0, 0];
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j < order.length && scores[order[j]!] === scores[order[i]!]) j++;
    const rank = (i + j + 1) / 2; // mean of ranks i + 1 to j
    for (let k = i; k < j; k++)
      if (positive[order[k]!]) {
        positives++;
        rankSum += rank;
      }
    i = j;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Counts of texts: [true label][predicted label]. */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>, size: number): number[][] {
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < labels.length; i++) matrix[labels[i]!]![predicted[i]!]!++;
  return matrix;
}

export interface LabelQuality {
  precision: number;
  recall: number;
  f1: number;
  /** Texts that have the label. */
  support: number;
}

/** Precision, recall and F1 of each label; 0 where a label is never predicted or never there. */
export function qualityOfLabels(confusion: readonly (readonly number[])[]): LabelQuality[] {
  return confusion.map((row, k) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[k]!, 0);
    const precision = predicted === 0 ? 0 : row[k]! / predicted;
    const recall = support === 0 ? 0 : row[k]! / support;
    const f1 = support + predicted === 0 ? 0 : (2 * row[k]!) / (support + predicted);
    return { precision, recall, f1, support };
  });
}

/** A piece of the calibration curve. */
export interface CalibrationBin {
  from: number;
  to: number;
  count: number;
  /** Mean probability predicted. */
  predicted: number;
  /** Share that was so. */
  observed: number;
}

/** Probabilities in `bins` bins of equal width, and how often what they predict came true. Empty bins are left out. */
export function calibrationCurve(
  probabilities: ArrayLike<number>,
  positive: ArrayLike<boolean>,
  bins = 10,
): CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, observed: 0 }));
  for (let i = 0; i < probabilities.length; i++) {
    const sum = sums[Math.min(bins - 1, Math.floor(probabilities[i]! * bins))]!;
    sum.count++;
    sum.predicted += probabilities[i]!;
    if (positive[i]) sum.observed++;
  }
  return sums
    .map(({ count, predicted, observed }, i) => ({
      from: i / bins,
      to: (i + 1) / bins,
      count,
      predicted: predicted / count,
      observed: observed / count,
    }))
    .filter(({ count }) => count > 0);
}

/** Expected calibration error (Naeini et al. 2015): mean distance of the curve from the diagonal, weighted by texts. */
export function expectedCalibrationError(curve: readonly CalibrationBin[]): number {
  const total = curve.reduce((sum, { count }) => sum + count, 0);
  return curve.reduce(
    (sum, { count, predicted, observed }) => sum + (count / total) * Math.abs(predicted - observed),
    0,
  );
}
