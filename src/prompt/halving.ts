/**
 * Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification"): all that are left are scored on
 * the same sample, the worse half falls, and what the budget has left goes into a larger sample for the others.
 */
import { InputError } from '../io/errors.js';

export interface HalvingOptions {
  /** Candidates by number; 0 is the seed, which is scored in every round for comparison. */
  candidates: number;
  /** Examples there are; samples are the first of them. */
  examples: number;
  /** What all scoring together may cost. */
  budget: number;
  /** Examples scored together: samples grow by whole batches. */
  batch: number;
  /** Smallest first sample. */
  least: number;
  /** Cost of an example for a candidate, as far as is known. */
  cost: (candidate: number) => number;
  /** Scores a candidate on examples from to to - 1 and returns what it cost. */
  score: (candidate: number, from: number, to: number) => Promise<number>;
  /** Order of two candidates scored on `size` examples: negative where the first is better. */
  compare: (a: number, b: number, size: number) => number;
  /** Called after each round. */
  onRound?: (round: Round) => void;
  signal?: AbortSignal;
}

export interface Round {
  /** From 1. */
  number: number;
  /** Examples scored so far. */
  size: number;
  /** Best first. */
  ranking: readonly number[];
  /** How many of the ranking stay. */
  kept: number;
  spent: number;
}

export interface HalvingResult {
  winner: number;
  rounds: Round[];
  spent: number;
  /** Whether it was stopped before the end; the winner is then the best so far. */
  interrupted: boolean;
}

/** @throws InputError where the budget does not pay for the smallest sample of all candidates */
export async function successiveHalving(options: HalvingOptions): Promise<HalvingResult> {
  const { candidates, examples, budget, batch, cost, score, compare, signal } = options;
  const least = Math.min(examples, Math.ceil(options.least / batch) * batch);
  let left = Array.from({ length: candidates }, (_, i) => i);
  const needed = left.reduce((sum, candidate) => sum + cost(candidate) * least, 0);
  if (needed > budget)
    throw new InputError(
      `a budget of ${budget} tokens is too small: ${candidates} candidates on ${least} examples each take about ${Math.ceil(needed)}`,
    );
  const total = Math.max(1, Math.ceil(Math.log2(candidates)));
  const scored = new Int32Array(candidates);
  const rounds: Round[] = [];
  let [spent, size, interrupted] = [0, 0, false];
  for (let number = 1; number <= total && left.length > 1; number++) {
    const taking = left.includes(0) ? left : [0, ...left];
    const share = (budget - spent) / (total - number + 1);
    size = largestSample(Math.max(size, least), share);
    for (const candidate of taking) {
      for (let from = scored[candidate]!; from < size && !interrupted; from += batch) {
        const to = Math.min(size, from + batch);
        spent += await score(candidate, from, to);
        scored[candidate] = to;
        interrupted = signal?.aborted ?? false;
      }
      if (interrupted) break;
    }
    if (interrupted) break;
    const ranking = left.toSorted((a, b) => compare(a, b, size) || a - b);
    // Where nothing more can be learnt, or this is the last round, the best is the winner.
    const last = number === total || size >= examples;
    const kept = last ? 1 : Math.ceil(ranking.length / 2);
    const round = { number, size, ranking, kept, spent };
    rounds.push(round);
    options.onRound?.(round);
    left = ranking.slice(0, kept);

    function largestSample(from: number, share: number): number {
      const costOf = (size: number): number =>
        taking.reduce((sum, candidate) => sum + cost(candidate) * Math.max(0, size - scored[candidate]!), 0);
      let size = from;
      while (size < examples && costOf(Math.min(examples, size + batch)) <= share)
        size = Math.min(examples, size + batch);
      return size;
    }
  }
  return { winner: left[0]!, rounds, spent, interrupted };
}
