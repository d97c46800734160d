/** `README.md` of what an alignment made. */
import type { Method } from '../method.js';
import type { AlignRun } from './align-run.js';

/** As their papers write them. */
export const methodNames: Readonly<Record<Method, string>> = {
  reward: 'a reward model',
  dpo: 'DPO',
  kto: 'KTO',
  orpo: 'ORPO',
  simpo: 'SimPO',
  ppo: 'PPO',
  grpo: 'GRPO',
};

/** Of a run's result, what depends on the clock: equal runs have equal cards. */
const OF_THE_CLOCK = /seconds$|PerSecond/i;

/**
 * Facts that decide the result and what came of it.
 * @param section what the method has to say of what was made, Markdown
 */
export function modelCard(run: AlignRun, section = ''): string {
  const { method, base, adapter, data, training, rewards, result = {} } = run;
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
# ${method === 'reward' ? 'A reward model' : `A model aligned by ${methodNames[method]}`}

${what}; ${data.examples} examples, peak learning rate ${training.optimizer.learningRate}.
${paid}
| figure | value |
| --- | --- |
${figures.join('\n')}
${section === '' ? '' : `\n${section}`}`;
}
