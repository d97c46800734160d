/** The endless stream of training batches, which can be saved and continued exactly. */
import { z } from 'zod';
import { InputError } from '../io/errors.js';
import { sha256 } from '../io/files.js';
import { Epoch } from './epoch.js';
import { pack, type PackedBatch, type Piece } from './packing.js';
import type { TokenShards } from './shards.js';

export interface TrainingBatchesOptions {
  shards: TokenShards;
  /** Tokens in a row: no piece of a document is longer. */
  context: number;
  /** Rows in a batch, so a batch has rowsPerBatch * context tokens (fewer where it holds an epoch's one short row). */
  rowsPerBatch: number;
  seed: number;
}

const stateSchema = z.strictObject({
  /** Epochs that are over. */
  epoch: z.int().min(0),
  /** Rows of this epoch that were given out. */
  row: z.int().min(0),
  /** Of shards, context and seed: with others, the state means nothing. */
  stream: z.string(),
});

/** All there is to save of a {@link TrainingBatches}. Plain JSON. */
export type TrainingBatchesState = z.infer<typeof stateSchema>;

/**
 * Gives batch after batch, epoch after epoch; a batch may hold rows of two epochs. In an epoch every token of the
 * training split is input once and every token but the start tokens is predicted once, the end of each document too.
 * The order depends on nothing but shards, context and seed: batches of other sizes go through the same rows.
 */
export class TrainingBatches {
  private readonly shards: TokenShards;
  private readonly context: number;
  private readonly rowsPerBatch: number;
  private readonly seed: number;
  private readonly stream: string;
  private epochNumber = 0;
  private row = 0;
  private epoch: Epoch;

  /** @throws InputError when the training split has fewer tokens than one row, or a size is no whole number from 1 */
  constructor({ shards, context, rowsPerBatch, seed }: TrainingBatchesOptions) {
    const { tokens } = shards.train;
    checkSizes(context, rowsPerBatch);
    if (tokens < context)
      throw new InputError(
        `the training text has ${tokens} tokens, fewer than one context of ${context}: add text, or choose a context of at most ${tokens}`,
      );
    this.shards = shards;
    this.context = context;
    this.rowsPerBatch = rowsPerBatch;
    this.seed = seed;
    this.stream = sha256(JSON.stringify([shards.hash, context, seed])).slice(0, 16);
    this.epoch = this.open(0);
  }

  /** Epochs gone through, with the part of the one under way. */
  get epochs(): number {
    return this.epochNumber + this.row / this.epoch.rows;
  }

  /** Rows in one epoch. */
  get rowsPerEpoch(): number {
    return this.epoch.rows;
  }

  /** The next batch. */
  next(): PackedBatch {
    const pieces: Piece[] = [];
    for (let i = 0; i < this.rowsPerBatch; i++) {
      if (this.row === this.epoch.rows) {
        this.epochNumber++;
        this.row = 0;
        this.epoch = this.open(this.epochNumber);
      }
      pieces.push(...this.epoch.pieces(this.row++));
    }
    return pack(this.shards, this.shards.train, pieces);
  }

  state(): TrainingBatchesState {
    return { epoch: this.epochNumber, row: this.row, stream: this.stream };
  }

  /**
   * Continues where `state` was taken. The size of the batches may differ.
   * @throws InputError for something else than a state, or one of other shards, context or seed
   */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    if (error || data.row > this.epoch.rows)
      throw new InputError('the checkpoint holds no valid position in the training data: continue from another one');
    if (data.stream !== this.stream)
      throw new InputError(
        'the checkpoint was made with other training data, context or seed: continue with the same, or begin a new run',
      );
    this.epoch = this.open(data.epoch);
    this.epochNumber = data.epoch;
    this.row = data.row;
  }

  private open(epoch: number): Epoch {
    return new Epoch(this.shards.train, this.context, this.seed, epoch);
  }
}

/** @throws InputError for a size that is no whole number from 1 */
export function checkSizes(context: number, rowsPerBatch: number): void {
  if (!Number.isInteger(context) || context < 1)
    throw new InputError(`the context must be a whole number of tokens from 1, not ${context}`);
  if (!Number.isInteger(rowsPerBatch) || rowsPerBatch < 1)
    throw new InputError(`a batch must have a whole number of rows from 1, not ${rowsPerBatch}`);
}
