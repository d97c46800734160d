/** The flags of `telar align` that some methods have and others refuse. */
import type { Command } from 'commander';
import { dpoLosses } from '../align/index.js';
import { poolings } from '../understand/index.js';
import { anyNumber, oneOf, positiveNumber } from './flags.js';

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
  ['--gamma <x>', 'simpo: margin that the chosen answer should have (default 1)', anyNumber],
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
