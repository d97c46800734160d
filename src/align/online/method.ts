/** An online method as parts of a run: it learns from what the policy itself writes, by what rewards say of that. */
import { scope, Tape } from '../../engine/index.js';
import { Random } from '../../io/hash-random.js';
import type { Numbers } from '../../train/index.js';
import { ScoreHead } from '../../understand/index.js';
import type { MethodParts } from '../method.js';
import type { Policy } from '../policy.js';
import { promptText, type PromptExample } from '../preferences/index.js';
import type { Rewards } from '../rewards/index.js';
import { evaluateCompletions } from './evaluate.js';
import { KlController } from './kl.js';
import { learnFrom, tokenWeight } from './learn.js';
import { layOutRows, type LossFacts, policyLoss } from './loss.js';
import { endTokens, judge, sampleCompletions, scoreCompletions } from './rollout.js';
import { RolloutBatches, type Update } from './rollout-batches.js';
import { describeRollout, mean } from './rollout-numbers.js';
import type { Sample } from './sample.js';
import type { OnlineSettings } from './settings.js';

export interface OnlineOptions {
  policy: Policy;
  settings: OnlineSettings;
  /** PPO: the value head, the same that the policy was given. */
  head: ScoreHead | null;
  train: readonly PromptExample[];
  heldOut: readonly PromptExample[];
  rewards: Rewards;
  /** Measured on held-out prompts, never learned from. */
  checks: Rewards | null;
  seed: number;
  /** Most tokens that go through the model at a time in training, where a completion is not longer. Default 2048. */
  batchTokens?: number;
}

const BATCH_TOKENS = 2048;
/** Rollouts in a row whose groups are all of equal reward before a run gives up: dynamic sampling asks for others. */
const MOST_DRAWS = 4;

/** A value head, which begins with 0 for everything. */
export function valueHead(width: number): ScoreHead {
  return new ScoreHead(['value'], 'last', width);
}

/** @throws InputError for texts and messages in one run, or a model that cannot end an answer */
export function onlineMethod(options: OnlineOptions): MethodParts<Update> {
  const { policy, settings, head, train, heldOut, rewards, checks, seed, batchTokens = BATCH_TOKENS } = options;
  const { maxNewTokens, rolloutEpochs, minibatches, rolloutPrompts } = settings;
  endTokens(policy, [...train, ...heldOut]);
  const kl = new KlController(settings.klCoefficient, settings.klTarget ?? null);
  const groupSize = settings.method === 'grpo' ? settings.groupSize : 1;
  const evaluated = new Random(0).shuffle([...heldOut]).slice(0, settings.evaluationPrompts);
  let rollout: Numbers = {};
  let facts = noFacts();
  const clock = { generating: 0, rewarding: 0, training: 0 };

  const batches = new RolloutBatches({
    prompts: train,
    rolloutPrompts,
    epochs: rolloutEpochs,
    minibatches,
    seed,
    roll,
  });

  /** Asks for prompts until there is something to learn from. */
  async function roll(more: () => PromptExample[], own: number): Promise<Sample[]> {
    const dynamic = settings.method === 'grpo' && settings.variant === 'dapo';
    const kept: Sample[] = [];
    let [asked, left] = [0, 0];
    for (let draw = 0; draw < (dynamic ? MOST_DRAWS : 1); draw++) {
      const prompts = more().flatMap((prompt) => Array.from({ length: groupSize }, () => prompt));
      const completions = await timed('generating', () =>
        sampleCompletions(policy, prompts, { maxNewTokens, seed: own + draw * 2 ** 32 }),
      );
      const scores = await timed('rewarding', () => judge(rewards, completions));
      const models = await timed('training', () => scoreCompletions(policy, completions, head, batchTokens));
      const samples = learnFrom(completions, models, scores.total, settings, kl.coefficient);
      if (draw === 0) rollout = { ...describeRollout(completions, models, scores), ...explained(samples) };
      const useful = dynamic ? groupsThatDiffer(samples, groupSize) : samples.map(() => true);
      asked += samples.length;
      left += useful.filter((yes) => !yes).length;
      kept.push(...samples.filter((_, i) => useful[i]));
      if (kept.length >= rolloutPrompts * groupSize) break;
      // With groups of equal reward alone there is nothing to learn, and their gradient is 0.
      if (dynamic && draw === MOST_DRAWS - 1 && kept.length === 0) kept.push(...samples);
    }
    if (dynamic) rollout['groupsLeftOut'] = left / asked;
    rollout['klCoefficient'] = kl.coefficient;
    kl.observe(rollout['kl']!);
    return kept.slice(0, rolloutPrompts * groupSize);
  }

  return {
    batches,
    gradients(update, scoredInStep) {
      const begin = performance.now();
      const weightOf = tokenWeight(settings, { samples: update.samples.length, tokens: scoredInStep });
      let loss = 0;
      for (const samples of parts(update.samples, batchTokens))
        loss += scope(() => {
          const tape = new Tape();
          const rows = layOutRows(samples, weightOf);
          const share = tape.run(() => policyLoss(policy.model, head, rows, settings, kl.coefficient, facts));
          const value = share.item();
          tape.backward(share);
          return value;
        });
      clock.training += performance.now() - begin;
      return loss;
    },
    accumulate: 1,
    defaultSteps: Math.max(1, Math.ceil(train.length / rolloutPrompts)) * rolloutEpochs * minibatches,
    numbers() {
      const { tokens, clipped, squaredStep, valueLoss } = facts;
      const updated: Numbers =
        tokens === 0
          ? {}
          : {
              ratioClipped: clipped / tokens,
              ratioSpread: Math.sqrt(squaredStep / tokens),
              ...(head && { valueLoss: valueLoss / tokens }),
            };
      const total = clock.generating + clock.rewarding + clock.training;
      const times = { timeGenerating: clock.generating / total, timeRewarding: clock.rewarding / total, timeTraining: clock.training / total }; // prettier-ignore
      const numbers = { ...rollout, ...updated, ...(Object.keys(rollout).length > 0 && times) };
      rollout = {};
      facts = noFacts();
      return numbers;
    },
    evaluation: {
      measure: () => evaluateCompletions({ policy, prompts: evaluated, rewards, checks, settings, batchTokens }),
      async sample() {
        const some = (heldOut.length > 0 ? heldOut : train).slice(0, 3);
        const completions = await sampleCompletions(policy, some, { maxNewTokens, seed: 0 });
        return completions.map(({ prompt, text }) => ({ prompt: promptText(prompt.prompt), text }));
      },
    },
    criterion: heldOut.length > 0 ? { metric: checks ? 'check' : 'heldOutReward', wanted: 'highest' } : null,
    others: { kl },
    result: () => ({ klCoefficient: kl.coefficient }),
    dispose() {},
  };

  async function timed<T>(what: keyof typeof clock, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    try {
      return await work();
    } finally {
      clock[what] += performance.now() - begin;
    }
  }
}

function noFacts(): LossFacts {
  return { tokens: 0, clipped: 0, squaredStep: 0, valueLoss: 0 };
}

/** For each sample whether its group has anything to learn from: advantages are 0 where all were worth the same. */
function groupsThatDiffer(samples: readonly Sample[], groupSize: number): boolean[] {
  return samples.map((_, i) => {
    const from = i - (i % groupSize);
    return samples.slice(from, from + groupSize).some(({ advantages }) => advantages[0] !== 0);
  });
}

/** PPO: the share of the variance of returns that the values explain; 1 is all, below 0 is worse than their mean. */
function explained(samples: readonly Sample[]): Numbers {
  const returns = samples.flatMap((sample) => [...sample.returns]);
  if (returns.length === 0) return {};
  const errors = samples.flatMap(({ returns: wanted, values }) => Array.from(wanted, (x, t) => x - values[t]!));
  const spread = variance(returns);
  return spread > 0 ? { explainedVariance: 1 - variance(errors) / spread } : {};
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((x) => (x - middle) ** 2));
}

/** Samples in parts of at most so many tokens, in order. */
function* parts(samples: readonly Sample[], batchTokens: number): Generator<Sample[]> {
  let [part, tokens] = [[] as Sample[], 0];
  for (const sample of samples) {
    const more = sample.example.tokens.length;
    if (part.length > 0 && tokens + more > batchTokens) {
      yield part;
      [part, tokens] = [[], 0];
    }
    part.push(sample);
    tokens += more;
  }
  yield part;
}
