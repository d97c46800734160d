/** Flag values checked at the door. */
import { type Command, InvalidArgumentError } from 'commander';
import { kernels } from '../engine/index.js';
import { InputError } from '../io/errors.js';

/** A whole number in [least, most]. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most || text.trim() === '')
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** Sets the number of kernel threads: as asked, or one for each processor. */
export function useThreads(count: number | undefined): void {
  kernels.setThreads(count ?? kernels.hardwareThreads());
}

export const threadsFlag = ['--threads <n>', 'kernel threads (default: one a processor)', wholeNumber(1, 256)] as const;

/** Adapters that go with `--model`; given several times, they add up. */
export const adapterFlag = [
  '--adapter <dir>',
  "an adapter's folder; may be given several times",
  (folder: string, before: readonly string[]): readonly string[] => [...before, folder],
  [] as readonly string[],
] as const;

/** Any finite number; the library says which it takes. */
export function anyNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === '') throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** A number above zero. */
export function positiveNumber(text: string): number {
  const value = anyNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** Names with commas between them. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** One of some words. */
export function oneOf<T extends string>(name: string, ...allowed: T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((each) => each === text);
    if (!found) throw new InputError(`--${name} must be ${allowed.join(' or ')}, not ${text}`);
    return found;
  };
}

/** The flags of sampling, which every command that generates text has. */
export function addSampling(command: Command): Command {
  return command
    .option('--max-tokens <n>', 'most new tokens', wholeNumber(1, 1e6), 256)
    .option('--temperature <t>', '0 is greedy, 1 the model as it is', anyNumber, 0.8)
    .option('--top-k <n>', 'only the n most likely tokens; 0 for all', wholeNumber(0, 1e9), 0)
    .option('--top-p <p>', 'only the most likely tokens that reach this probability', anyNumber, 1)
    .option('--min-p <p>', 'only tokens at least this likely, relative to the best', anyNumber, 0)
    .option('--repetition-penalty <x>', 'above 1 discourages tokens seen before', anyNumber, 1)
    .option('--stop <text...>', 'texts that end the output')
    .option('--seed <n>', 'seed of the random choices', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0);
}
