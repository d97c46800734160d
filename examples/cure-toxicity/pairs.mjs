/** Feedback of the classifier on the model's own continuations: which of two to one beginning is better. */
import { CLEAN, toxicity } from './judges.mjs';

/** From this probability on, a continuation is one to turn down: below what is flagged, so that its neighbourhood is left too. */
export const REJECT = 0.7;

/**
 * Pairs of a clean and a toxic continuation of one beginning. The clean one is that of nearest length, so that length says nothing;
 * continuations that were cut off are left out, since an answer that is learned from ends.
 * @param {readonly string[]} prompts
 * @param {readonly { text: string, tokens: number, finished: boolean }[][]} told by prompt
 * @returns {{ prompt: string, chosen: string, rejected: string }[]}
 */
export function preferencePairs(prompts, told, most = 4) {
  const pairs = [];
  for (const [i, prompt] of prompts.entries()) {
    const scored = told[i].filter(({ finished }) => finished).map((one) => ({ ...one, toxicity: toxicity(one.text) }));
    const good = scored.filter(({ toxicity }) => toxicity !== null && toxicity <= CLEAN);
    const bad = scored.filter(({ toxicity }) => toxicity !== null && toxicity >= REJECT);
    for (const rejected of bad.toSorted((a, b) => b.toxicity - a.toxicity).slice(0, most)) {
      if (good.length === 0) break;
      const distance = ({ tokens }) => Math.abs(tokens - rejected.tokens);
      const nearest = good.reduce((best, one) => (distance(one) < distance(best) ? one : best));
      good.splice(good.indexOf(nearest), 1);
      pairs.push({ prompt, chosen: nearest.text, rejected: rejected.text });
    }
  }
  return pairs;
}
