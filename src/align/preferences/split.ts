/** Feedback held out by its prompts. */
import { InputError } from '../../io/errors.js';
import { sha256 } from '../../io/files.js';
import type { Prompt } from './types.js';

/**
 * Holds out about `fraction` of the items, whole prompts at a time: which ones depends on the prompts and the seed, not on
 * where they stand. Both sides keep their order and have something, unless `fraction` is 0.
 * @throws InputError for a fraction outside [0, 1), and where all items have the same prompt
 */
export function splitByPrompt<T extends { prompt: Prompt }>(
  items: readonly T[],
  fraction: number,
  seed: number,
): { train: T[]; heldOut: T[] } {
  if (!(fraction >= 0 && fraction < 1))
    throw new InputError(`the part to hold out must be from 0 to below 1, not ${fraction}`);
  if (fraction === 0) return { train: [...items], heldOut: [] };
  const hashes = items.map(({ prompt }) => sha256(`${seed} ${JSON.stringify(prompt)}`));
  const counts = new Map<string, number>();
  for (const hash of hashes) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  if (counts.size < 2)
    throw new InputError('all prompts are the same, so none can be held out: add others, or hold out none');
  const heldOut = new Set<string>();
  const wanted = Math.max(1, Math.round(fraction * items.length));
  let held = 0;
  for (const hash of [...counts.keys()].sort().slice(0, -1)) {
    if (held >= wanted) break;
    heldOut.add(hash);
    held += counts.get(hash)!;
  }
  return {
    train: items.filter((_, i) => !heldOut.has(hashes[i]!)),
    heldOut: items.filter((_, i) => heldOut.has(hashes[i]!)),
  };
}
