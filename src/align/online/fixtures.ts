/** Rewards of a function, and prompts, for tests. */
import { encodePrompt, type PromptExample } from '../preferences/index.js';
import type { Base } from '../../tune/index.js';
import type { RewardInput, Rewards } from '../rewards/index.js';

/** One reward, of a function. */
export function rewardsOf(name: string, worth: (input: RewardInput) => number): Rewards {
  return {
    names: [name],
    files: [],
    score(inputs) {
      const total = Float64Array.from(inputs, worth);
      return Promise.resolve({ total, components: new Map([[name, total]]) });
    },
    dispose: () => Promise.resolve(),
  };
}

/** Prompts of a few letters. */
export function letterPrompts(base: Base, count: number): PromptExample[] {
  return Array.from({ length: count }, (_, i) => {
    const prompt = 'abcdefgh'.slice(i % 5, (i % 5) + 1 + (i % 3)) + String(i);
    const options = { tokenizer: base.tokenizer, template: null, context: 32 };
    return { prompt, tokens: encodePrompt(options, prompt), record: { prompt }, where: `prompts.jsonl:${i + 1}` };
  });
}
