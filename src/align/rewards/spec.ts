/**
 * How a reward is written in one argument: `[WEIGHT*]NAME[:KEY=VALUE,...]`, `[WEIGHT*]FILE[:KEY=VALUE,...]` or
 * `[WEIGHT*]model:FOLDER`. A backslash takes the meaning from a colon in a file's name, and from a comma in a value.
 */
import { InputError } from '../../io/errors.js';
import type { RewardSpec } from './types.js';

/** Name of the kind that a user's file is of. */
export const FUNCTION = 'function';
/** The kind that is followed by a path. */
export const MODEL = 'model';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const WEIGHTED = /^([^*:/\\]*)\*(.*)$/s;

/**
 * Takes a spec apart; whether its name and keys exist is not looked at.
 * @throws InputError saying what is wrong with the text
 */
export function splitSpec(text: string): RewardSpec {
  const weighted = WEIGHTED.exec(text);
  const weight = weighted ? readWeight(weighted[1]!.trim(), text) : 1;
  const rest = weighted ? weighted[2]! : text;
  const colon = findUnescaped(rest, ':', 0);
  const head = unescape(rest.slice(0, colon));
  const parts = colon === rest.length ? [] : splitAt(rest.slice(colon + 1), ',');
  if (head.trim() === '') throw new InputError(`the reward ${JSON.stringify(text)} has no name`);
  if (isFile(head)) return { weight, name: FUNCTION, path: head, options: readOptions(parts, text) };
  const name = head.trim();
  if (name !== MODEL) return { weight, name, path: null, options: readOptions(parts, text) };
  const [first = '', ...others] = parts;
  if (first === '') throw new InputError('the reward "model" needs a folder: model:runs/reward/final');
  return { weight, name, path: unescape(first), options: readOptions(others, text) };
}

/** The text that {@link splitSpec} reads as `spec`. */
export function formatReward({ weight, name, path, options }: RewardSpec): string {
  const pairs = Object.entries(options).map(([key, value]) => `${key}=${escape(value, ',')}`);
  const file = name === FUNCTION && path !== null;
  const head = file ? escape(path, ':') : name;
  const after = path !== null && !file ? [escape(path, ','), ...pairs] : pairs;
  const text = after.length > 0 ? `${head}:${after.join(',')}` : head;
  return weight === 1 && !WEIGHTED.test(text) ? text : `${weight}*${text}`;
}

/** A reward's name says that it is a file: it has a folder, or a script's extension. */
function isFile(name: string): boolean {
  return name.includes('/') || /\.[cm]?[jt]sx?$/.test(name);
}

function readWeight(text: string, spec: string): number {
  const weight = NUMBER.test(text) ? Number(text) : NaN;
  if (Number.isNaN(weight))
    throw new InputError(
      `${JSON.stringify(text)} of the reward ${JSON.stringify(spec)} is no weight: write a number, as in 0.5*length:min=20`,
    );
  if (weight === 0)
    throw new InputError(`a weight of 0 makes the reward ${JSON.stringify(spec)} count for nothing: leave it out`);
  if (!Number.isFinite(weight)) throw new InputError(`the weight of the reward ${JSON.stringify(spec)} is too large`);
  return weight;
}

function readOptions(parts: readonly string[], spec: string): Record<string, string> {
  const options = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const key = part.slice(0, equals < 0 ? part.length : equals).trim();
    if (key === '') throw new InputError(`in the reward ${JSON.stringify(spec)} a KEY=VALUE is missing`);
    if (equals < 0 || equals === part.length - 1)
      throw new InputError(`in the reward ${JSON.stringify(spec)}, ${key} has no value: write ${key}=VALUE`);
    if (options.has(key)) throw new InputError(`the reward ${JSON.stringify(spec)} has ${key} twice`);
    options.set(key, unescape(part.slice(equals + 1)));
  }
  return Object.fromEntries(options);
}

/** Index of a character without a backslash before it, or the length. */
function findUnescaped(text: string, wanted: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== wanted) at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function splitAt(text: string, separator: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from <= text.length;) {
    const end = findUnescaped(text, separator, from);
    parts.push(text.slice(from, end));
    from = end + 1;
  }
  return parts;
}

function escape(text: string, separator: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(separator, `\\${separator}`);
}

/** A backslash before anything else stands for itself. */
function unescape(text: string): string {
  return text.replace(/\\([\\:,])/g, '$1');
}
