/**
 * Reverse-mode differentiation. Operations record, in order, how to carry a gradient from their output to their inputs;
 * backward runs the record in reverse and frees each output and its gradient as soon as nothing needs them.
 */
import { kernels } from './kernels.js';
import { freeStorage, type Storage } from './memory.js';
import { empty, Tensor } from './tensor.js';

interface Entry {
  output: Tensor;
  /** Receives the gradient of the output; adds to those of the inputs. */
  backward: (grad: Tensor) => void;
  /** Memory that only this operation holds: freed once its backward has run. */
  owned: readonly Storage[];
}

let entries: Entry[] | null = null;

/** Whether operations are being recorded. */
export function recording(): boolean {
  return entries !== null;
}

/**
 * Records an operation. `saved` are tensors that only its backward reads. Without a tape, or where no input wants a
 * gradient, nothing is recorded and `saved` is freed at once.
 */
export function record(
  output: Tensor,
  inputs: readonly (Tensor | null)[],
  saved: readonly Tensor[],
  backward: (grad: Tensor) => void,
): Tensor {
  if (entries && inputs.some((input) => input?.requiresGrad)) {
    output.requiresGrad = true;
    const owned = saved.map((tensor) => tensor.storage);
    if (!inputs.some((input) => input?.storage === output.storage)) owned.push(output.storage);
    entries.push({ output, backward, owned });
  } else {
    for (const tensor of saved) freeStorage(tensor.storage);
  }
  return output;
}

/** Runs `forward` on a fresh tape and returns what it returns; call {@link Tape.backward} with its loss. */
export class Tape {
  private recorded: Entry[] = [];

  run<T>(forward: () => T): T {
    if (entries) throw new Error('a tape is already recording');
    entries = this.recorded;
    try {
      return forward();
    } finally {
      entries = null;
    }
  }

  /**
   * Carries the gradient `seed` (default 1) of a recorded scalar to every parameter, adding to their `grad`.
   * Intermediate tensors of the forward pass are freed on the way; the loss stays readable.
   */
  backward(loss: Tensor, seed = 1): void {
    if (loss.size !== 1) throw new Error(`backward starts from one number, the shape is [${loss.shape}]`);
    const start = empty([1]);
    start.raw[0] = seed;
    loss.grad = start;
    for (let i = this.recorded.length - 1; i >= 0; i--) {
      const { output, backward, owned } = this.recorded[i]!;
      const { grad } = output;
      if (grad) {
        output.grad = null;
        backward(grad);
        if (!handedOver.delete(grad)) freeStorage(grad.storage);
      }
      for (const storage of owned) if (storage !== loss.storage) freeStorage(storage);
    }
    this.recorded = [];
  }
}

// Gradients that became another tensor's gradient instead of being copied.
const handedOver = new WeakSet<Tensor>();

/**
 * The gradient of an input, to add to: `write(grad, accumulate)` is called with the tensor to fill and whether to add to
 * what is there. Does nothing for inputs that want none.
 */
export function addGrad(input: Tensor, write: (grad: Tensor, accumulate: boolean) => void): void {
  if (!input.requiresGrad) return;
  if (input.grad) {
    write(input.grad, true);
  } else {
    const grad = empty(input.shape);
    write(grad, false);
    input.grad = grad;
  }
}

/** Adds `grad`, the gradient of the operation's own output, to an input of the same size; as the last use of it. */
export function passGrad(input: Tensor, grad: Tensor): void {
  if (!input.requiresGrad) return;
  if (input.grad) {
    kernels.affine(grad.raw, input.grad.raw, input.size, 1, 1, 0);
  } else {
    input.grad = new Tensor(input.shape, grad.storage);
    handedOver.add(grad);
  }
}
