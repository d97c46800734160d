import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../io/errors.js';
import { evaluateRewards, rewardMarkdown, rewardSection } from './index.js';
import { fitLinearReward, linearMargin } from './linear.js';

const close = (value: number): number => expect.closeTo(value, 9) as number;

it('adds up what pairs say', () => {
  const rewards = Float64Array.of(2, 1, 0, 3, 1, 1, 4, 0);
  const lengths = { chosen: [5, 9, 4, 2], rejected: [8, 3, 4, 6] };
  const found = evaluateRewards(rewards, lengths, { chosen: [1, 1, 1, 9], rejected: [9, 9, 9, 1] });
  const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
  expect(found).toMatchObject({
    pairs: 4,
    accuracy: 2.5 / 4,
    loss: close(-(Math.log(sigma(1)) + Math.log(sigma(-3)) + Math.log(sigma(0)) + Math.log(sigma(4))) / 4),
    margin: close(0.5),
    meanReward: close(1.5),
  });
  expect(found.calibration.bins.map(({ count, observed }) => [count, observed])).toEqual([
    [1, 0], // equal rewards
    [1, 1], // σ(1)
    [2, 0.5], // σ(3), σ(4)
  ]);
  expect(found.calibration.error).toBeCloseTo((0.5 + (1 - sigma(1)) + (sigma(3) + sigma(4) - 1)) / 4, 9);
  expect(found.length.chosenShorter).toMatchObject({ pairs: 2, accuracy: 1 });
  expect(found.length.chosenLonger).toMatchObject({ pairs: 1, accuracy: 0 });
  expect(found.length.correlationWithinPairs).toBeLessThan(-0.8);
  expect(found.lengthOnly).toMatchObject({ accuracy: 2.5 / 4 });
  expect(() => evaluateRewards(new Float64Array(0), { chosen: [], rejected: [] })).toThrow(InputError);
});

it('is the mirror image for pairs the other way round', () => {
  const numbers = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(numbers, (values) => {
      const rewards = Float64Array.from(values.slice(0, values.length & ~1));
      const swapped = rewards.map((_, i) => rewards[i ^ 1]!);
      const lengths = Array.from({ length: rewards.length / 2 }, (_, i) => (i * 7) % 5);
      const others = lengths.map((length) => (length * 3) % 7);
      const a = evaluateRewards(rewards, { chosen: lengths, rejected: others });
      const b = evaluateRewards(swapped, { chosen: others, rejected: lengths });
      expect(b.accuracy).toBeCloseTo(1 - a.accuracy, 9);
      expect(b.margin).toBeCloseTo(-a.margin, 9);
      expect(b.length.correlation).toBeCloseTo(a.length.correlation, 9);
      expect(b.length.correlationWithinPairs).toBeCloseTo(a.length.correlationWithinPairs, 9);
      expect(b.length.chosenLonger.pairs).toBe(a.length.chosenShorter.pairs);
    }),
  );
});

it('fits a linear reward to the minimum of its loss', () => {
  const pairs = Array.from({ length: 50 }, (_, i) => ({
    features: Int32Array.of(0, 1 + (i % 2)),
    values: Float64Array.of(Math.sin(i), i % 5 === 0 ? -1 : 1),
  }));
  const l2 = 0.01;
  const weights = fitLinearReward(pairs, 3, l2);
  const slopes = weights.map((w) => l2 * w);
  for (const pair of pairs)
    for (const [i, feature] of pair.features.entries())
      slopes[feature]! -= pair.values[i]! / (1 + Math.exp(linearMargin(weights, pair))) / pairs.length;
  slopes.forEach((slope) => expect(Math.abs(slope)).toBeLessThan(1e-4));
});

it('is shown as a part of a page and as a table, whatever is missing', () => {
  const evaluation = evaluateRewards(Float64Array.of(2, 1, 0, 3), { chosen: [5, 5], rejected: [8, 8] });
  const html = rewardSection(evaluation);
  expect(html).toContain('50.0%');
  expect(html).toContain('no better than its baseline');
  expect(rewardMarkdown(evaluation)).toContain('| the better answer is shorter | 2 | 0.500 |');
  for (const text of [html, rewardMarkdown(evaluation)]) expect(text).not.toMatch(/NaN|undefined|\[object/);
});
