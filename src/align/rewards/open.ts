/** Rewards composed: a weighted sum of named components. */
import { readdirSync, statSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { describeError, InputError, RunError } from '../../io/errors.js';
import { sha256, sha256File } from '../../io/files.js';
import { promptText } from '../preferences/index.js';
import { kindOf } from './kinds.js';
import { FUNCTION } from './spec.js';
import { type Component, describePrompt, type OpenRewards, type RewardInput, type RewardSpec } from './types.js';

export interface OpenRewardsOptions {
  /** What relative paths are relative to; by default where the process runs. */
  folder?: string;
}

/**
 * Opens rewards: reads tables and schemas, loads models, starts the threads of functions.
 * @throws InputError for no rewards at all, and for files that cannot be used; nothing stays open then
 */
export async function openRewards(
  specs: readonly RewardSpec[],
  { folder = '.' }: OpenRewardsOptions = {},
): Promise<OpenRewards> {
  if (specs.length === 0) throw new InputError('there is no reward: give at least one --reward');
  const locate = (path: string): string => resolve(folder, path);
  const opened: Component[] = [];
  try {
    for (const { name, path, options } of specs)
      opened.push(await kindOf(name).open(options, { path: path === null ? '' : locate(path), resolve: locate }));
    const files = [...new Set(opened.flatMap(({ files }) => files ?? []))].map((path) => ({
      path,
      sha256: hashOf(path),
    }));
    return new WeightedSum(namesOf(specs), specs, opened, files);
  } catch (error) {
    await disposeAll(opened);
    throw error;
  }
}

class WeightedSum implements OpenRewards {
  readonly names: string[];
  readonly weights: number[];
  readonly files: OpenRewards['files'];
  private readonly components: readonly Component[];

  constructor(
    names: string[],
    specs: readonly RewardSpec[],
    components: readonly Component[],
    files: OpenRewards['files'],
  ) {
    this.names = names;
    this.weights = specs.map(({ weight }) => weight);
    this.components = components;
    this.files = files;
  }

  async score(inputs: readonly RewardInput[]): ReturnType<OpenRewards['score']> {
    const total = new Float64Array(inputs.length);
    const components = new Map<string, Float64Array>();
    // Functions run in threads: all begin before the first is waited for, and the first in order that fails is told.
    const settled = await Promise.allSettled(this.components.map(async (each) => each.score(inputs)));
    for (const [c, outcome] of settled.entries()) {
      if (outcome.status === 'rejected') throw outcome.reason;
      const name = this.names[c]!;
      const values = Float64Array.from(outcome.value);
      if (values.length !== inputs.length)
        throw new RunError(`the reward ${name} gave ${values.length} values for ${inputs.length} completions`);
      for (const [i, value] of values.entries()) {
        if (!Number.isFinite(value))
          throw new RunError(`the reward ${name} is ${value} for ${describePrompt(inputs[i]!)}`);
        total[i]! += this.weights[c]! * value;
      }
      components.set(name, values);
    }
    for (const [i, sum] of total.entries())
      if (!Number.isFinite(sum)) throw new RunError(`the rewards add up to ${sum} for ${describePrompt(inputs[i]!)}`);
    return { total, components };
  }

  check(prompts: Parameters<OpenRewards['check']>[0]): void {
    for (const { prompt, record, where } of prompts)
      for (const each of this.components)
        each.check?.({ prompt, promptText: promptText(prompt), example: record, where });
  }

  async dispose(): Promise<void> {
    await disposeAll(this.components);
  }
}

async function disposeAll(components: readonly Component[]): Promise<void> {
  await Promise.all(components.map(async (each) => each.dispose?.()));
}

/** A function is named after its file, every other reward as it is written; of equal ones the second is `name#2`. */
function namesOf(specs: readonly RewardSpec[]): string[] {
  const names: string[] = [];
  for (const { name, path } of specs) {
    const plain = name === FUNCTION && path !== null ? basename(path, extname(path)) : name;
    let unique = plain;
    for (let n = 2; names.includes(unique); n++) unique = `${plain}#${n}`;
    names.push(unique);
  }
  return names;
}

/** Hash of a file, or of what makes a model directory. */
function hashOf(path: string): string {
  try {
    if (!statSync(path).isDirectory()) return sha256File(path);
    const names = readdirSync(path).filter((name) => /\.(?:json|safetensors)$/.test(name));
    return sha256(
      names
        .toSorted()
        .map((name) => `${name} ${sha256File(join(path, name))}\n`)
        .join(''),
    );
  } catch (error) {
    throw new InputError(`${path}: ${describeError(error)}`, { cause: error });
  }
}
