/** What is learned from pairs, and from thumbs: the terms of the loss for a batch of either. */
import { scope, type Tensor } from '../../engine/index.js';
import { type Example, layOut } from '../../tune/index.js';
import type { Policy } from '../policy.js';
import type { FeedbackBatch, PreferencePair, Thumb } from '../preferences/index.js';
import { learnedCounts, sequenceLogProbs } from './log-probs.js';
import { dpoTerms, ktoTerms, orpoTerms, type PairTerms, simpoTerms } from './losses.js';
import { mismatched } from './mismatch.js';
import { referenceLogProbs } from './reference.js';
import type { DirectSettings, KtoSettings } from './settings.js';
import type { Tally } from './tally.js';

export interface Objective {
  groups: Example[][];
  /** What must be known of a batch before its gradient is taken. */
  before(batch: FeedbackBatch): number;
  /** The terms of the loss, [groups], differentiable. `tally` hears what else they say. */
  terms(batch: FeedbackBatch, before: number, tally: Tally): Tensor;
}

export type PairSettings = Exclude<DirectSettings, { method: 'kto' }>;
type Progress = (done: number) => void;

export async function pairObjective(
  policy: Policy,
  settings: PairSettings,
  pairs: readonly PreferencePair[],
  batchTokens: number,
  onProgress: Progress,
): Promise<Objective> {
  const groups = pairs.map(({ chosen, rejected }) => [chosen, rejected]);
  const reference =
    settings.method === 'dpo'
      ? await referenceLogProbs(policy, groups.flat(), batchTokens, (done) => onProgress(done / 2))
      : null;
  return {
    groups,
    before: () => 0,
    terms({ batch, groups: numbers }, _, tally) {
      const logProbs = sequenceLogProbs(policy.model, batch);
      const counts = learnedCounts(batch);
      const own = counts.map((_, i) => reference?.[2 * numbers[i >> 1]! + (i % 2)] ?? 0);
      const { losses, margins } = pairTerms({ policy: logProbs, reference: own, counts }, settings);
      tally.pairs(margins.data, logProbs.data, counts);
      return losses;
    },
  };
}

function pairTerms(answers: Parameters<typeof dpoTerms>[0], settings: PairSettings): PairTerms {
  if (settings.method === 'dpo') return dpoTerms(answers, settings);
  return settings.method === 'orpo' ? orpoTerms(answers, settings) : simpoTerms(answers, settings);
}

/**
 * The reference point of a batch is the mean log-ratio of answers to other prompts, at least 0 (Ethayarajh et al. 2024, section
 * 4.1): an estimate that depends on which thumbs share a batch.
 */
export async function ktoObjective(
  policy: Policy,
  settings: KtoSettings,
  thumbs: readonly Thumb[],
  batchTokens: number,
  onProgress: Progress,
): Promise<Objective> {
  const examples = thumbs.map(({ example }) => example);
  const others = mismatched(thumbs, policy.model.config.context);
  const reference = await referenceLogProbs(policy, examples, batchTokens, (done) => onProgress(done / 2));
  const otherReference = await referenceLogProbs(policy, others, batchTokens, (done) =>
    onProgress((thumbs.length + done) / 2),
  );
  return {
    groups: examples.map((example) => [example]),
    before({ groups }) {
      const batch = layOut(groups.map((number) => others[number]!));
      const now = scope(() => sequenceLogProbs(policy.model, batch).data.slice());
      const total = groups.reduce((sum, number, i) => sum + now[i]! - otherReference[number]!, 0);
      return Math.max(0, total / groups.length);
    },
    terms({ batch, groups }, z, tally) {
      const logProbs = sequenceLogProbs(policy.model, batch);
      const counts = learnedCounts(batch);
      const good = groups.map((number) => thumbs[number]!.good);
      const own = Float32Array.from(groups, (number) => reference[number]!);
      const { losses, rewards } = ktoTerms({ policy: logProbs, reference: own, counts }, good, z, settings);
      tally.thumbs(rewards.data, good, logProbs.data, counts, z);
      return losses;
    },
  };
}
