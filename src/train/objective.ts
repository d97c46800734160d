/** Next-token prediction: the loss of a packed batch and its gradients. */
import { scope, Tape, tokenLogProbs, weightedSum } from '../engine/index.js';
import type { HiddenOptions, PackedTokens, Transformer } from '../model/index.js';

/** Packed sequences with what follows each token. */
export interface TrainingBatch extends PackedTokens {
  /** [rows] next token of each, or -1 where it is not to be predicted */
  targets: Int32Array;
}

/** Number of targets that count. */
export function countTargets(targets: Int32Array): number {
  let count = 0;
  for (const target of targets) if (target >= 0) count++;
  return count;
}

/**
 * Adds the gradient of Σ -log p(target) / `targetsInStep` to the parameters' and returns that sum. With the batch of a
 * step in several parts, `targetsInStep` counts the targets of all of them, so that parts add up to the whole.
 */
export function lossAndGradients(
  model: Transformer,
  batch: TrainingBatch,
  targetsInStep: number,
  options: HiddenOptions = {},
): number {
  const weights = Float32Array.from(batch.targets, (target) => (target < 0 ? 0 : -1 / targetsInStep));
  return scope(() => {
    const tape = new Tape();
    const loss = tape.run(() => {
      const { logProbs } = tokenLogProbs(model.hidden(batch, options), model.head, batch.targets, {
        expected: weights,
      });
      return weightedSum(logProbs, weights);
    });
    const value = loss.item();
    tape.backward(loss);
    return value;
  });
}

/** Σ -log p(target) over the batch, in nats, without gradients. */
export function totalLoss(model: Transformer, batch: TrainingBatch): number {
  return scope(() => {
    const { logProbs } = tokenLogProbs(model.hidden(batch), model.head, batch.targets);
    return -logProbs.data.reduce((sum, x) => sum + x, 0);
  });
}
