import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { auroc, calibrationCurve, confusionMatrix, expectedCalibrationError, qualityOfLabels } from './metrics.js';

it('AUROC counts the pairs in the right order, ties as half', () => {
  expect(auroc([0.9, 0.8, 0.3, 0.1], [true, true, false, false])).toBe(1);
  expect(auroc([0.1, 0.3, 0.8, 0.9], [true, true, false, false])).toBe(0);
  // Pairs (positive, negative): 0.8 > 0.6 yes, 0.8 > 0.4 yes, 0.5 > 0.6 no, 0.5 > 0.4 yes.
  expect(auroc([0.8, 0.5, 0.6, 0.4], [true, true, false, false])).toBe(0.75);
  expect(auroc([1, 1, 1], [true, false, false])).toBe(0.5);
  expect(auroc([0.5, 0.6], [true, true])).toBeNaN();
});

it('AUROC equals the share of ordered pairs counted one by one', () => {
  const item = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(item, { minLength: 2, maxLength: 40 }), (items) => {
      let [wins, pairs] = [0, 0];
      for (const [a, positive] of items)
        for (const [b, other] of items)
          if (positive && !other) {
            pairs++;
            wins += a > b ? 1 : a === b ? 0.5 : 0;
          }
      fc.pre(pairs > 0);
      const found = auroc(
        items.map(([score]) => score),
        items.map(([, positive]) => positive),
      );
      expect(found).toBeCloseTo(wins / pairs, 12);
    }),
  );
});

it('precision, recall and F1 of a matrix worked by hand', () => {
  const confusion = confusionMatrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1], 3);
  expect(confusion).toEqual([
    [2, 1, 0],
    [1, 1, 0],
    [0, 1, 0],
  ]);
  const [first, second, third] = qualityOfLabels(confusion);
  expect(first).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 4 / 6, support: 3 });
  expect(second).toEqual({ precision: 1 / 3, recall: 1 / 2, f1: 2 / 5, support: 2 });
  expect(third).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
});

it('calibration bins and their error worked by hand', () => {
  const curve = calibrationCurve([0.05, 0.15, 0.95, 1], [false, true, true, true], 10);
  expect(curve.map(({ from, count, observed }) => [from, count, observed])).toEqual([
    [0, 1, 0],
    [0.1, 1, 1],
    [0.9, 2, 1],
  ]);
  // (|0 - 0.05| + |1 - 0.15| + 2 |1 - 0.975|) / 4
  expect(expectedCalibrationError(curve)).toBeCloseTo((0.05 + 0.85 + 0.05) / 4, 12);
});
