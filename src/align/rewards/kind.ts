/** What there is to know of a kind of reward, and the settings that it takes as text. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import type { Component, RewardInput } from './types.js';

/** Where an opened reward finds its files. */
export interface Place {
  /** Of the spec, resolved; empty for kinds without one. */
  path: string;
  resolve(path: string): string;
}

export interface RewardKind {
  /** As one writes it: `length:min=20,max=60`. */
  example: string;
  /** What its value is, in a line. */
  about: string;
  keys: readonly string[];
  /** @throws InputError for settings that it does not take */
  check(options: Readonly<Record<string, string>>): void;
  /** @throws InputError for files that cannot be used */
  open(options: Readonly<Record<string, string>>, place: Place): Component | Promise<Component>;
}

/** A kind from the settings that it takes. The shape's fields read strings. */
export function rewardKind<Shape extends z.ZodRawShape>(kind: {
  example: string;
  about: string;
  settings: z.ZodObject<Shape>;
  /** What is wrong with settings that are each right; null where nothing is. */
  refuse?: (settings: z.output<z.ZodObject<Shape>>) => string | null;
  open: (settings: z.output<z.ZodObject<Shape>>, place: Place) => Component | Promise<Component>;
}): RewardKind {
  const keys = Object.keys(kind.settings.shape);
  const name = kind.example.split(':')[0]!;
  const read = (options: Readonly<Record<string, string>>): z.output<z.ZodObject<Shape>> => {
    for (const key of Object.keys(options))
      if (!keys.includes(key))
        throw new InputError(
          `the reward ${name} has no setting ${JSON.stringify(key)}; ${keys.length > 0 ? `there are: ${keys.join(', ')}` : 'it has none'}`,
        );
    const parsed = kind.settings.safeParse(options);
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!;
      const key = String(path[0]);
      const given = options[key] === undefined ? `needs ${key}` : `${key}=${options[key]}`;
      throw new InputError(`the reward ${name}, ${given}: ${message}`);
    }
    const reason = kind.refuse?.(parsed.data) ?? null;
    if (reason !== null) throw new InputError(`the reward ${name} ${reason}`);
    return parsed.data;
  };
  return {
    example: kind.example,
    about: kind.about,
    keys,
    check: (options) => void read(options),
    open: (options, place) => kind.open(read(options), place),
  };
}

/** A number written in decimal. */
export const number = z
  .string()
  .trim()
  .regex(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i, 'it is not a number')
  .transform(Number);

/** A number of tokens, words or items. */
export const count = number.pipe(z.int('it is not a whole number').min(0, 'it is below 0'));

/** Texts with `|` between them. */
export const list = z
  .string()
  .transform((text) =>
    text
      .split('|')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
  .refine((items) => items.length > 0, 'there is nothing in it');

export const flag = z.enum(['true', 'false'], 'it is true or false').transform((text) => text === 'true');

/** A component that judges each completion for itself. */
export function perInput(
  value: (input: RewardInput) => number,
  more: Pick<Component, 'files' | 'check'> = {},
): Component {
  return { ...more, score: (inputs) => Float64Array.from(inputs, (input) => value(input)) };
}
