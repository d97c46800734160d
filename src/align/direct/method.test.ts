import { afterAll, describe, expect, it } from 'vitest';
import { folder } from '../../corpus/read/fixtures.js';
import { memoryUse, scope, Tape, weightedSum } from '../../engine/index.js';
import { Optimizer, train } from '../../train/index.js';
import { type Example, layOut, planOptimizer } from '../../tune/index.js';
import { bothThumbs, letterPairs, tinyBase, tinyPlan } from '../fixtures.js';
import { Policy } from '../policy.js';
import { directMethod, directSettings, learnedCounts, sequenceLogProbs } from './index.js';
import { ktoTerms } from './losses.js';
import type { DirectOptions } from './method.js';
import { mismatched } from './mismatch.js';
import { referenceLogProbs } from './reference.js';

const { root } = folder();
const base = tinyBase(root);
afterAll(() => base.model.dispose());
const pairs = letterPairs(base, 120);
const [learn, held] = [pairs.slice(0, 90), pairs.slice(90)];

type Chosen = DirectOptions extends infer O ? (O extends { settings: infer S } ? S : never) : never;
const optionsFor = (policy: Policy, settings: Chosen): DirectOptions =>
  settings.method === 'kto'
    ? { policy, settings, train: bothThumbs(learn), heldOut: bothThumbs(held), seed: 1 }
    : { policy, settings, train: learn, heldOut: held, seed: 1 };

const dpo = (settings: object = {}) => ({ method: 'dpo' as const, ...directSettings('dpo').parse(settings) });
const all: Chosen[] = [
  dpo(),
  dpo({ loss: 'hinge' }),
  dpo({ loss: 'ipo' }),
  dpo({ loss: 'robust', labelSmoothing: 0.1 }),
  { method: 'kto', ...directSettings('kto').parse({}) },
  { method: 'orpo', ...directSettings('orpo').parse({}) },
  { method: 'simpo', ...directSettings('simpo').parse({}) },
];

describe('step 0', () => {
  it.each(['lora', 'full'] as const)('%s: DPO costs ln 2, and all margins are exactly 0', async (weights) => {
    const policy = new Policy(base, tinyPlan(base, weights));
    const method = await directMethod(optionsFor(policy, dpo()));
    const { heldOutLoss, heldOutMargin, heldOutAccuracy } = await method.evaluation.measure();
    expect(heldOutLoss).toBeCloseTo(Math.LN2, 6);
    expect([heldOutMargin, heldOutAccuracy]).toEqual([0, 0.5]);
    const batch = await method.batches.next();
    expect(method.gradients(batch, batch.scored)).toBeCloseTo(Math.LN2, 6);
    const { margin, accuracy } = method.numbers();
    expect([margin, accuracy]).toEqual([0, 0.5]);
    expect(method.numbers()).toEqual({});
    policy.dispose();
  });

  it('has the saved base as the reference, to the bit, whatever was learned', async () => {
    const fresh = tinyBase(root);
    const policy = new Policy(fresh, tinyPlan(fresh, 'lora'));
    const examples = learn.flatMap(({ chosen, rejected }) => [chosen, rejected]);
    const before = scope(() => sequenceLogProbs(base.model, layOut(examples)).data.slice());
    for (const value of policy.parameters.values()) value.data.fill(0.05);
    expect(scope(() => sequenceLogProbs(policy.model, layOut(examples)).data.slice())).not.toEqual(before);
    expect(await referenceLogProbs(policy, examples, 4096)).toEqual(before);
    expect(await referenceLogProbs(policy, examples, 64)).toEqual(before);
    policy.dispose();
    fresh.model.dispose();
  });
});

describe('learning', () => {
  it.each(all)('%o prefers what was preferred, held out', async (settings) => {
    const policy = new Policy(base, tinyPlan(base, 'lora'));
    const buffers = memoryUse().buffers;
    const method = await directMethod(optionsFor(policy, settings));
    const before = await method.evaluation.measure();
    const optimizer = new Optimizer(
      policy.parameters,
      planOptimizer('lora', base.model.config, { learningRate: 0.02 }),
    );
    const losses: number[] = [];
    await train({
      optimizer,
      batches: method.batches,
      gradients: (batch, scored) => method.gradients(batch, scored),
      accumulate: method.accumulate,
      rate: (step) => (step > 30 ? null : 1),
      onStep: ({ loss }) => void losses.push(loss),
    });
    const after = await method.evaluation.measure();
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    expect(after['heldOutAccuracy']).toBeGreaterThan(0.85);
    expect(after['heldOutMargin']).toBeGreaterThan(before['heldOutMargin']! + 0.01);
    optimizer.dispose();
    method.dispose();
    policy.releaseReference();
    expect(memoryUse().buffers).toBe(buffers);
    policy.dispose();
  });
});

describe('batches', () => {
  const gradientsOf = async (batchTokens: number): Promise<{ loss: number; gradients: Float32Array[] }> => {
    const policy = new Policy(base, tinyPlan(base, 'lora'));
    for (const [name, value] of policy.parameters) if (name.endsWith('loraB')) value.data.fill(0.02);
    const method = await directMethod({ ...optionsFor(policy, dpo()), batchTokens, batchFeedback: 1000 });
    let loss = 0;
    const parts = [];
    while (method.batches.epochs < 1) parts.push(await method.batches.next());
    for (const part of parts) loss += method.gradients(part, learn.length);
    const gradients = [...policy.parameters.values()].map(({ grad }) => grad!.data.slice());
    policy.dispose();
    return { loss, gradients };
  };

  it('in many parts give the gradient of one', async () => {
    const [one, many] = [await gradientsOf(100_000), await gradientsOf(80)];
    expect(many.loss).toBeCloseTo(one.loss, 5);
    for (const [i, gradient] of many.gradients.entries())
      for (const [j, value] of gradient.entries()) expect(Math.abs(value - one.gradients[i]![j]!)).toBeLessThan(1e-6);
  });
});

it('finds answers as likely together as alone', () => {
  const examples = learn.slice(0, 20).flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const together = scope(() => sequenceLogProbs(base.model, layOut(examples)).data.slice());
  for (const [i, example] of examples.entries()) {
    const alone = scope(() => sequenceLogProbs(base.model, layOut([example])).item());
    expect(Math.abs(together[i]! - alone)).toBeLessThan(1e-6 * Math.abs(alone));
  }
});

it('takes no gradient of the reference point of KTO', async () => {
  const settings = { method: 'kto' as const, ...directSettings('kto').parse({ beta: 0.3 }) };
  const own = bothThumbs(learn);
  const policy = new Policy(base, tinyPlan(base, 'lora'));
  const method = await directMethod(optionsFor(policy, settings));
  const others = mismatched(own, base.model.config.context);
  const gradientsOf = (work: () => void): number[] => {
    for (const value of policy.parameters.values()) value.grad?.data.fill(0);
    work();
    return [...policy.parameters.values()].flatMap(({ grad }) => [...grad!.data]);
  };
  const before = await referenceLogProbs(policy, own.map(({ example }) => example), 4096); // prettier-ignore
  const othersBefore = await referenceLogProbs(policy, others, 4096);
  const batch = await method.batches.next();
  makeLikelier(policy, batch.groups.map((i) => others[i]!)); // prettier-ignore
  const found = gradientsOf(() => method.gradients(batch, batch.scored));

  const likely = scope(() => [...sequenceLogProbs(policy.model, layOut(batch.groups.map((i) => others[i]!))).data]);
  const z = likely.reduce((sum, x, i) => sum + x - othersBefore[batch.groups[i]!]!, 0) / likely.length;
  expect(z).toBeGreaterThan(0.1);
  expect(method.numbers()['referencePoint']).toBeCloseTo(z, 5);
  const good = batch.groups.map((i) => own[i]!.good);
  const expected = gradientsOf(() =>
    scope(() => {
      const tape = new Tape();
      const loss = tape.run(() => {
        const reference = Float32Array.from(batch.groups, (i) => before[i]!);
        const logProbs = sequenceLogProbs(policy.model, batch.batch);
        const { losses } = ktoTerms(
          { policy: logProbs, reference, counts: learnedCounts(batch.batch) },
          good,
          z,
          settings,
        );
        return weightedSum(losses, new Float32Array(good.length).fill(1 / good.length));
      });
      tape.backward(loss);
    }),
  );
  found.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-7));
  policy.dispose();
});

/** One large step towards the examples: other answers are likelier than they were then, and the point is above 0. */
function makeLikelier(policy: Policy, examples: Example[]): void {
  scope(() => {
    const tape = new Tape();
    const loss = tape.run(() =>
      weightedSum(
        sequenceLogProbs(policy.model, layOut(examples)),
        new Float32Array(examples.length).fill(1 / examples.length),
      ),
    );
    tape.backward(loss);
  });
  for (const value of policy.parameters.values())
    value.grad?.data.forEach((slope, i) => (value.data[i]! += 0.1 * slope));
}

it('pairs every prompt with the answer to another', () => {
  const own = bothThumbs(learn.slice(0, 5));
  const others = mismatched(own, 40);
  for (const [i, { tokens, learned }] of others.entries()) {
    const given = tokens.filter((_, j) => learned[j] === 0);
    expect(given).toEqual(own[i]!.example.tokens.filter((_, j) => own[i]!.example.learned[j] === 0));
    const from = own[(i % 2 === 0 ? i + 2 : i + 1) % own.length]!.example;
    expect(tokens.filter((_, j) => learned[j] === 1)).toEqual(from.tokens.filter((_, j) => from.learned[j] === 1));
  }
  expect(mismatched(own.slice(0, 1), 40)[0]!.tokens).toEqual(own[0]!.example.tokens);
  for (const { tokens } of mismatched(own, 12)) expect(tokens.length).toBeLessThanOrEqual(12);
});
