/**
 * The policy: the model that alignment changes, with the model as it was before always at hand as the reference. With LoRA
 * the reference is the base with the adapter off, so that nothing is held twice; where all weights are trained, a second
 * copy is read from the base's folder when it is first asked for.
 */
import type { Tensor } from '../engine/index.js';
import { loadLanguageModel } from '../generate/index.js';
import type { StoredScore, Transformer } from '../model/index.js';
import type { Trained } from '../train/index.js';
import { type Base, prepareTuned, type TrainedHead, type Tuned, type TunedPlan } from '../tune/index.js';

export class Policy {
  readonly base: Base;
  private readonly tuned: Tuned;
  /** Attached where an adapter is trained. */
  private readonly adapter: string | null;
  private copy: Transformer | null = null;

  /**
   * @param head trained and checkpointed along with the policy, such as a value head
   * @throws InputError for an adapter that does not fit
   */
  constructor(base: Base, plan: TunedPlan, head: TrainedHead | null = null) {
    this.base = base;
    this.tuned = prepareTuned(base, plan, head);
    this.adapter = base.model.adapters.at(-1)?.name ?? null;
  }

  /** The model with what has been learned. */
  get model(): Transformer {
    return this.base.model;
  }

  get parameters(): ReadonlyMap<string, Tensor> {
    return this.tuned.parameters;
  }

  get checkpointed(): Trained {
    return this.tuned.checkpointed;
  }

  /** Runs `work`, which must not be asynchronous, with the model as it was before alignment. */
  withReference<T>(work: (reference: Transformer) => T): T {
    const { model } = this;
    if (this.adapter === null) {
      this.copy ??= loadLanguageModel(this.base.path, { dtype: this.base.dtype }).model;
      return work(this.copy);
    }
    const adapter = model.detach(this.adapter);
    try {
      return work(model);
    } finally {
      model.attach(adapter);
    }
  }

  /** Frees the second copy, where there is one; {@link withReference} reads it again. */
  releaseReference(): void {
    this.copy?.dispose();
    this.copy = null;
  }

  /** Writes what generates text afterwards, or with `score` what gives scores: a model or an adapter directory. */
  writeFinal(folder: string, card: string, score?: StoredScore): void {
    this.tuned.writeFinal(folder, card, score);
  }

  /** Frees what was added to the base; the base is the caller's. */
  dispose(): void {
    this.releaseReference();
    this.tuned.dispose();
  }
}
