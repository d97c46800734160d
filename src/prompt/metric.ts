/** Scores of a prompt from what became of its questions. */
import { confusionMatrix, qualityOfLabels } from '../classify/metrics.js';
import { InputError } from '../io/errors.js';
import type { Outcome } from './assess.js';
import type { Example } from './examples.js';
import { METRICS, type MetricName, type Settings } from './settings.js';
import { bootstrap, type Interval, mcnemar, wilson } from './statistics.js';

export interface Score extends Interval {
  /** Share of right answers, macro-F1, or mean log-probability of the true answer; more is better. */
  value: number;
}

export interface Comparison extends Interval {
  /** Second score minus the first, on the same examples. */
  difference: number;
  /** Of McNemar's exact test, for shares of right answers; null for other metrics. */
  p: number | null;
  /** Whether the interval leaves out zero. */
  significant: boolean;
}

/**
 * The metric to use: as asked, as the file says, or what suits the output.
 * @throws InputError for a metric that the output does not have
 */
export function metricOf({ output, metric }: Settings, asked?: string): MetricName {
  const name = asked ?? metric ?? (output.kind === 'labels' ? 'accuracy' : 'exact');
  if (!(METRICS as readonly string[]).includes(name))
    throw new InputError(`there is no metric "${name}"; there are: ${METRICS.join(', ')}`);
  const suits = output.kind === 'labels' ? ['accuracy', 'macro-f1', 'likelihood'] : ['exact', 'contains', 'likelihood'];
  if (!suits.includes(name))
    throw new InputError(`the metric "${name}" does not suit the output; there are: ${suits.join(', ')}`);
  return name as MetricName;
}

type Truths = readonly Pick<Example, 'answer'>[];

/** The metric alone. @param items which of the outcomes, by number; all by default */
export function metricValue(
  metric: MetricName,
  truths: Truths,
  outcomes: readonly Outcome[],
  items: ArrayLike<number> = outcomes.map((_, i) => i),
): number {
  if (metric === 'macro-f1') return macroF1(truths, outcomes, items);
  let sum = 0;
  for (let i = 0; i < items.length; i++) {
    const outcome = outcomes[items[i]!]!;
    sum += metric === 'likelihood' ? outcome.likelihood : Number(outcome.correct);
  }
  return sum / items.length;
}

/** The metric with its 95% interval: Wilson's for shares, bootstrap for the others. */
export function scoreOf(metric: MetricName, truths: Truths, outcomes: readonly Outcome[], seed = 0): Score {
  const value = metricValue(metric, truths, outcomes);
  if (metric === 'macro-f1' || metric === 'likelihood') {
    const interval = bootstrap(outcomes.length, (items) => metricValue(metric, truths, outcomes, items), { seed });
    return { value, ...interval };
  }
  const right = outcomes.reduce((sum, { correct }) => sum + Number(correct), 0);
  return { value, ...wilson(right, outcomes.length) };
}

/** How much better `second` is than `first` on the same examples: paired bootstrap, and McNemar's test for shares. */
export function compare(
  metric: MetricName,
  truths: Truths,
  first: readonly Outcome[],
  second: readonly Outcome[],
  { seed = 0, draws = 2000 }: { seed?: number; draws?: number } = {},
): Comparison {
  if (first.length !== second.length) throw new Error('paired scores need the same examples');
  const gain = (items?: ArrayLike<number>): number =>
    metricValue(metric, truths, second, items) - metricValue(metric, truths, first, items);
  const interval = bootstrap(first.length, gain, { seed, draws });
  const shares = metric !== 'macro-f1' && metric !== 'likelihood';
  const only = (a: readonly Outcome[], b: readonly Outcome[]): number =>
    a.reduce((sum, each, i) => sum + Number(each.correct && !b[i]!.correct), 0);
  return {
    difference: gain(),
    ...interval,
    p: shares ? mcnemar(only(first, second), only(second, first)) : null,
    significant: interval.low > 0 || interval.high < 0,
  };
}

/** Mean F1 over the labels that are there or predicted. */
function macroF1(truths: Truths, outcomes: readonly Outcome[], items: ArrayLike<number>): number {
  const names = new Map<string, number>();
  const number = (name: string): number => names.get(name) ?? names.set(name, names.size).size - 1;
  const labels = Int32Array.from(items, (i) => number(truths[i]!.answer));
  const predicted = Int32Array.from(items, (i) => number(outcomes[i]!.predicted));
  const quality = qualityOfLabels(confusionMatrix(labels, predicted, names.size));
  return quality.reduce((sum, { f1 }) => sum + f1, 0) / quality.length;
}
