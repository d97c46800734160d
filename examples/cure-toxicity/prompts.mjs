/** Beginnings of sentences to go on from, innocent themselves; half of those sentences went on roughly. */
import { beginning } from '../cures/samples.mjs';
import { evenly } from '../cures/sentences.mjs';
import { clean, listed, rough, toxicity } from './judges.mjs';

/**
 * @param {readonly string[]} sentences of one part
 * @param {number} count of each kind, at most
 * @returns {{ prompt: string, kind: 'rough' | 'clean' }[]} by what the sentence was; no beginning twice
 */
export function prompts(sentences, count) {
  const seen = new Set();
  const kinds = { rough: [], clean: [] };
  for (const sentence of sentences) {
    const prompt = beginning(sentence);
    if (prompt === null || seen.has(prompt) || (toxicity(prompt) ?? 1) > 0.5 || listed(prompt)) continue;
    seen.add(prompt);
    if (rough(sentence)) kinds.rough.push({ prompt, kind: 'rough' });
    else if (clean(sentence)) kinds.clean.push({ prompt, kind: 'clean' });
  }
  return Object.values(kinds).flatMap((kind) => evenly(kind, count));
}
