/** `--config file.yaml`: flags of a command in a file. It becomes flags again, so that they are checked in one place. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describeError, InputError } from '../io/errors.js';

export const configFlag = ['--config <file>', 'YAML file with any of these flags, such as "max-tokens: 50"'] as const;

/**
 * The arguments with the flags of the `--config` file added, save those that the command line gives itself. A list under
 * `paths` becomes arguments without a flag.
 * @throws InputError when the file cannot be read or holds more than names with plain values
 */
export function withConfigFile(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const flags = args.slice(0, end);
  const path = valueOf(flags, '--config');
  if (path === undefined) return [...args];
  const added: string[] = [];
  for (const [key, value] of Object.entries(readMapping(path))) {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const values = (Array.isArray(value) ? value : [value]) as unknown[];
    if (values.some((each) => each === null || typeof each === 'object'))
      throw new InputError(`${path}: ${key} must be a plain value or a list of them`);
    if (key === 'paths') added.push(...values.map(String));
    else if (flags.some((each) => each === flag || each.startsWith(`${flag}=`)) || value === false) continue;
    else if (value === true) added.push(flag);
    else added.push(...values.map((each) => `${flag}=${String(each)}`));
  }
  return [...flags, ...added, ...args.slice(end)];
}

function valueOf(flags: readonly string[], flag: string): string | undefined {
  const at = flags.findIndex((each) => each === flag || each.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  return flags[at] === flag ? flags[at + 1] : flags[at]!.slice(flag.length + 1);
}

function readMapping(path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error).split('\n')[0]}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError(`${path}: expected flags, such as "steps: 500"`);
  return value as Record<string, unknown>;
}
