/** How near a completion is to a wanted length. */
import { z } from 'zod';
import { count, perInput, rewardKind } from './kind.js';

/**
 * 1 where the completion has `min` to `max` tokens. Below, it falls linearly to 0 at no tokens; above, to 0 at twice `max`.
 */
export const length = rewardKind({
  example: 'length:min=20,max=60',
  about: '1 from min to max tokens; falls linearly outside, to 0 at no tokens and at twice max',
  settings: z.strictObject({
    min: count.default(0),
    max: count.pipe(z.number().min(1, 'it is below 1')).optional(),
  }),
  refuse: ({ min, max }) =>
    min === 0 && max === undefined
      ? 'needs min or max: length:min=20,max=60'
      : max !== undefined && min > max
        ? `has min=${min} above max=${max}`
        : null,
  open: ({ min, max = Infinity }) => perInput(({ tokens }) => lengthReward(tokens, min, max)),
});

/** @param max Infinity for none */
export function lengthReward(tokens: number, min: number, max: number): number {
  if (tokens < min) return tokens / min;
  return tokens <= max ? 1 : Math.max(0, 2 - tokens / max);
}
