import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Random } from '../io/hash-random.js';
import { type HalvingOptions, successiveHalving } from './halving.js';

/** Candidates that get each example right with a chance of their own. */
function arms(chances: readonly number[], options: Partial<HalvingOptions> = {}) {
  const right = chances.map((chance, i) => {
    const random = new Random(1, i);
    return Array.from({ length: 400 }, () => Number(random.uniform() < chance));
  });
  const scored = chances.map(() => 0);
  const value = (i: number, size: number) => right[i]!.slice(0, size).reduce((sum, x) => sum + x, 0);
  const all: HalvingOptions = {
    candidates: chances.length,
    examples: 400,
    budget: 1e5,
    batch: 8,
    least: 16,
    cost: () => 10,
    score: async (i, from, to) => {
      expect(from).toBe(scored[i]); // nothing twice, nothing left out
      scored[i] = to;
      return 10 * (to - from);
    },
    compare: (a, b, size) => value(b, size) - value(a, size),
    ...options,
  };
  return { run: () => successiveHalving(all), scored };
}

it('finds a clearly better one, and the others fall by halves', async () => {
  const chances = Array.from({ length: 16 }, (_, i) => (i === 11 ? 0.9 : 0.4));
  const { run, scored } = arms(chances, { budget: 12_000 });
  const { winner, rounds, spent } = await run();
  expect(winner).toBe(11);
  expect(rounds.map(({ ranking, kept }) => [ranking.length, kept])).toEqual([[16, 8], [8, 4], [4, 2], [2, 1]]); // prettier-ignore
  expect(spent).toBeLessThanOrEqual(12_000);
  expect(scored[0]).toBe(rounds.at(-1)!.size); // the seed is carried along
  expect(scored.filter((size) => size === 16 || size < 32).length).toBeGreaterThanOrEqual(7);
});

it('keeps to the budget, whatever it is', async () => {
  const counts = fc.integer({ min: 2, max: 40 });
  await fc.assert(
    fc.asyncProperty(counts, fc.integer({ min: 0, max: 40_000 }), async (count, more) => {
      const budget = count * 160 + more;
      const { run } = arms(new Array<number>(count).fill(0.5), { budget });
      const { spent, rounds, winner } = await run();
      // Carrying the seed along is all that may come on top.
      expect(spent).toBeLessThanOrEqual(budget + 10 * 16);
      expect(rounds.at(-1)!.ranking[0]).toBe(winner);
      for (const [i, { size }] of rounds.entries()) expect(size).toBeGreaterThanOrEqual(rounds[i - 1]?.size ?? 16);
      const { run: poor } = arms(new Array<number>(count).fill(0.5), { budget: count * 160 - 1 });
      await expect(poor()).rejects.toThrow(/too small/);
    }),
    { numRuns: 40 },
  );
});

it('decides at once where all examples are scored', async () => {
  const { run } = arms([0.5, 0.2, 0.9, 0.1], { examples: 30, budget: 1e6 });
  const { rounds, winner } = await run();
  expect(rounds).toHaveLength(1);
  expect(rounds[0]!.size).toBe(30);
  expect(winner).toBe(2);
});

it('stops where it is asked to, with the best of the last whole round', async () => {
  const controller = new AbortController();
  const { run } = arms([0.2, 0.9, 0.3, 0.1], {
    budget: 6000,
    signal: controller.signal,
    onRound: () => controller.abort(),
  });
  const { rounds, winner, interrupted } = await run();
  expect({ rounds: rounds.length, winner, interrupted }).toEqual({ rounds: 1, winner: 1, interrupted: true });
});
