import { expect, it } from 'vitest';
import { rewardInput, valueOf, valuesOf } from './fixtures.js';
import { openRewards, parseReward } from './index.js';

it('adds up named components with their weights', async () => {
  const rewards = await openRewards(['2*length:max=10', '-0.5*end', 'length:min=40'].map((text) => parseReward(text)));
  expect(rewards.names).toEqual(['length', 'end', 'length#2']);
  expect(rewards.weights).toEqual([2, -0.5, 1]);
  expect(rewards.files).toEqual([]);
  const { total, components } = await rewards.score([
    rewardInput('', { tokens: 10 }),
    rewardInput('', { tokens: 15, truncated: true }),
  ]);
  expect([...components].map(([name, values]) => [name, ...values])).toEqual([
    ['length', 1, 0.5],
    ['end', 1, 0],
    ['length#2', 0.25, 0.375],
  ]);
  expect([...total]).toEqual([1.75, 1.375]);
  expect((await rewards.score([])).total).toHaveLength(0);
  await rewards.dispose();
});

it('needs a reward', async () => {
  await expect(openRewards([])).rejects.toThrow(/at least one --reward/);
});

it('falls linearly outside a length', async () => {
  const lengths = [0, 5, 10, 15, 20, 30, 40, 1000];
  const values = await valuesOf(
    'length:min=10,max=20',
    lengths.map((tokens) => rewardInput('', { tokens })),
  );
  expect(values).toEqual([0, 0.5, 1, 1, 1, 0.5, 0, 0]);
});

it('finds toxicity, and never takes silence for politeness', async () => {
  expect(await valueOf('toxicity', 'shut up you stupid bitch')).toBeGreaterThan(0.9);
  expect(await valueOf('toxicity', 'We baked bread for our neighbours.')).toBeLessThan(0.5);
  for (const nothing of ['', ' \n', '...']) {
    expect(await valueOf('toxicity', nothing)).toBe(1);
    expect(await valueOf('toxicity:wordless=0.2', nothing)).toBe(0.2);
  }
});
