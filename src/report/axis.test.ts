import { describe, expect, it } from 'vitest';
import { axisLabel, ticks } from './axis.js';

describe('an axis', () => {
  it('has round ticks and short labels', () => {
    expect(ticks(0, 4.1)).toEqual([0, 1, 2, 3, 4]);
    expect(ticks(-0.3, 0.32)).toEqual([-0.2, 0, 0.2]);
    expect(ticks(1.31, 1.33)).toEqual([1.31, 1.315, 1.32, 1.325, 1.33]);
    expect([1.25e6, 25_000, 950, 0].map((n) => axisLabel(n, 'count'))).toEqual(['1.25M', '25k', '950', '0']);
    expect([axisLabel(0.655, 'percent'), axisLabel(0.003, 'scientific')]).toEqual(['65.5%', '3e−3']);
  });
});
