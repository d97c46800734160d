import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { createSchedule, scheduleShapes, type ScheduleOptions } from './schedule.js';

const options: fc.Arbitrary<Required<ScheduleOptions>> = fc.record({
  shape: fc.constantFrom(...scheduleShapes),
  warmupSteps: fc.nat(30),
  finalFraction: fc.double({ min: 0, max: 1, noNaN: true }),
  decayFraction: fc.double({ min: 0, max: 1, noNaN: true }),
  decay: fc.constantFrom('linear', '1-sqrt'),
});

describe('createSchedule', () => {
  it('rises in a line, then never rises, and stays between its bounds', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 200 }), (options, total) => {
        const schedule = createSchedule(options);
        const values = Array.from({ length: total }, (_, step) => schedule(step, total));
        const warm = values.slice(0, options.warmupSteps);
        expect(warm).toEqual(warm.map((_, step) => (step + 1) / options.warmupSteps));
        const rest = values.slice(options.warmupSteps);
        for (const [i, value] of rest.entries()) {
          expect(value).toBeLessThanOrEqual((rest[i - 1] ?? 1) + 1e-12);
          expect(value).toBeGreaterThanOrEqual(Math.min(1, options.finalFraction) - 1e-12);
        }
      }),
    );
  });

  it('would reach the final fraction at the step after the last, and wastes none', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 2, max: 200 }), (options, more) => {
        const total = options.warmupSteps + more;
        const schedule = createSchedule(options);
        const falls = options.shape === 'cosine' || (options.shape === 'wsd' && options.decayFraction > 0);
        expect(schedule(total, total)).toBeCloseTo(falls ? options.finalFraction : 1, 9);
        expect(schedule(total - 1, total)).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the known values', () => {
    const cosine = createSchedule({ shape: 'cosine', warmupSteps: 2, finalFraction: 0.1 });
    expect([0, 1, 2, 7, 12].map((step) => cosine(step, 12))).toEqual([0.5, 1, 1, 0.55, 0.1]);
    const wsd = createSchedule({ shape: 'wsd', warmupSteps: 2, decayFraction: 0.4 });
    expect([0, 1, 2, 6, 7, 8, 9, 10].map((step) => +wsd(step, 10).toFixed(9))).toEqual([
      0.5, 1, 1, 1, 0.75, 0.5, 0.25, 0,
    ]);
    const root = createSchedule({ shape: 'wsd', decayFraction: 0.4, decay: '1-sqrt' });
    expect([6, 7, 10].map((step) => root(step, 10))).toEqual([1, 0.5, 0]);
  });

  it('survives a run of one step', () => {
    for (const shape of scheduleShapes)
      for (const warmupSteps of [0, 1, 9]) {
        const value = createSchedule({ shape, warmupSteps })(0, 1);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    expect(createSchedule({ shape: 'cosine' })(0, 1)).toBe(1);
  });

  it('refuses values outside their range', () => {
    const bad = [{ warmupSteps: -1 }, { warmupSteps: 1.5 }, { finalFraction: 2 }, { decayFraction: NaN }];
    for (const values of bad) expect(() => createSchedule({ shape: 'wsd', ...values })).toThrow(InputError);
    expect(() => createSchedule({ shape: 'other' as 'wsd' })).toThrow(/no schedule "other"/);
  });
});
