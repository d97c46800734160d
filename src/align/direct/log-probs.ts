/** How likely a model finds whole answers. */
import { segmentSums, type Tensor, tokenLogProbs } from '../../engine/index.js';
import type { Transformer } from '../../model/index.js';
import type { ExampleBatch } from '../../tune/index.js';

/** Log-probability of each sequence's learned tokens given the rest, [sequences], in nats; differentiable. */
export function sequenceLogProbs(model: Transformer, batch: ExampleBatch): Tensor {
  const { logProbs } = tokenLogProbs(model.hidden(batch), model.head, batch.targets);
  return segmentSums(logProbs, batch.sequenceStarts);
}

/** Learned tokens of each sequence, [sequences]. */
export function learnedCounts({ targets, sequenceStarts }: ExampleBatch): Float32Array {
  const counts = new Float32Array(sequenceStarts.length - 1);
  for (let s = 0; s < counts.length; s++)
    for (let row = sequenceStarts[s]!; row < sequenceStarts[s + 1]!; row++) if (targets[row]! >= 0) counts[s]!++;
  return counts;
}
