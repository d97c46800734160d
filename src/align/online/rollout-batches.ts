/** The stream of updates: a rollout is made when all updates of the last one are done, and every position can be gone on from. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { Random } from '../../io/hash-random.js';
import type { BatchStream } from '../../train/index.js';
import type { PromptExample } from '../preferences/index.js';
import { restoreSample, type Sample, storedSample, storeSample } from './sample.js';

/** Samples of one update. */
export interface Update {
  samples: readonly Sample[];
  /** Tokens that were written: what the loss is over. */
  scored: number;
}

export interface RolloutBatchesOptions {
  prompts: readonly PromptExample[];
  rolloutPrompts: number;
  /** Passes over a rollout, and updates of each. */
  epochs: number;
  minibatches: number;
  seed: number;
  /**
   * Makes samples of the prompts that `more` gives, so many at a time as it is asked for; all from one seed.
   * @returns at least one sample
   */
  roll(more: () => PromptExample[], seed: number): Promise<Sample[]>;
}

const count = z.int().min(0);
const stateSchema = z.strictObject({
  /** Rollouts made, and prompts drawn for them. */
  rollouts: count,
  drawn: count,
  /** Updates of the last rollout that were given out. */
  updates: count,
  /** That rollout; empty when all its updates are done. */
  samples: z.array(storedSample),
});

/** Streams of random numbers: the order of the prompts, that of the samples, and the seeds of rollouts. */
const [PROMPTS, SAMPLES, SEEDS] = [0x70726f6d, 0x73616d70, 0x726f6c6c];

export class RolloutBatches implements BatchStream<Update> {
  private readonly options: RolloutBatchesOptions;
  private rollouts = 0;
  private drawn = 0;
  private updates = 0;
  private samples: readonly Sample[] = [];
  private order: Uint32Array = new Uint32Array(0);
  private orderOf = -1;

  constructor(options: RolloutBatchesOptions) {
    this.options = options;
  }

  get epochs(): number {
    return this.drawn / this.options.prompts.length;
  }

  async next(): Promise<Update> {
    const { epochs, minibatches, seed, roll } = this.options;
    if (this.samples.length === 0 || this.updates === epochs * minibatches) {
      const own = new Random(seed, SEEDS * 2 ** 20 + this.rollouts).uint32();
      // Numbers of a rollout count only when all of it is there.
      const before = this.drawn;
      try {
        this.samples = await roll(() => this.draw(), own);
      } catch (error) {
        this.drawn = before;
        throw error;
      }
      this.rollouts++;
      this.updates = 0;
    }
    const [pass, part] = [Math.floor(this.updates / minibatches), this.updates % minibatches];
    const stream = SAMPLES * 2 ** 20 + (this.rollouts - 1) * epochs + pass;
    const order = new Random(seed, stream).shuffle(Uint32Array.from(this.samples, (_, i) => i));
    const [from, to] = [part, part + 1].map((i) => Math.floor((i * order.length) / minibatches));
    // Fewer samples than updates: none goes without.
    const numbers =
      to! > from! ? order.subarray(from, to) : order.subarray(from! % order.length, (from! % order.length) + 1);
    this.updates++;
    const samples = Array.from(numbers, (i) => this.samples[i]!);
    return { samples, scored: samples.reduce((sum, { old }) => sum + old.length, 0) };
  }

  state(): unknown {
    const { epochs, minibatches } = this.options;
    const over = this.updates === epochs * minibatches;
    const { rollouts, drawn, updates, samples } = this;
    return { rollouts, drawn, updates, samples: over ? [] : samples.map(storeSample) };
  }

  /** @throws InputError for what is not a state */
  restore(state: unknown): void {
    const { data, error } = stateSchema.safeParse(state);
    try {
      if (error) throw error;
      this.samples = data.samples.map(restoreSample);
      ({ rollouts: this.rollouts, drawn: this.drawn, updates: this.updates } = data);
    } catch (cause) {
      throw new InputError('the checkpoint holds no valid position in the rollouts: continue from another one', {
        cause,
      });
    }
  }

  /** The next prompts, in an order that is drawn anew whenever all have been used. */
  private draw(): PromptExample[] {
    const { prompts, rolloutPrompts, seed } = this.options;
    return Array.from({ length: rolloutPrompts }, () => {
      const epoch = Math.floor(this.drawn / prompts.length);
      if (epoch !== this.orderOf) {
        const all = Uint32Array.from(prompts, (_, i) => i);
        this.order = new Random(seed, PROMPTS * 2 ** 20 + epoch).shuffle(all);
        this.orderOf = epoch;
      }
      return prompts[this.order[this.drawn++ % prompts.length]!]!;
    });
  }
}
