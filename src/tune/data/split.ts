/** Examples held out to validate, by their content: what is in the file twice is all on one side. */
import { InputError } from '../../io/errors.js';
import { sha256 } from '../../io/files.js';
import { contentHash } from './batches.js';
import type { Example } from './examples.js';

/**
 * Takes about `fraction` of the examples out to validate with. Which ones depends on their content and the seed, not on
 * where they stand. Both sides keep the order of the file, and both have something unless `fraction` is 0.
 * @throws InputError for a fraction outside [0, 1), and where all examples are the same
 */
export function splitExamples(
  examples: readonly Example[],
  fraction: number,
  seed: number,
): { train: Example[]; validation: Example[] } {
  if (!(fraction >= 0 && fraction < 1))
    throw new InputError(`the part to validate with must be from 0 to below 1, not ${fraction}`);
  if (fraction === 0) return { train: [...examples], validation: [] };
  const groups = new Map<string, Example[]>();
  for (const example of examples) {
    const hash = sha256(`${seed} ${contentHash(example)}`);
    const group = groups.get(hash);
    if (group) group.push(example);
    else groups.set(hash, [example]);
  }
  if (groups.size < 2)
    throw new InputError('there are no two different examples, so none can be held out: add some, or hold out none');
  const order = [...groups.keys()].sort();
  const wanted = Math.max(1, Math.round(fraction * examples.length));
  const heldOut = new Set<Example>();
  for (const hash of order.slice(0, -1)) {
    for (const example of groups.get(hash)!) heldOut.add(example);
    if (heldOut.size >= wanted) break;
  }
  return {
    train: examples.filter((example) => !heldOut.has(example)),
    validation: examples.filter((example) => heldOut.has(example)),
  };
}
