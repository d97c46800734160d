/** Inputs for tests of rewards. */
import { openRewards } from './open.js';
import { parseReward } from './kinds.js';
import type { RewardInput } from './types.js';

export function rewardInput(completion: string, more: Partial<RewardInput> = {}): RewardInput {
  const prompt = more.prompt ?? 'Say something.';
  const promptText = typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n');
  return { prompt, promptText, completion, tokens: 10, truncated: false, example: {}, ...more };
}

/** Values of one reward. */
export async function valuesOf(spec: string, inputs: readonly RewardInput[], folder = '.'): Promise<number[]> {
  const rewards = await openRewards([parseReward(spec)], { folder });
  try {
    const { components } = await rewards.score(inputs);
    return [...components.values().next().value!];
  } finally {
    await rewards.dispose();
  }
}

/** Value of one reward for one completion. */
export async function valueOf(
  spec: string,
  completion: string,
  more: Partial<RewardInput> = {},
  folder = '.',
): Promise<number> {
  return (await valuesOf(spec, [rewardInput(completion, more)], folder))[0]!;
}
