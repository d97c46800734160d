/** Whether a completion came to an end. */
import { z } from 'zod';
import { perInput, rewardKind } from './kind.js';

/** 1 where the completion ended by itself, 0 where it was cut at the limit. */
export const end = rewardKind({
  example: 'end',
  about: '1 where the completion ended by itself, 0 where it was cut at the limit',
  settings: z.strictObject({}),
  open: () => perInput(({ truncated }) => (truncated ? 0 : 1)),
});
