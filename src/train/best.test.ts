import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { BestStep } from './best.js';

it('knows the first lowest number, and runs out of patience after so many that are not lower', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(3, 2, 1, 0.5, NaN, Infinity), { maxLength: 12 }),
      fc.integer({ min: 0, max: 4 }),
      (numbers, patience) => {
        const best = new BestStep('loss', patience);
        numbers.forEach((value, step) => best.see(step, value));
        const finite = numbers.filter(Number.isFinite);
        const lowest = finite.length > 0 ? Math.min(...finite) : null;
        const at = lowest === null ? -1 : numbers.indexOf(lowest);
        expect(best.record).toEqual(lowest === null ? null : { step: at, value: lowest });
        expect(best.exhausted).toBe(patience > 0 && numbers.length - 1 - at >= patience);
      },
    ),
  );
});

it('goes on from its state as if it had never stopped', () => {
  const [whole, first, second] = [1, 2, 3].map(() => new BestStep('loss', 2)) as [BestStep, BestStep, BestStep];
  for (const [step, value] of [3, 2, 2.5].entries()) whole.see(step, value);
  for (const [step, value] of [3, 2].entries()) first.see(step, value);
  second.restore(JSON.parse(JSON.stringify(first.state())));
  second.see(2, 2.5);
  expect(second.state()).toEqual(whole.state());
  expect(second.see(3, 2.5)).toBe(false);
  expect(second.exhausted).toBe(true);
  expect(() => second.restore({ best: 3 })).toThrow(InputError);
});
