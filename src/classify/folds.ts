/** Parts for cross-validation: equal texts in one part, labels spread evenly. */
import { Random } from '../io/hash-random.js';
import { sameTextKey } from './features.js';

/**
 * The part (0 to parts - 1) of each text. Texts with the same words (case, mentions, addresses and signs aside) go to one
 * part, so that none is learnt from and tested on. Groups are dealt by their first text's label, in random order.
 */
export function splitIntoParts(
  texts: readonly string[],
  labels: ArrayLike<number>,
  parts: number,
  seed: number,
): Uint8Array {
  const groups = new Map<string, number[]>();
  for (const [i, text] of texts.entries()) {
    const key = sameTextKey(text) || text;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  const order = new Random(seed).shuffle([...groups.values()]);
  const dealt = new Map<number, number>();
  const part = new Uint8Array(texts.length);
  for (const group of order) {
    const label = labels[group[0]!]!;
    const next = dealt.get(label) ?? label; // labels begin at different parts
    for (const i of group) part[i] = next % parts;
    dealt.set(label, next + 1);
  }
  return part;
}
