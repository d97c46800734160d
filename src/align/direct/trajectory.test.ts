/**
 * What the first steps of small runs of each direct method said, as it was when the figures were committed: whatever changes
 * what alignment computes shows here. `UPDATE=1 npx vitest run src/align/direct/trajectory` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { folder } from '../../corpus/read/fixtures.js';
import { Optimizer, train } from '../../train/index.js';
import { planOptimizer } from '../../tune/index.js';
import { bothThumbs, letterPairs, tinyBase, tinyPlan } from '../fixtures.js';
import { Policy } from '../policy.js';
import { directMethod, type DirectOptions, directSettings } from './index.js';

const path = fileURLToPath(new URL('../../../test/reference/direct-trajectories.json', import.meta.url));
const STEPS = 12;

interface Trajectory {
  loss: number[];
  margin: number[];
}

const { root } = folder();
const base = tinyBase(root);
afterAll(() => base.model.dispose());

async function trajectory(weights: 'lora' | 'full', options: (policy: Policy) => DirectOptions): Promise<Trajectory> {
  const own = tinyBase(root);
  const policy = new Policy(own, tinyPlan(own, weights));
  const method = await directMethod(options(policy));
  const learningRate = weights === 'lora' ? 0.01 : 0.002;
  const optimizer = new Optimizer(policy.parameters, planOptimizer(weights, own.model.config, { learningRate }));
  const found: Trajectory = { loss: [], margin: [] };
  await train({
    optimizer,
    batches: method.batches,
    gradients: (batch, scored) => method.gradients(batch, scored),
    accumulate: method.accumulate,
    rate: (step) => (step > STEPS ? null : 1),
    onStep({ loss }) {
      found.loss.push(Number(loss.toPrecision(6)));
      found.margin.push(Number(method.numbers()['margin']!.toPrecision(6)));
    },
  });
  optimizer.dispose();
  method.dispose();
  policy.dispose();
  own.model.dispose();
  return found;
}

it('learns as it did', async () => {
  const pairs = letterPairs(base, 48);
  const data = { heldOut: [], seed: 5, batchFeedback: 8, batchTokens: 120 };
  const dpo = (policy: Policy): DirectOptions => ({
    ...data,
    policy,
    settings: { method: 'dpo', ...directSettings('dpo').parse({}) },
    train: pairs,
  });
  const now: Record<string, Trajectory> = {
    'dpo, lora': await trajectory('lora', dpo),
    'dpo, full': await trajectory('full', dpo),
    'kto, lora': await trajectory('lora', (policy) => ({
      ...data,
      policy,
      settings: { method: 'kto', ...directSettings('kto').parse({}) },
      train: bothThumbs(pairs),
    })),
    'orpo, lora': await trajectory('lora', (policy) => ({
      ...data,
      policy,
      settings: { method: 'orpo', ...directSettings('orpo').parse({}) },
      train: pairs,
    })),
    'simpo, lora': await trajectory('lora', (policy) => ({
      ...data,
      policy,
      settings: { method: 'simpo', ...directSettings('simpo').parse({}) },
      train: pairs,
    })),
  };
  if (process.env['UPDATE']) writeFileSync(path, `${JSON.stringify(now, null, 1)}\n`);
  const committed = JSON.parse(readFileSync(path, 'utf8')) as typeof now;
  expect(Object.keys(committed)).toEqual(Object.keys(now));
  for (const [name, expected] of Object.entries(committed)) {
    const found = now[name]!;
    for (const key of ['loss', 'margin'] as const) {
      expect(found[key]).toHaveLength(STEPS);
      // Instruction sets add in different orders, and the differences grow from step to step.
      expected[key].forEach((value, i) =>
        expect(Math.abs(found[key][i]! - value), `${name}, ${key} of step ${i + 1}`).toBeLessThan(2e-4 * (1 + i)),
      );
    }
    expect(found.margin.at(-1)).toBeGreaterThan(found.margin[0]!);
  }
});
