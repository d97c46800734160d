/** Feedback in batches without end. */
import type { BatchStream } from '../../train/index.js';
import { type ExampleBatch, GroupBatches, type GroupBatchesOptions } from '../../tune/index.js';
import type { PreferencePair, Thumb } from './types.js';

export interface PairBatch {
  /** Chosen and rejected of each pair, in this order: 2 · scored sequences. */
  batch: ExampleBatch;
  /** Numbers of the pairs. */
  pairs: number[];
  /** Pairs in it: terms of the loss. */
  scored: number;
}

export interface ThumbBatch {
  batch: ExampleBatch;
  /** Numbers of the thumbs. */
  thumbs: number[];
  scored: number;
}

type Packing = Omit<GroupBatchesOptions, 'groups'>;

/** Pairs, shuffled anew every epoch; the two of a pair lie in one batch. */
export class PairBatches extends GroupBatches implements BatchStream<PairBatch> {
  /** @throws InputError as {@link GroupBatches} does */
  constructor({ pairs, ...packing }: Packing & { pairs: readonly PreferencePair[] }) {
    super({ ...packing, groups: pairs.map(({ chosen, rejected }) => [chosen, rejected]) });
  }

  next(): PairBatch {
    const { batch, groups } = this.nextGroups();
    return { batch, pairs: groups, scored: groups.length };
  }
}

/** Thumbs, shuffled anew every epoch. */
export class ThumbBatches extends GroupBatches implements BatchStream<ThumbBatch> {
  /** @throws InputError as {@link GroupBatches} does */
  constructor({ thumbs, ...packing }: Packing & { thumbs: readonly Thumb[] }) {
    super({ ...packing, groups: thumbs.map(({ example }) => [example]) });
  }

  next(): ThumbBatch {
    const { batch, groups } = this.nextGroups();
    return { batch, thumbs: groups, scored: groups.length };
  }
}
