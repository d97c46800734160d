import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gae, groupAdvantages, whiten } from './advantages.js';
import { KlController, klEstimate } from './kl.js';
import { grpoVariants } from './settings.js';

const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: length, maxLength: length });
const trajectory = fc.integer({ min: 1, max: 12 }).chain((n) => fc.tuple(numbers(n), numbers(n)));

describe('gae', () => {
  it('is the discounted sum of temporal differences', () => {
    fc.assert(
      fc.property(
        trajectory,
        fc.double({ min: 0.5, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ([r, v], gamma, lambda) => {
          const { advantages, returns } = gae(r, v, gamma, lambda);
          for (const [t, advantage] of advantages.entries()) {
            let sum = 0;
            for (let k = t; k < r.length; k++)
              sum += (gamma * lambda) ** (k - t) * (r[k]! + gamma * (v[k + 1] ?? 0) - v[k]!);
            expect(advantage).toBeCloseTo(sum, 9);
            expect(returns[t]!).toBeCloseTo(sum + v[t]!, 9);
          }
        },
      ),
    );
  });

  it('with lambda 1 is what was earned less what was expected', () => {
    const { advantages, returns } = gae([0, 0, 2], [0.5, -1, 0.25], 1, 1);
    expect([...returns]).toEqual([2, 2, 2]);
    expect([...advantages]).toEqual([1.5, 3, 1.75]);
  });
});

describe('whiten', () => {
  it('gives mean 0 and variance 1, and 0 for what is all equal', () => {
    const all = [Float64Array.of(1, 2, 3), Float64Array.of(10)];
    whiten(all);
    const flat = all.flatMap((each) => [...each]);
    expect(flat.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
    expect(flat.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 6);
    const equal = [Float64Array.of(2, 2), Float64Array.of(2)];
    whiten(equal);
    expect(equal.flatMap((each) => [...each])).toEqual([0, 0, 0]);
  });
});

describe('groupAdvantages', () => {
  it.each(grpoVariants)('%s: groups of equal reward give exactly 0, of two no NaN', (variant) => {
    for (const reward of [0, 0.1, -1 / 3, 1e9])
      for (const size of [2, 3, 7])
        expect([...groupAdvantages(new Float64Array(size).fill(reward), variant)]).toEqual(new Array(size).fill(0));
    const [a, b] = groupAdvantages(Float64Array.of(0, 1e-9), variant);
    expect(Number.isFinite(a) && Number.isFinite(b)).toBe(true);
    expect(b).toBeGreaterThan(0);
    expect(a).toBe(-b!);
  });

  it('compares with the others', () => {
    const rewards = Float64Array.of(1, 2, 6);
    expect([...groupAdvantages(rewards, 'dr_grpo')]).toEqual([-2, -1, 3]);
    // 1 against the mean of 2 and 6
    expect([...groupAdvantages(rewards, 'rloo')].map((x) => Number(x.toFixed(9)))).toEqual([-3, -1.5, 4.5]);
    const spread = Math.sqrt((4 + 1 + 9) / 2);
    for (const [i, x] of groupAdvantages(rewards, 'grpo').entries())
      expect(x).toBeCloseTo([-2, -1, 3][i]! / (spread + 1e-4), 9);
  });
});

describe('KL', () => {
  it('is estimated without bias by k1 and k3, and by k3 never below 0', () => {
    const [p, q] = [[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]; // prettier-ignore
    const kl = p!.reduce((sum, x, i) => sum + x * Math.log(x / q![i]!), 0);
    for (const estimator of ['k1', 'k3'] as const) {
      const mean = p!.reduce((sum, x, i) => sum + x * klEstimate(estimator, Math.log(x), Math.log(q![i]!)), 0);
      expect(mean).toBeCloseTo(kl, 12);
    }
    fc.assert(
      fc.property(
        fc.double({ min: -20, max: 0, noNaN: true }),
        fc.double({ min: -20, max: 0, noNaN: true }),
        (a, b) => {
          expect(klEstimate('k3', a, b)).toBeGreaterThanOrEqual(0);
          expect(klEstimate('k1', a, a) + klEstimate('k3', a, a)).toBe(0);
        },
      ),
    );
  });

  it('is steered to its target, and goes on where it was', () => {
    const fixed = new KlController(0.1, null);
    fixed.observe(100);
    expect(fixed.coefficient).toBe(0.1);
    const steered = new KlController(0.1, 6);
    steered.observe(100);
    expect(steered.coefficient).toBeCloseTo(0.102, 12);
    steered.observe(6.6);
    expect(steered.coefficient).toBeCloseTo(0.102 * 1.01, 12);
    steered.observe(0);
    expect(steered.coefficient).toBeCloseTo(0.102 * 1.01 * 0.98, 12);
    const other = new KlController(1, 6);
    other.restore(steered.state());
    expect(other.coefficient).toBe(steered.coefficient);
    expect(() => other.restore({ coefficient: 'much' })).toThrow('KL coefficient');
  });
});
