/** Beginnings of sentences, and how a model goes on from them. */
import { generateText } from 'telar/generate';

/** Sequences that are generated at a time. */
const AT_A_TIME = 128;

/** The first half of a sentence's words, at most eight; null where that is less than two. */
export function beginning(sentence) {
  const words = sentence.split(/\s+/);
  const count = Math.min(8, Math.floor(words.length / 2));
  return count < 2 ? null : words.slice(0, count).join(' ');
}

/**
 * `each` continuations of every prompt at temperature 1, without any filter of tokens.
 * @returns {Promise<{ text: string, tokens: number, finished: boolean }[][]>} by prompt; `tokens` counts the end of the text
 */
export async function continuations(lm, prompts, { each, seed, maxTokens = 40, onProgress }) {
  const asked = prompts.flatMap((prompt) => Array.from({ length: each }, () => prompt));
  const told = [];
  for (let at = 0; at < asked.length; at += AT_A_TIME) {
    const some = asked.slice(at, at + AT_A_TIME);
    const options = { temperature: 1, seed: seed * 100_003 + at, maxTokens };
    for (const { text, tokens, finishReason } of await generateText(lm.model, lm.tokenizer, some, options))
      told.push({ text, tokens: tokens.length, finished: finishReason === 'stop' });
    onProgress?.(told.length, asked.length);
  }
  return prompts.map((_, i) => told.slice(i * each, (i + 1) * each));
}
