/** The loss of a reward model over pairs of answers (Bradley & Terry 1952; Ouyang et al. 2022, section 3.5). */
import { add, embedding, logSigmoid, square, sub, type Tensor, tensor, weightedSum } from '../../engine/index.js';

export interface PairLossOptions {
  /** [pairs] by how much each chosen answer is to be better */
  margins: Float32Array;
  /** See `rewardSettings`. */
  centring: number;
  /** Pairs that the loss is the mean over: those of the whole update. */
  pairsInStep: number;
}

/**
 * Σ over pairs of -log σ(chosen - rejected - margin) + centring · (chosen + rejected)², over `pairsInStep`.
 * @param rewards [2 · pairs, 1] of chosen, rejected, chosen, rejected, ...
 */
export function pairLoss(rewards: Tensor, { margins, centring, pairsInStep }: PairLossOptions): Tensor {
  const pairs = margins.length;
  const chosen = embedding(
    rewards,
    Int32Array.from(margins, (_, i) => 2 * i),
  ); // [pairs, 1]
  const rejected = embedding(
    rewards,
    Int32Array.from(margins, (_, i) => 2 * i + 1),
  );
  const ahead = sub(sub(chosen, rejected), tensor(margins, [pairs, 1]));
  const likelihood = weightedSum(logSigmoid(ahead), new Float32Array(pairs).fill(-1 / pairsInStep));
  if (centring === 0) return likelihood;
  const off = square(add(chosen, rejected));
  return add(likelihood, weightedSum(off, new Float32Array(pairs).fill(centring / pairsInStep)));
}
