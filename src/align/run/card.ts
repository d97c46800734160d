/** `README.md` of what an alignment made. */
import type { Method } from '../method.js';
import type { AlignRun } from './align-run.js';

const titles: Readonly<Record<Method, string>> = {
  reward: 'A reward model',
  dpo: 'A model aligned by DPO',
  kto: 'A model aligned by KTO',
  orpo: 'A model aligned by ORPO',
  simpo: 'A model aligned by SimPO',
  ppo: 'A model aligned by PPO',
  grpo: 'A model aligned by GRPO',
};

/** Of a run's result, what depends on the clock: equal runs have equal cards. */
const OF_THE_CLOCK = /seconds|PerSecond|share.*time/i;

/** Facts that decide the result and what came of it. */
export function modelCard({ method, base, adapter, data, training, rewards, result = {} }: AlignRun): string {
  const figures = Object.entries(result)
    .filter(([name]) => !OF_THE_CLOCK.test(name))
    .map(([name, value]) => `| ${name} | ${String(value).replaceAll('|', '\\|')} |`);
  const peft = adapter ? ['library_name: peft', `base_model: ${base.path}`] : ['library_name: transformers'];
  const what =
    method === 'reward'
      ? 'It scores answers as people compared them'
      : 'It was changed by feedback on answers, which is no proof that its answers are right';
  const paid =
    rewards.rewards.length > 0 ? `\nRewards: ${rewards.rewards.map((spec) => `\`${spec}\``).join(', ')}.\n` : '';
  return `---
${peft.join('\n')}
tags: [telar]
---
# ${titles[method]}

${what}; ${data.examples} examples, peak learning rate ${training.optimizer.learningRate}.
${paid}
| figure | value |
| --- | --- |
${figures.join('\n')}
`;
}
