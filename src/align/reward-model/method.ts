/** A reward model as a method of alignment: what its run is made of. */
import { scope, Tape } from '../../engine/index.js';
import { InputError } from '../../io/errors.js';
import { planRows } from '../../tune/rows.js';
import type { Example } from '../../tune/index.js';
import type { ScoreHead } from '../../understand/index.js';
import type { MethodParts } from '../method.js';
import type { Policy } from '../policy.js';
import { type FeedbackBatch, FeedbackBatches, type PreferencePair, promptText } from '../preferences/index.js';
import { evaluateRewards, inTurn, lengthsOf } from './evaluate.js';
import { pairLoss } from './loss.js';
import { answerRewards, scoreExamples } from './rewards.js';
import type { RewardSettings } from './settings.js';

export interface RewardModelOptions {
  policy: Policy;
  settings: RewardSettings;
  seed: number;
  /** From `rewardHead`, the one that the policy was given. */
  head: ScoreHead;
  train: readonly PreferencePair[];
  heldOut: readonly PreferencePair[];
  /** Tokens of an update; by rule unless given. */
  batchTokens?: number | undefined;
}

/** Held-out pairs whose rewards are shown. */
const SAMPLES = 3;

/**
 * The method. Its numbers: `accuracy` and `margin` of a step's pairs before the update; of an evaluation `heldOutLoss`,
 * `heldOutAccuracy`, `heldOutMargin` and `heldOutCalibrationError`, without margins and centring whatever the settings are.
 * @throws InputError for no pairs, updates without room for the longest answer, and prompt or prefix tuning
 */
export function rewardModelMethod(options: RewardModelOptions): MethodParts<FeedbackBatch> {
  const { policy, settings, seed, head, train, heldOut, batchTokens } = options;
  const { model } = policy;
  const { virtualTokens } = model;
  if (virtualTokens.length > 0) throw new InputError('a reward model trains a LoRA or all weights, not virtual tokens'); // which hold no head
  const rows = planRows(inTurn([...train, ...heldOut]), 0, batchTokens);
  const packing = { context: rows.rowTokens, rowsPerBatch: rows.rowsPerBatch, seed };
  const batches = new FeedbackBatches({ groups: train.map(({ chosen, rejected }) => [chosen, rejected]), ...packing });
  let seen = { pairs: 0, right: 0, margin: 0 };

  return {
    batches,
    gradients({ batch, groups }, pairsInStep) {
      const margins = Float32Array.from(groups, (i) => settings.margin * (train[i]!.margin ?? 0));
      return scope(() => {
        const tape = new Tape();
        const loss = tape.run(() => {
          const rewards = answerRewards(model, head, batch);
          count(rewards.data);
          return pairLoss(rewards, { margins, centring: settings.centring, pairsInStep });
        });
        const value = loss.item();
        tape.backward(loss);
        return value;
      });
    },
    accumulate: rows.accumulate,
    defaultSteps: Math.max(1, Math.round((settings.epochs * batches.batchesPerEpoch) / rows.accumulate)),
    numbers() {
      const { pairs, right, margin } = seen;
      seen = { pairs: 0, right: 0, margin: 0 };
      return { accuracy: right / pairs, margin: margin / pairs };
    },
    evaluation: {
      async measure() {
        if (heldOut.length === 0) return {};
        const { loss, accuracy, margin, calibration } = evaluateRewards(
          await scoreExamples(model, head, inTurn(heldOut)),
          lengthsOf(heldOut),
        );
        return {
          heldOutLoss: loss,
          heldOutAccuracy: accuracy,
          heldOutMargin: margin,
          heldOutCalibrationError: calibration.error,
        };
      },
      async sample() {
        const shown = (heldOut.length > 0 ? heldOut : train).slice(0, SAMPLES);
        const rewards = await scoreExamples(model, head, inTurn(shown));
        return shown.map(({ prompt, chosen, rejected }, i) => ({
          prompt: promptText(prompt),
          text: `\nchosen, ${rewards[2 * i]!.toFixed(3)}: ${answerOf(chosen)}\nrejected, ${rewards[2 * i + 1]!.toFixed(3)}: ${answerOf(rejected)}`,
        }));
      },
    },
    criterion: heldOut.length > 0 ? { metric: 'heldOutLoss', wanted: 'lowest' } : null,
    others: {},
    result: () => ({ trainPairs: train.length, heldOutPairs: heldOut.length }),
    dispose() {},
  };

  function count(rewards: Float32Array): void {
    for (let i = 0; i < rewards.length; i += 2) {
      const margin = rewards[i]! - rewards[i + 1]!;
      seen.pairs++;
      seen.margin += margin;
      seen.right += margin > 0 ? 1 : margin === 0 ? 0.5 : 0;
    }
  }

  function answerOf({ tokens, learned }: Example): string {
    const start = learned.indexOf(1);
    return policy.base.tokenizer.decode(tokens.subarray(start, -1), tokens[start - 1] ?? null);
  }
}
