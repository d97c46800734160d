import { describe, expect, it } from 'vitest';
import { compare, metricOf, metricValue, scoreOf } from './metric.js';
import { promptFile } from './fixtures.js';
import { bootstrap, mcnemar, wilson } from './statistics.js';

it('gives published Wilson intervals', () => {
  // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
  expect(wilson(81, 263)).toEqual({
    low: expect.closeTo(0.2553, 4) as number,
    high: expect.closeTo(0.3662, 4) as number,
  });
  expect(wilson(0, 20)).toEqual({ low: 0, high: expect.closeTo(0.1611, 4) as number });
  expect(wilson(1, 29).low).toBeCloseTo(0.0061, 4);
  expect(wilson(29, 29).high).toBe(1);
});

it('gives the exact McNemar test', () => {
  expect(mcnemar(5, 5)).toBe(1);
  expect(mcnemar(0, 6)).toBeCloseTo(2 / 64, 12);
  expect(mcnemar(6, 0)).toBeCloseTo(2 / 64, 12);
  expect(mcnemar(1, 9)).toBeCloseTo((2 * 11) / 1024, 12);
  expect(mcnemar(0, 0)).toBe(1);
  expect(mcnemar(400, 700)).toBeLessThan(1e-15);
});

it('bootstraps a mean as wide as theory says, the same for a seed', () => {
  const values = Array.from({ length: 400 }, (_, i) => (i * 37) % 100);
  const mean = (items: Int32Array) => items.reduce((sum, i) => sum + values[i]!, 0) / items.length;
  const { low, high } = bootstrap(400, mean, { seed: 1 });
  const standardError = 28.87 / 20;
  expect(high - low).toBeGreaterThan(3.92 * standardError * 0.93);
  expect(high - low).toBeLessThan(3.92 * standardError * 1.07);
  expect(bootstrap(400, mean, { seed: 1 })).toEqual({ low, high });
  expect(bootstrap(400, mean, { seed: 2 })).not.toEqual({ low, high });
});

describe('metrics', () => {
  const truths = ['a', 'a', 'a', 'b'].map((answer) => ({ answer }));
  const outcomes = (predicted: string) =>
    [...predicted].map((each, i) => ({
      predicted: each,
      correct: each === truths[i]!.answer,
      likelihood: -i,
      tokens: 1,
    }));
  it('are what their names say', () => {
    expect(metricValue('accuracy', truths, outcomes('aaaa'))).toBe(0.75);
    expect(metricValue('macro-f1', truths, outcomes('aaaa'))).toBeCloseTo((6 / 7 + 0) / 2, 12);
    expect(metricValue('macro-f1', truths, outcomes('aaab'))).toBe(1);
    expect(metricValue('likelihood', truths, outcomes('aaaa'))).toBe(-1.5);
    expect(scoreOf('accuracy', truths, outcomes('aaaa'))).toEqual({ value: 0.75, ...wilson(3, 4) });
  });
  it('compare pairs', () => {
    const same = compare('accuracy', truths, outcomes('aaaa'), outcomes('aaaa'));
    expect(same).toEqual({ difference: 0, low: 0, high: 0, p: 1, significant: false });
    const better = compare('accuracy', truths, outcomes('bbba'), outcomes('aaab'));
    expect(better).toEqual({ difference: 1, low: 1, high: 1, p: 2 / 16, significant: true });
    expect(compare('macro-f1', truths, outcomes('aaaa'), outcomes('aaab')).p).toBeNull();
  });
  it('must suit the output', () => {
    const { settings } = promptFile();
    expect(metricOf(settings)).toBe('accuracy');
    expect(() => metricOf(settings, 'exact')).toThrow(/does not suit/);
    expect(() => metricOf(settings, 'bleu')).toThrow(/no metric "bleu"/);
  });
});
