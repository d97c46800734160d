/** Feedback in batches without end: pairs, whose two answers lie in one batch, or answers alone. */
import type { BatchStream } from '../../train/index.js';
import { type ExampleBatch, GroupBatches } from '../../tune/index.js';

export interface FeedbackBatch {
  /** The answers of each group in turn: chosen and rejected of a pair, or one answer. */
  batch: ExampleBatch;
  /** Numbers of the groups. */
  groups: readonly number[];
  /** Groups in it: terms of the loss. */
  scored: number;
}

/** Groups of answers, shuffled anew every epoch. */
export class FeedbackBatches extends GroupBatches implements BatchStream<FeedbackBatch> {
  next(): FeedbackBatch {
    const { batch, groups } = this.nextGroups();
    return { batch, groups, scored: groups.length };
  }
}
