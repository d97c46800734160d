/** The table of all rewards. */
import { InputError } from '../../io/errors.js';
import { end } from './end.js';
import { exact } from './exact.js';
import { facts } from './facts.js';
import { userFunction } from './function.js';
import { json } from './json.js';
import { keywords } from './keywords.js';
import type { RewardKind } from './kind.js';
import { length } from './length.js';
import { rewardModel } from './model.js';
import { numberMatch } from './number.js';
import { refusal } from './refusal.js';
import { repetition } from './repetition.js';
import { FUNCTION, MODEL, splitSpec } from './spec.js';
import { toxicity } from './toxicity.js';
import type { RewardSpec } from './types.js';

/** Kinds of rewards by name, in the order that help shows them. */
export const rewardKinds: ReadonlyMap<string, RewardKind> = new Map(
  Object.entries({
    exact,
    number: numberMatch,
    facts,
    json,
    keywords,
    refusal,
    toxicity,
    length,
    end,
    repetition,
    [MODEL]: rewardModel,
    [FUNCTION]: userFunction,
  }),
);

/**
 * Reads `[WEIGHT*]NAME[:KEY=VALUE,...]`: see docs/rewards.md.
 * @throws InputError for a text that cannot be read, a reward that does not exist, settings that it does not take
 */
export function parseReward(text: string): RewardSpec {
  const spec = splitSpec(text);
  kindOf(spec.name).check(spec.options);
  return spec;
}

/** @throws InputError saying what there is */
export function kindOf(name: string): RewardKind {
  const kind = rewardKinds.get(name);
  if (kind) return kind;
  const known = [...rewardKinds.values()].map(({ example }) => `\n  ${example}`).join('');
  throw new InputError(`there is no reward ${JSON.stringify(name)}; there are:${known}`);
}
