/** How far annotators agree (Cohen 1960, "A coefficient of agreement for nominal scales"). */
import { type Interval, wilson } from '../../prompt/index.js';
import type { Judgement } from './judgement.js';

/** A figure with its 95% interval. */
export type Estimate = Interval & { value: number };

export interface Agreement {
  annotators: [string, string];
  /** Pairs of answers that both have judged. */
  pairs: number;
  /** Share of them on which both say the same; null without pairs. */
  observed: Estimate | null;
  /** Share that would be so by chance, were each to keep to own habits. */
  expected: number | null;
  /** (observed - expected) / (1 - expected); null without pairs, and where both find nothing but ties. */
  kappa: Estimate | null;
}

export interface AnnotatorSummary {
  name: string;
  /** Different pairs of answers it has judged. */
  judged: number;
  ties: number;
}

export interface AgreementReport {
  annotators: AnnotatorSummary[];
  agreement: Agreement[];
}

/**
 * Cohen's kappa of a square table: `table[i][j]` items that one annotator calls i and the other j.
 * The interval takes the agreement by chance for known, as Cohen's standard error does, and is that of the observed
 * agreement (Wilson 1927), so that it has a width where all agree.
 * @param items how many independent items there are, where the table has each more than once
 */
export function cohensKappa(
  table: readonly (readonly number[])[],
  items?: number,
): Pick<Agreement, 'observed' | 'expected' | 'kappa'> {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const total = sum(table.flat());
  if (total === 0) return { observed: null, expected: null, kappa: null };
  const count = items ?? total;
  const value = sum(table.map((row, i) => row[i]!)) / total;
  const expected = sum(table.map((row, i) => (sum(row) * sum(table.map((other) => other[i]!))) / total ** 2));
  const observed = { value, ...wilson(value * count, count) };
  const corrected = (share: number): number => (share - expected) / (1 - expected);
  if (1 - expected < 1e-12) return { observed, expected, kappa: null };
  const kappa = { value: corrected(value), low: corrected(observed.low), high: corrected(observed.high) };
  return { observed, expected, kappa };
}

const TIE = 2;

/**
 * Agreement of all annotators, two at a time, on the pairs of answers that both have judged. What a pair is depends on the
 * prompt and the two texts, whichever was shown first; who judged a pair twice means what he said last. For kappa each pair
 * counts in both orders, so that it does not depend on which answer is called the first.
 */
export function agreementReport(judgements: readonly Judgement[]): AgreementReport {
  const byAnnotator = new Map<string, Map<string, number>>();
  for (const { annotator, prompt, answers, tie } of judgements) {
    const sorted = answers.toSorted();
    const verdicts = byAnnotator.get(annotator) ?? new Map<string, number>();
    verdicts.set(JSON.stringify([prompt, sorted]), tie ? TIE : sorted.indexOf(answers[0]));
    byAnnotator.set(annotator, verdicts);
  }
  const all = [...byAnnotator].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    annotators: all.map(([name, verdicts]) => ({
      name,
      judged: verdicts.size,
      ties: [...verdicts.values()].filter((verdict) => verdict === TIE).length,
    })),
    agreement: all.flatMap(([a, ofA], i) =>
      all.slice(i + 1).map(([b, ofB]): Agreement => ({ annotators: [a, b], ...agreementOf(ofA, ofB) })),
    ),
  };
}

function agreementOf(ofA: Map<string, number>, ofB: Map<string, number>): Omit<Agreement, 'annotators'> {
  const table = Array.from({ length: 3 }, () => [0, 0, 0]);
  const turned = (verdict: number): number => (verdict === TIE ? TIE : 1 - verdict);
  let pairs = 0;
  for (const [pair, a] of ofA) {
    const b = ofB.get(pair);
    if (b === undefined) continue;
    pairs++;
    table[a]![b]!++;
    table[turned(a)]![turned(b)]!++;
  }
  return { pairs, ...cohensKappa(table, pairs) };
}
