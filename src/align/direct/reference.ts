/** What the reference says of the answers, computed once: a run then holds and runs one model. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scope } from '../../engine/index.js';
import { type Example, exampleBatchesOnce } from '../../tune/index.js';
import type { Policy } from '../policy.js';
import { sequenceLogProbs } from './log-probs.js';

/**
 * Log-probability of each example's learned tokens under the model as it was before alignment, in nats.
 * @param batchTokens most tokens that go through the model at a time, where an example is not longer
 */
export async function referenceLogProbs(
  policy: Policy,
  examples: readonly Example[],
  batchTokens: number,
  onProgress?: (done: number) => void,
): Promise<Float32Array> {
  const all = new Float32Array(examples.length);
  if (examples.length === 0) return all;
  const longest = examples.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const packing = { context: longest, rowsPerBatch: Math.max(1, Math.floor(batchTokens / longest)) };
  let done = 0;
  for (const batch of exampleBatchesOnce(examples, packing)) {
    const sums = policy.withReference((model) => scope(() => sequenceLogProbs(model, batch).data.slice()));
    all.set(sums, done);
    done += sums.length;
    onProgress?.(done);
    await nextTurn(); // signals and the screen get their turn
  }
  return all;
}
