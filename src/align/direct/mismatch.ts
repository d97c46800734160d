/** Answers to other prompts: by how much the policy likes them more than the reference did says how far it has gone (KTO). */
import type { Example } from '../../tune/index.js';
import type { Thumb } from '../preferences/index.js';

/**
 * For each thumb its prompt with the answer of the next thumb that has another prompt (its own where there is none); a
 * prompt that is too long for it loses its beginning.
 * @param context most tokens
 */
export function mismatched(thumbs: readonly Thumb[], context: number): Example[] {
  const keys = thumbs.map(({ prompt }) => JSON.stringify(prompt));
  const next = new Int32Array(thumbs.length);
  // Twice round, so that the last ones find theirs at the beginning.
  for (let round = 0; round < 2; round++)
    for (let i = thumbs.length - 1; i >= 0; i--) {
      const after = (i + 1) % thumbs.length;
      next[i] = keys[after] === keys[i] ? next[after]! : after;
    }
  return thumbs.map(({ example, where }, i) => {
    const other = next[i]!;
    const prompt = example.tokens.filter((_, j) => example.learned[j] === 0);
    const from = thumbs[other]!.example;
    const answer = from.tokens.filter((_, j) => from.learned[j] === 1);
    const over = Math.max(0, prompt.length + answer.length - context);
    // The first token begins the document.
    const kept = over === 0 ? prompt : Int32Array.of(...prompt.subarray(0, 1), ...prompt.subarray(1 + over));
    const tokens = Int32Array.of(...kept, ...answer);
    const learned = new Uint8Array(tokens.length).fill(1, kept.length);
    return { tokens, learned, where };
  });
}
