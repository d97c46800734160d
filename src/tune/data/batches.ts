/** The endless stream of batches of examples, which can be saved and continued exactly; and each example once, to validate. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { sha256 } from '../../io/files.js';
import { Random } from '../../io/hash-random.js';
import type { Example } from './examples.js';
import { checkPacking, type ExampleBatch, firstFit, inputLength, layOut, type PackingOptions } from './packing.js';

/** How groups of examples become batches; a group stays together. */
export interface GroupBatchesOptions extends Omit<PackingOptions, 'examples'> {
  groups: readonly (readonly Example[])[];
  seed: number;
}

export interface ExampleBatchesOptions extends PackingOptions {
  seed: number;
}

const stateSchema = z.strictObject({
  /** Epochs that are over. */
  epoch: z.int().min(0),
  /** Batches of this epoch that were given out. */
  batch: z.int().min(0),
  /** Of examples, sizes and seed: with others, the state means nothing. */
  stream: z.string(),
});

/** All there is to save of {@link GroupBatches}. Plain JSON. */
export type ExampleBatchesState = z.infer<typeof stateSchema>;

/** Streams of random numbers that the order of an epoch takes. */
const STREAM = 0x74756e65; // "tune"

/**
 * Gives batch after batch, epoch after epoch; every group is once in an epoch. Groups are shuffled, packed first-fit into
 * batches of at most rowsPerBatch * context tokens, and the batches shuffled: a pure function of seed and epoch.
 */
export class GroupBatches {
  private readonly groups: readonly (readonly Example[])[];
  private readonly lengths: readonly number[];
  private readonly virtualTokens: Int32Array;
  private readonly capacity: number;
  private readonly seed: number;
  private readonly stream: string;
  private epoch = 0;
  private batch = 0;
  /** Numbers of the groups in each batch of the epoch. */
  private plan: number[][];

  /** @throws InputError for no groups, an example that is longer than the context, and sizes that are no whole numbers from 1 */
  constructor({ groups, seed, ...packing }: GroupBatchesOptions) {
    checkPacking({ ...packing, examples: groups.flat() });
    this.groups = groups;
    this.virtualTokens = packing.virtualTokens ?? new Int32Array(0);
    this.lengths = groups.map((group) =>
      group.reduce((sum, example) => sum + inputLength(example, this.virtualTokens.length), 0),
    );
    this.capacity = this.lengths.reduce(
      (most, length) => Math.max(most, length),
      packing.rowsPerBatch * packing.context,
    );
    this.seed = seed;
    const hashes = groups.map((group) => group.map(contentHash).join());
    this.stream = sha256(JSON.stringify([hashes, this.virtualTokens.length, this.capacity, seed])).slice(0, 16);
    this.plan = this.planOf(0);
  }

  /** Epochs gone through, with the part of the one under way. */
  get epochs(): number {
    return this.epoch + this.batch / this.plan.length;
  }

  /** Batches in the epoch under way; epochs differ a little. */
  get batchesPerEpoch(): number {
    return this.plan.length;
  }

  /** A batch, and the numbers of the groups in it, whose examples lie in that order. */
  nextGroups(): { batch: ExampleBatch; groups: number[] } {
    if (this.batch === this.plan.length) this.open(this.epoch + 1, 0);
    const groups = this.plan[this.batch++]!;
    const examples = groups.flatMap((number) => this.groups[number]!);
    return { batch: layOut(examples, this.virtualTokens), groups };
  }

  state(): ExampleBatchesState {
    return { epoch: this.epoch, batch: this.batch, stream: this.stream };
  }

  /**
   * Continues where `state` was taken.
   * @throws InputError for something else than a state, or one of other examples, sizes or seed
   */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    if (error)
      throw new InputError('the checkpoint holds no valid position in the examples: continue from another one');
    if (data.stream !== this.stream)
      throw new InputError(
        'the checkpoint was made with other examples, another context, batch size or seed: continue with the same, or begin a new run',
      );
    const plan = this.planOf(data.epoch);
    if (data.batch > plan.length)
      throw new InputError('the checkpoint holds no valid position in the examples: continue from another one');
    [this.epoch, this.batch, this.plan] = [data.epoch, data.batch, plan];
  }

  private open(epoch: number, batch: number): void {
    [this.epoch, this.batch, this.plan] = [epoch, batch, this.planOf(epoch)];
  }

  private planOf(epoch: number): number[][] {
    const random = new Random(this.seed, STREAM * 2 ** 20 + epoch);
    const order = random.shuffle(Uint32Array.from(this.lengths, (_, i) => i));
    return random.shuffle(firstFit(this.lengths, order, this.capacity));
  }
}

/** {@link GroupBatches} of examples that stand alone. */
export class ExampleBatches extends GroupBatches {
  /** @throws InputError for no examples, one that is longer than the context, and sizes that are no whole numbers from 1 */
  constructor({ examples, ...options }: ExampleBatchesOptions) {
    super({ ...options, groups: examples.map((example) => [example]) });
  }

  next(): ExampleBatch {
    return this.nextGroups().batch;
  }
}

/**
 * Each example once, in order, packed as they come.
 * @throws InputError as {@link ExampleBatches} does
 */
export function* exampleBatchesOnce(
  examples: readonly Example[],
  options: Omit<PackingOptions, 'examples'>,
): Generator<ExampleBatch, void, undefined> {
  checkPacking({ ...options, examples });
  const virtual = options.virtualTokens?.length ?? 0;
  const capacity = options.rowsPerBatch * options.context;
  let [taken, size] = [[] as Example[], 0];
  for (const example of examples) {
    const length = inputLength(example, virtual);
    if (size + length > capacity) {
      yield layOut(taken, options.virtualTokens);
      [taken, size] = [[], 0];
    }
    taken.push(example);
    size += length;
  }
  yield layOut(taken, options.virtualTokens);
}

/** A name for what an example teaches, whatever file it is from. */
export function contentHash({ tokens, learned }: Example): string {
  return sha256(
    Buffer.concat([
      Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength),
      Buffer.from(learned.buffer, learned.byteOffset, learned.byteLength),
    ]),
  );
}
