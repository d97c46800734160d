import { describe, expect, it } from 'vitest';
import { folder } from '../../corpus/read/fixtures.js';
import { memoryUse, scope } from '../../engine/index.js';
import { Random } from '../../io/hash-random.js';
import { Optimizer, train } from '../../train/index.js';
import { layOut, planOptimizer } from '../../tune/index.js';
import { tinyBase, tinyPlan } from '../fixtures.js';
import { Policy } from '../policy.js';
import { letterPrompts, rewardsOf } from './fixtures.js';
import {
  onlineMethod,
  onlineSettings,
  type OnlineSettings,
  sampleCompletions,
  scoreCompletions,
  valueHead,
} from './index.js';
import { layOutRows, type LossFacts, policyLoss } from './loss.js';
import type { Update } from './rollout-batches.js';
import { restoreSample, type Sample, storeSample } from './sample.js';

const { root } = folder();
const ppo = (settings: object = {}): OnlineSettings => ({ method: 'ppo', ...onlineSettings('ppo').parse(settings) });
const grpo = (settings: object = {}): OnlineSettings => ({ method: 'grpo', ...onlineSettings('grpo').parse(settings) });
const letters = rewardsOf('letters', ({ completion }) => [...completion].filter((c) => c < 'n').length / 4);
const small = { maxNewTokens: 6, minibatches: 2 };

function open(settings: OnlineSettings, weights: 'lora' | 'full' = 'lora', rewards = letters) {
  const base = tinyBase(root);
  const head = settings.method === 'ppo' ? valueHead(base.model.config.width) : null;
  const policy = new Policy(base, tinyPlan(base, weights), head);
  const prompts = letterPrompts(base, 12);
  const method = onlineMethod({
    policy, settings, head, rewards, checks: letters, seed: 5,
    train: prompts.slice(0, 8), heldOut: prompts.slice(8),
  }); // prettier-ignore
  const close = (): void => {
    method.dispose();
    policy.dispose();
    head?.dispose();
    base.model.dispose();
  };
  return { base, head, policy, prompts, method, close };
}

const gradientOf = (policy: Policy): number[] => [...policy.parameters.values()].flatMap(({ grad }) => [...grad!.data]);

describe('step 0', () => {
  it.each([
    ['ppo', 'lora'],
    ['grpo', 'lora'],
    ['ppo', 'full'],
  ] as const)('%s, %s: no distance, all ratios 1', async (name, weights) => {
    const { method, close } = open(name === 'ppo' ? ppo(small) : grpo({ ...small, groupSize: 4 }), weights);
    const before = await method.evaluation.measure();
    expect(before['heldOutKl']).toBe(0);
    expect(before['check']).toBe(before['heldOutReward']);
    const update = (await method.batches.next()) as Update;
    method.gradients(update, update.scored);
    const numbers = method.numbers();
    expect(numbers['kl']).toBe(0);
    expect([numbers['ratioClipped'], numbers['ratioSpread']]).toEqual([0, 0]);
    expect(numbers['samplerDrift']).toBeLessThan(1e-4);
    // Values begin at 0, and explain nothing.
    expect(numbers['explainedVariance']).toBe(name === 'ppo' ? 0 : undefined);
    close();
  });

  it('samples with the probabilities that training computes, wherever the weights are', async () => {
    const { policy, prompts, close } = open(ppo(small));
    const random = new Random(3);
    for (const value of policy.parameters.values()) value.data.set(value.data.map(() => 0.3 * random.normal()));
    const completions = await sampleCompletions(policy, prompts, { maxNewTokens: 8, seed: 1 });
    const scores = await scoreCompletions(policy, completions, null, 40);
    const whole = await scoreCompletions(policy, completions, null, 100_000);
    for (const [i, { policy, reference }] of whole.entries())
      for (const t of policy.keys()) {
        expect(policy[t]).toBeCloseTo(scores[i]!.policy[t]!, 5); // sums take another order in batches of another size
        expect(reference[t]).toBeCloseTo(scores[i]!.reference[t]!, 5);
      }
    let distance = 0;
    for (const [i, { sampled }] of completions.entries())
      for (const [t, logProb] of sampled.entries()) {
        expect(Math.abs(logProb - scores[i]!.policy[t]!)).toBeLessThan(1e-4);
        distance += Math.abs(scores[i]!.policy[t]! - scores[i]!.reference[t]!);
      }
    expect(distance).toBeGreaterThan(0.1);
    close();
  });
});

describe('gradients', () => {
  it.each(['grpo', 'dr_grpo', 'rloo', 'dapo'] as const)(
    '%s: groups of equal reward give exactly none',
    async (variant) => {
      const { policy, method, close } = open(
        grpo({ ...small, groupSize: 2, variant, klCoefficient: 0 }),
        'lora',
        rewardsOf('same', () => 0.1),
      );
      const update = (await method.batches.next()) as Update;
      expect(method.gradients(update, update.scored)).toBe(0);
      expect(gradientOf(policy).every((x) => x === 0)).toBe(true);
      close();
    },
  );

  it('dapo asks for groups that differ', async () => {
    // Only completions of some prompts are worth anything, and not all of them.
    const rare = rewardsOf('rare', ({ completion, promptText }) =>
      /[1346]/.test(promptText) ? [...completion].filter((c) => c < 'n').length : 0,
    );
    const { method, close } = open(
      grpo({ ...small, minibatches: 1, groupSize: 4, rolloutPrompts: 4, variant: 'dapo' }),
      'lora',
      rare,
    );
    const update = (await method.batches.next()) as Update;
    expect(update.samples.length % 4).toBe(0);
    // A group that differs has advantages of both signs, so most samples have some.
    const idle = update.samples.filter(({ advantages }) => advantages[0] === 0).length;
    expect(idle).toBeLessThan(update.samples.length / 2);
    expect(method.numbers()['groupsLeftOut']).toBeGreaterThan(0.2);
    close();
  });

  it.each([
    ['ppo', ppo({ clip: 0.1, entropyBonus: 0.03, valueCoefficient: 0.7, valueClip: 0.05 })],
    ['ppo, KL in the loss', ppo({ klIn: 'loss', klEstimator: 'k1' })],
    ['grpo', grpo({ klCoefficient: 0.3 })],
    ['dapo', grpo({ variant: 'dapo', clip: 0.05, klCoefficient: 0.3, klEstimator: 'k1' })],
  ] as const)('%s: are those of the loss', (_, settings) => {
    const { base, head, policy, close } = open(settings);
    const random = new Random(9);
    for (const value of policy.parameters.values()) value.data.set(value.data.map(() => 0.2 * random.normal()));
    const samples = [3, 5, 1].map((length, s): Sample => {
      const tokens = Int32Array.from({ length: 2 + s + length }, () => random.int(200));
      const column = (scale: number): Float32Array => Float32Array.from({ length }, () => scale * random.normal());
      const near = (by: number): Float32Array => column(by).map((x) => x - 5.5);
      return {
        example: { tokens, learned: new Uint8Array(tokens.length).fill(1, 2 + s), where: '' },
        start: 2 + s,
        old: near(0.3),
        reference: near(0.5),
        advantages: column(1),
        values: head ? column(0.1) : new Float32Array(0),
        returns: head ? column(0.5) : new Float32Array(0),
      };
    });
    const rows = layOutRows(samples, ({ old }) => 1 / (3 * old.length));
    expect(rows.batch).toEqual(layOut(samples.map(({ example }) => example)));
    const facts = (): LossFacts => ({ tokens: 0, clipped: 0, squaredStep: 0, valueLoss: 0 });
    // Through the same path as training.
    const method = onlineMethod({
      policy, settings: { ...settings, klCoefficient: 0.3 }, head, rewards: letters, checks: null, seed: 1,
      train: letterPrompts(base, 2), heldOut: [],
    }); // prettier-ignore
    method.gradients({ samples, scored: 9 } as Update, 9);
    const at = (): number =>
      scope(() => policyLoss(policy.model, head, layOutRows(samples, weightsAsTrained(settings, samples)), settings, 0.3, facts()).item()); // prettier-ignore
    let tested = 0;
    for (const [name, parameter] of policy.parameters) {
      const i = random.int(parameter.size);
      const own = parameter.grad!.data[i]!;
      const x = parameter.data[i]!;
      const slope = (step: number): number => {
        parameter.data[i] = x + step;
        const up = at();
        parameter.data[i] = x - step;
        const down = at();
        parameter.data[i] = x;
        return (up - down) / (2 * step);
      };
      // In float32: the loss is exact to some 1e-7, and two steps tell a kink of the clipping from a slope.
      const [wide, narrow] = [slope(4e-3), slope(2e-3)];
      if (Math.abs(wide - narrow) > 1e-3 * (1 + Math.abs(wide))) continue;
      tested++;
      expect(Math.abs(own - narrow), name).toBeLessThan(2e-3 * (1 + Math.abs(narrow)));
    }
    expect(tested).toBeGreaterThan(15);
    close();
  });
});

/** The weights of `learn.ts`, written out again. */
function weightsAsTrained(settings: OnlineSettings, samples: readonly Sample[]): (sample: Sample) => number {
  const tokens = samples.reduce((sum, { old }) => sum + old.length, 0);
  return ({ old }) =>
    settings.method === 'ppo' || settings.variant === 'dapo' ? 1 / tokens : 1 / (old.length * samples.length);
}

describe('going on', () => {
  it.each([
    ['ppo', ppo({ ...small, rolloutPrompts: 8, rolloutEpochs: 2, klTarget: 0.5 })],
    ['grpo', grpo({ ...small, rolloutPrompts: 2, groupSize: 4, minibatches: 3 })],
  ] as const)('%s: from any step, gives the same bytes', async (_, settings) => {
    const run = async (
      steps: number,
      from?: { weights: Float32Array[]; moments: Float32Array[]; state: string; step: number },
    ) => {
      const { base, policy, method, close } = open(settings);
      const optimizer = new Optimizer(
        policy.parameters,
        planOptimizer('lora', base.model.config, { learningRate: 0.01 }),
      );
      if (from) {
        for (const [i, value] of [...policy.parameters.values()].entries()) value.data.set(from.weights[i]!);
        for (const [i, [, value]] of [...optimizer.state()].entries()) value.data.set(from.moments[i]!);
        const { batches, kl } = JSON.parse(from.state) as { batches: unknown; kl: unknown };
        method.batches.restore(batches);
        method.others['kl']!.restore(kl);
      }
      const last = await train({
        optimizer,
        batches: method.batches,
        gradients: (batch, scored) => method.gradients(batch, scored),
        accumulate: 1,
        firstStep: (from?.step ?? 0) + 1,
        rate: (step) => (step > steps ? null : 1),
      });
      const result = {
        weights: [...policy.parameters.values()].map(({ data }) => data.slice()),
        moments: [...optimizer.state()].map(([, { data }]) => data.slice()),
        state: JSON.stringify({ batches: method.batches.state(), kl: method.others['kl']!.state() }),
        step: last,
      };
      optimizer.dispose();
      close();
      return result;
    };
    const whole = await run(7);
    for (const stop of [1, 2, 4, 6]) expect(await run(7, await run(stop))).toEqual(whole);
  });

  it('stores samples to the bit, and refuses what does not fit', () => {
    const sample: Sample = {
      example: { tokens: Int32Array.of(5, 6, 7), learned: Uint8Array.of(0, 1, 1), where: 'a:1' },
      start: 1,
      old: Float32Array.of(-0.1, -2),
      reference: Float32Array.of(-0.2, -3),
      advantages: Float32Array.of(1 / 3, -1),
      values: new Float32Array(0),
      returns: new Float32Array(0),
    };
    const stored = JSON.parse(JSON.stringify(storeSample(sample))) as ReturnType<typeof storeSample>;
    expect(restoreSample(stored)).toEqual(sample);
    expect(() => restoreSample({ ...stored, start: 2 })).toThrow('does not fit');
    const { method, close } = open(grpo(small));
    expect(() => method.batches.restore({ rollouts: 1 })).toThrow('position in the rollouts');
    close();
  });

  it('leaves nothing in memory', async () => {
    const { method, close, policy, base } = open(ppo(small));
    const optimizer = new Optimizer(policy.parameters, planOptimizer('lora', base.model.config, {}));
    const step = async (): Promise<void> => {
      const update = (await method.batches.next()) as Update;
      method.gradients(update, update.scored);
      await method.evaluation.measure();
      await method.evaluation.sample();
    };
    await step();
    const { buffers } = memoryUse();
    await step();
    await step();
    expect(memoryUse().buffers).toBe(buffers);
    optimizer.dispose();
    close();
  });
});

it('stops where a reward is no number', async () => {
  const { method, close } = open(
    ppo(small),
    'lora',
    rewardsOf('broken', () => NaN),
  );
  await expect(Promise.resolve(method.batches.next())).rejects.toThrow('NaN');
  close();
});

it('refuses texts beside messages, which end differently', () => {
  const { base, policy, close } = open(ppo(small));
  const [text] = letterPrompts(base, 1);
  const chat = { ...text!, prompt: [{ role: 'user' as const, content: 'Hi' }] };
  const options = { policy, settings: ppo(small), head: null, rewards: letters, checks: null, seed: 1 };
  expect(() => onlineMethod({ ...options, train: [text!], heldOut: [chat] })).toThrow('texts and messages');
  close();
});
