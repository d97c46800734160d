/** Whether a completion ends in the right number. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { acceptedAnswers } from './answers.js';
import { number, perInput, rewardKind } from './kind.js';
import { findNumbers, type FoundNumber } from './numbers.js';
import { describePrompt, type RewardPrompt } from './types.js';

const share = number.pipe(z.number().min(0, 'it is below 0'));

/**
 * 1 where the last number of the completion is the one in the example's field (its last number, where it is a text that ends
 * in the answer), within the larger of `tolerance` and `relative` · |answer|; otherwise 0. `45%` is 45 as well as 0.45.
 */
export const numberMatch = rewardKind({
  example: 'number:field=answer,tolerance=0.01',
  about:
    '1 where the last number of the completion is that of the field, within tolerance (absolute) or relative (a share)',
  settings: z.strictObject({
    field: z.string().default('answer'),
    tolerance: share.default(0),
    relative: share.default(0),
  }),
  open: ({ field, tolerance, relative }) => {
    const answersOf = (prompt: RewardPrompt): FoundNumber[] =>
      acceptedAnswers(prompt, field, 'number').map((answer) => {
        const found = findNumbers(answer).at(-1);
        if (found) return found;
        throw new InputError(
          `the reward number: ${JSON.stringify(field)} of ${describePrompt(prompt)} has no number in it: ${answer}`,
        );
      });
    return perInput(
      (input) => {
        const given = findNumbers(input.completion).at(-1);
        return given && answersOf(input).some((answer) => sameNumber(given, answer, { tolerance, relative })) ? 1 : 0;
      },
      { check: (prompt) => void answersOf(prompt) },
    );
  },
});

type Sizes = Pick<FoundNumber, 'value' | 'percent'>;

/** Whether two numbers are one, be it written as a share or in percent. */
export function sameNumber(given: Sizes, answer: Sizes, within: { tolerance: number; relative: number }): boolean {
  const near = (a: number, b: number): boolean =>
    Math.abs(a - b) <= Math.max(within.tolerance, within.relative * Math.abs(b));
  if (near(given.value, answer.value)) return true;
  if (given.percent === answer.percent) return false;
  return given.percent ? near(given.value / 100, answer.value) : near(given.value, answer.value / 100);
}
