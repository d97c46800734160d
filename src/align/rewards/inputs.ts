/** Completions from anywhere as rewards take them. */
import type { Tokenizer } from '../../tokenizer/index.js';
import { promptText } from '../preferences/index.js';
import type { RewardInput } from './types.js';

/**
 * Makes inputs of `rewards.score` from prompts and completions.
 * @param items `truncated` is false and `example` empty unless they are given
 * @param tokenizer counts the tokens of a completion
 */
export function rewardInputs(
  items: readonly (Pick<RewardInput, 'prompt' | 'completion'> &
    Partial<Pick<RewardInput, 'truncated' | 'example' | 'where'>>)[],
  tokenizer: Tokenizer,
): RewardInput[] {
  return items.map((item) => ({
    truncated: false,
    example: {},
    ...item,
    promptText: promptText(item.prompt),
    tokens: tokenizer.encode(item.completion).length,
  }));
}
