/** The settings of each method, as its own schema reads them. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { directSettings } from '../direct/index.js';
import { rewardSettings } from '../reward-model/index.js';
import { type Method, methods } from '../method.js';

export type Settings = Readonly<Record<string, unknown>>;

function schemaOf(method: Method): z.ZodObject {
  switch (method) {
    case 'reward':
      return rewardSettings;
    case 'dpo':
    case 'kto':
    case 'orpo':
    case 'simpo':
      return directSettings(method);
    default:
      return z.object({}); // TODO
  }
}

/** Names of the settings that a method has. */
export function settingsOf(method: Method): string[] {
  return Object.keys(schemaOf(method).shape);
}

/**
 * The settings of a method, with its defaults for those that are not given.
 * @throws InputError for one that the method has not, or a value that it does not take
 */
export function readSettings(method: Method, given: Settings): Settings {
  const known = settingsOf(method);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const name of Object.keys(present)) {
    if (known.includes(name)) continue;
    const owners = methods.filter((one) => settingsOf(one).includes(name));
    throw new InputError(
      owners.length > 0
        ? `--${flagOf(name)} is for --method ${owners.join(', ')}, not for ${method}`
        : `no method has a setting ${name}`,
    );
  }
  const { data, error } = schemaOf(method).safeParse(present);
  if (data) return data;
  const { path, message } = error.issues[0]!;
  throw new InputError(`--${flagOf(String(path[0] ?? 'method'))}: ${message}`);
}

/** `maxNewTokens` as one writes it: `max-new-tokens`. */
export function flagOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
