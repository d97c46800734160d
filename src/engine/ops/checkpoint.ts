/** Gradient checkpointing: a part of the forward pass that keeps its inputs alone and is computed again by backward. */
import { lastingScope, passUp, scope } from '../memory.js';
import { record, Tape, unrecorded } from '../tape.js';
import type { Tensor } from '../tensor.js';

/**
 * The result of `fn`, of whose intermediate tensors nothing stays in memory: backward runs `fn` a second time (Chen et al.
 * 2016). Gradients are, to the bit, those without it.
 *
 * `fn` must give the same tensor each time. It may read trainable parameters, which get their gradients, and `inputs`, which
 * it must not change in place; tensors that depend on parameters and come from outside must all be among the inputs.
 */
export function checkpoint(inputs: readonly Tensor[], fn: () => Tensor): Tensor {
  const { value: output, differentiable } = unrecorded(() =>
    scope(() => {
      const result = fn();
      passUp(result.storage);
      return result;
    }),
  );
  if (!differentiable) return output;
  const again = (grad: Tensor): void => {
    const tape = new Tape();
    const { value, end } = lastingScope(() => tape.run(fn));
    try {
      tape.backward(value, grad);
    } finally {
      end();
    }
  };
  return record(output, inputs, [], again, true);
}
