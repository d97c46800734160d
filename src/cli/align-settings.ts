/** The flags of `telar align` that some methods have and others refuse. */
import type { Command } from 'commander';
import { dpoLosses, grpoVariants, klEstimators, klPlaces } from '../align/index.js';
import { poolings } from '../understand/index.js';
import { anyNumber, oneOf, positiveNumber, wholeNumber } from './flags.js';

type Flag = readonly [flags: string, description: string, read?: (text: string) => unknown];

const flags: readonly Flag[] = [
  ['--pooling <how>', `reward: the state it is read from: ${poolings.join(', ')} (default last)`, oneOf('pooling', ...poolings)], // prettier-ignore
  ['--margin <x>', "reward: factor on the margin of a pair's record (default 0)", anyNumber],
  ['--centring <x>', "reward: factor on the squared sum of a pair's rewards (default 0)", anyNumber],
  ['--beta <x>', 'dpo, kto: cost of leaving the reference (default 0.1); orpo: weight of the odds ratio (0.1); simpo: scale (2)', positiveNumber], // prettier-ignore
  ['--loss <name>', `dpo: ${dpoLosses.join(', ')} (default sigmoid)`, oneOf('loss', ...dpoLosses)],
  ['--label-smoothing <x>', 'dpo: share of the pairs that may be the wrong way round (default 0)', anyNumber],
  ['--desirable-weight <x>', 'kto: weight of good answers (default 1)', positiveNumber],
  ['--undesirable-weight <x>', 'kto: weight of bad answers (default 1)', positiveNumber],
  ['--gamma <x>', 'simpo: margin that the chosen answer should have (default 1); ppo: discount (default 1)', anyNumber],
  ['--max-new-tokens <n>', 'ppo, grpo: most tokens of an answer (default 64)', wholeNumber(1, 1 << 20)],
  ['--rollout-prompts <n>', 'ppo, grpo: prompts that are answered at a time (default 64; grpo 8)', wholeNumber(1, 1e6)],
  ['--rollout-epochs <n>', 'ppo, grpo: passes over these answers (default 1)', wholeNumber(1, 1000)],
  ['--minibatches <n>', 'ppo, grpo: updates of a pass (default 2)', wholeNumber(1, 1e6)],
  ['--group-size <n>', 'grpo: answers to each prompt (default 8)', wholeNumber(2, 4096)],
  ['--variant <name>', `grpo: ${grpoVariants.join(', ')} (default grpo)`, oneOf('variant', ...grpoVariants)],
  ['--clip <x>', 'ppo, grpo: how far the ratio of probabilities may move (default 0.2)', anyNumber],
  ['--clip-high <x>', 'ppo, grpo: how far up, where that is not the same (dapo 0.28)', anyNumber],
  ['--kl-coefficient <x>', 'ppo, grpo: what a nat away from the base costs (default 0.05)', anyNumber],
  ['--kl-target <x>', 'ppo, grpo: nats a sample that the coefficient is steered to', positiveNumber],
  ['--kl-in <where>', 'ppo, grpo: where it is paid: reward (ppo), loss (grpo)', oneOf('kl-in', ...klPlaces)],
  ['--kl-estimator <name>', 'ppo, grpo: k1 (ppo), k3 (grpo)', oneOf('kl-estimator', ...klEstimators)],
  ['--missing-end-penalty <x>', 'ppo, grpo: taken from the reward of an answer that does not end (default 0)', anyNumber], // prettier-ignore
  ['--entropy-bonus <x>', 'ppo, grpo: weight of the entropy (default 0)', anyNumber],
  ['--evaluation-prompts <n>', 'ppo, grpo: held-out prompts that an evaluation answers (default 128)', wholeNumber(1, 1e6)], // prettier-ignore
  ['--gae-lambda <x>', 'ppo: lambda of the advantages (default 0.95)', anyNumber],
  ['--value-clip <x>', 'ppo: how far a value may move (default 0.2)', positiveNumber],
  ['--value-coefficient <x>', 'ppo: weight of the loss of the values (default 0.1)', anyNumber],
];

export function addMethodSettings(command: Command): Command {
  for (const [name, description, read] of flags) {
    if (read) command.option(name, description, read);
    else command.option(name, description);
  }
  return command;
}

/** Divides flags into the settings of methods and the rest. */
export function settingsIn<T extends object>(all: T): { settings: Record<string, unknown>; others: T } {
  const names = new Set(flags.map(([name]) => optionName(name)));
  const part = (wanted: boolean): [string, unknown][] =>
    Object.entries(all).filter(([name]) => names.has(name) === wanted);
  return { settings: Object.fromEntries(part(true)), others: Object.fromEntries(part(false)) as T };
}

/** `--max-new-tokens <n>` becomes `maxNewTokens`. */
function optionName(flag: string): string {
  return flag
    .slice(2)
    .split(' ')[0]!
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
