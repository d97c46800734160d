/** A direct method as parts of a run: batches of feedback, gradients, and what is measured of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { scope, Tape, weightedSum } from '../../engine/index.js';
import { Random } from '../../io/hash-random.js';
import type { Numbers } from '../../train/index.js';
import { type Example, layOut, sampleAnswer } from '../../tune/index.js';
import type { MethodParts } from '../method.js';
import type { Policy } from '../policy.js';
import { type FeedbackBatch, FeedbackBatches, type PreferencePair, type Thumb } from '../preferences/index.js';
import { ktoObjective, type Objective, pairObjective, type PairSettings } from './objective.js';
import type { KtoSettings } from './settings.js';
import { Tally } from './tally.js';

interface CommonOptions {
  policy: Policy;
  seed: number;
  /** Most tokens that go through the model at a time, where the answers to one prompt are not longer. Default 2048. */
  batchTokens?: number;
  /** Pairs or thumbs of an update. Default 16. */
  batchFeedback?: number;
  /** Hears of the pass through the reference. */
  onReference?: (done: number, total: number) => void;
}

/** Pairs, or thumbs for KTO, to learn from and to measure with. */
export type DirectOptions = CommonOptions &
  (
    | { settings: PairSettings; train: readonly PreferencePair[]; heldOut: readonly PreferencePair[] }
    | { settings: KtoSettings & { method: 'kto' }; train: readonly Thumb[]; heldOut: readonly Thumb[] }
  );

const BATCH_TOKENS = 2048;
const BATCH_FEEDBACK = 16;
/** Most held-out pairs or thumbs of an evaluation. */
const MOST_HELD_OUT = 512;

/**
 * Reads the reference's log-probabilities, where the method has one, and lets go of the reference. The position in the
 * batches is all the state there is: what the reference says is computed again when a run goes on.
 */
export async function directMethod(options: DirectOptions): Promise<MethodParts<FeedbackBatch>> {
  const { policy, seed, batchTokens = BATCH_TOKENS, batchFeedback = BATCH_FEEDBACK } = options;
  const { model, base } = policy;
  const { train, heldOut } = await objectives(options, batchTokens);
  policy.releaseReference();
  const batches = new FeedbackBatches({
    groups: train.groups,
    seed,
    ...packing(train.groups, batchTokens, batchFeedback),
  });
  const groupsABatch = train.groups.length / batches.batchesPerEpoch;
  const accumulate = Math.max(1, Math.round(batchFeedback / groupsABatch));
  const tally = new Tally();

  return {
    batches,
    gradients(batch, scoredInStep) {
      const before = train.before(batch);
      return scope(() => {
        const tape = new Tape();
        const shares = new Float32Array(batch.scored).fill(1 / scoredInStep);
        const loss = tape.run(() => weightedSum(train.terms(batch, before, tally), shares));
        const value = loss.item();
        tape.backward(loss);
        return value;
      });
    },
    accumulate,
    defaultSteps: Math.max(1, Math.round(batches.batchesPerEpoch / accumulate)),
    numbers: () => tally.take(),
    evaluation: {
      measure: () => measure(heldOut, packing(heldOut.groups, batchTokens, Infinity)),
      sample: () => sampleAnswer(model, base.tokenizer, [...heldOut.groups, ...train.groups].flat()),
    },
    criterion: heldOut.groups.length > 0 ? { metric: 'heldOutLoss', wanted: 'lowest' } : null,
    others: {},
    result: (): Numbers => ({ epochs: batches.epochs }),
    dispose() {},
  };
}

async function objectives(
  options: DirectOptions,
  batchTokens: number,
): Promise<{ train: Objective; heldOut: Objective }> {
  const { policy, onReference } = options;
  const some = <T>(items: readonly T[]): T[] => new Random(0).shuffle([...items]).slice(0, MOST_HELD_OUT);
  const held = Math.min(options.heldOut.length, MOST_HELD_OUT);
  const total = options.train.length + held;
  const first = (done: number): void => onReference?.(Math.floor(done), total);
  const second = (done: number): void => onReference?.(options.train.length + Math.floor(done), total);
  if (options.settings.method === 'kto') {
    const { settings, train, heldOut } = options as Extract<DirectOptions, { settings: { method: 'kto' } }>;
    return {
      train: await ktoObjective(policy, settings, train, batchTokens, first),
      heldOut: await ktoObjective(policy, settings, some(heldOut), batchTokens, second),
    };
  }
  const { settings, train, heldOut } = options as Exclude<DirectOptions, { settings: { method: 'kto' } }>;
  return {
    train: await pairObjective(policy, settings, train, batchTokens, first),
    heldOut: await pairObjective(policy, settings, some(heldOut), batchTokens, second),
  };
}

/** Batches of about so many groups, in at most so many tokens. */
function packing(
  groups: readonly (readonly Example[])[],
  batchTokens: number,
  batchGroups: number,
): { context: number; rowsPerBatch: number } {
  let [longest, tokens] = [1, 0];
  for (const group of groups)
    for (const example of group) {
      longest = Math.max(longest, example.tokens.length);
      tokens += example.tokens.length;
    }
  const wanted = Math.min(batchTokens, (batchGroups * tokens) / groups.length);
  return { context: longest, rowsPerBatch: Math.max(1, Math.round(wanted / longest)) };
}

/** Loss, accuracy and margin on what was held out. */
async function measure(objective: Objective, { context, rowsPerBatch }: ReturnType<typeof packing>): Promise<Numbers> {
  const { groups } = objective;
  if (groups.length === 0) return {};
  const tally = new Tally();
  let [loss, from] = [0, 0];
  while (from < groups.length) {
    let [to, tokens] = [from, 0];
    do tokens += groups[to++]!.reduce((sum, example) => sum + example.tokens.length, 0);
    while (to < groups.length && tokens < context * rowsPerBatch);
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    const batch = { batch: layOut(groups.slice(from, to).flat()), groups: numbers, scored: numbers.length };
    const before = objective.before(batch);
    loss += scope(() => objective.terms(batch, before, tally).data.reduce((sum, term) => sum + term, 0));
    from = to;
    await nextTurn(); // signals and the screen get their turn
  }
  const { accuracy, margin } = tally.take();
  return {
    heldOutLoss: loss / groups.length,
    heldOutAccuracy: accuracy!,
    ...(margin !== undefined && { heldOutMargin: margin }),
  };
}
