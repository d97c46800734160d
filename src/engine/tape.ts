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
// Whether an operation that was not recorded, of those run by unrecorded(), would have carried a gradient.
let leftOut = false;

/** Whether operations are being recorded. */
export function recording(): boolean {
  return entries !== null;
}

/** Runs `body` without recording it; `differentiable` says whether there was anything to record. */
export function unrecorded<T>(body: () => T): { value: T; differentiable: boolean } {
  const [outer, outerLeftOut] = [entries, leftOut];
  entries = null;
  leftOut = false;
  try {
    const value = body();
    return { value, differentiable: leftOut };
  } finally {
    entries = outer;
    leftOut = outerLeftOut || leftOut;
  }
}

/**
 * Records an operation. `saved` are tensors that only its backward reads. Without a tape, or where no input wants a
 * gradient, nothing is recorded and `saved` is freed at once. `always` says that backward reaches parameters that are not
 * among the inputs.
 */
export function record(
  output: Tensor,
  inputs: readonly (Tensor | null)[],
  saved: readonly Tensor[],
  backward: (grad: Tensor) => void,
  always = false,
): Tensor {
  const wanted = always || inputs.some((input) => input?.requiresGrad);
  if (entries && wanted) {
    output.requiresGrad = true;
    const owned = saved.map((tensor) => tensor.storage);
    if (!inputs.some((input) => input?.storage === output.storage)) owned.push(output.storage);
    entries.push({ output, backward, owned });
  } else {
    leftOut ||= wanted;
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
   * Carries the gradient `seed` of a recorded tensor to every parameter, adding to their `grad`. A number (default 1) seeds a
   * scalar; a tensor of the output's shape seeds any output, and is used up.
   * Intermediate tensors of the forward pass are freed on the way; the output stays readable.
   */
  backward(loss: Tensor, seed: number | Tensor = 1): void {
    if (seed instanceof Tensor) {
      if (seed.size !== loss.size) throw new Error(`backward: seed [${seed.shape}] for an output [${loss.shape}]`);
      passGrad(loss, seed);
    } else {
      if (loss.size !== 1) throw new Error(`backward starts from one number, the shape is [${loss.shape}]`);
      const start = empty([1]);
      start.raw[0] = seed;
      loss.grad = start;
    }
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
