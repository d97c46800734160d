/** The flags of `telar align` that some methods have and others refuse. */
import type { Command } from 'commander';
import { anyNumber, positiveNumber, wholeNumber } from './flags.js';

type Flag = readonly [flags: string, description: string, read?: (text: string) => unknown];

const flags: readonly Flag[] = [
  ['--beta <x>', 'how closely to stay at the reference', positiveNumber],
  ['--max-new-tokens <n>', 'most tokens of a generated answer', wholeNumber(1, 1 << 20)],
  ['--label-smoothing <x>', 'share of the pairs that may be the wrong way round', anyNumber],
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
