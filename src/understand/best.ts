/** Early stopping: the parameters at the lowest validation loss so far, and when to give up on a lower one. */
import type { Tensor } from '../engine/index.js';

export class BestParameters {
  /** The lowest loss so far. */
  loss = Infinity;
  /** The step it was seen at. */
  step = 0;
  private readonly parameters: readonly Tensor[];
  private readonly patience: number;
  private copies: Float32Array[] = [];
  private worse = 0;

  /** @param patience looks without a lower loss before {@link done} */
  constructor(parameters: Iterable<Tensor>, patience: number) {
    this.parameters = [...parameters];
    this.patience = patience;
  }

  /** Takes in the loss of the parameters as they are now. */
  see(step: number, loss: number): void {
    if (loss < this.loss) {
      [this.loss, this.step, this.worse] = [loss, step, 0];
      this.copies = this.parameters.map(({ data }) => data.slice());
    } else this.worse++;
  }

  get done(): boolean {
    return this.worse >= this.patience;
  }

  /** Puts the best parameters back. */
  restore(): void {
    for (const [i, copy] of this.copies.entries()) this.parameters[i]!.data.set(copy);
  }
}
