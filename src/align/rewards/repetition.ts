/** How much a completion repeats itself, which is how many rewards are hacked. */
import { z } from 'zod';
import { count, perInput, rewardKind } from './kind.js';

/**
 * Share of the `words`-grams of the completion that were there before in it: 0 where nothing is repeated, near 1 where it
 * says one thing over and over. 0 where it has fewer words.
 */
export const repetition = rewardKind({
  example: 'repetition:words=4',
  about: 'share of the runs of so many words that were there before in the completion; give it a negative weight',
  settings: z.strictObject({ words: count.pipe(z.number().min(1, 'it is below 1')).default(4) }),
  open: ({ words }) => perInput(({ completion }) => repeatedShare(completion, words)),
});

export function repeatedShare(text: string, n: number): number {
  const words = text.toLowerCase().match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? [];
  const runs = words.length - n + 1;
  if (runs < 1) return 0;
  const seen = new Set<string>();
  for (let i = 0; i < runs; i++) seen.add(words.slice(i, i + n).join(' '));
  return (runs - seen.size) / runs;
}
