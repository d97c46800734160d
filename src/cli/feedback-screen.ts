/** Two answers on the screen, and the key that a person presses. */
import picocolors from 'picocolors';
import { type AnswerPair, type Judge, promptText } from '../align/index.js';
import type { Keys } from './feedback-keys.js';

const help = '1 or 2 is better, = no difference, s skip, q quit: ';

/** @param write shows text to the person */
export function personJudge(keys: Keys, write: (text: string) => void): Judge {
  const { bold, cyan, dim } = picocolors;
  return {
    atOnce: 1,
    async judge({ prompt, answers }: AnswerPair, { number, of }) {
      write(`\n${dim(`── ${number} of ${of} ──`)}\n${indented(promptText(prompt))}\n`);
      for (const [i, { text, truncated }] of answers.entries())
        write(
          `\n${bold(cyan(`Answer ${i + 1}`))}${truncated ? dim(' (cut at the most tokens)') : ''}\n${indented(text.trim())}\n`,
        );
      write(`\n${help}`);
      for (;;) {
        const key = await keys.next();
        const known = key === null || ['1', '2', '=', 's', 'q'].includes(key);
        write(known ? `${key ?? ''}\n` : `\n${JSON.stringify(key)} means nothing. ${help}`);
        if (key === 'q' || key === null) return 'quit';
        if (key === 's') return 'skip';
        if (key === '=') return { verdict: 'tie' };
        if (key === '1') return { verdict: 'first', facts: { shownFirst: 'chosen' } };
        if (key === '2') return { verdict: 'second', facts: { shownFirst: 'rejected' } };
      }
    },
  };
}

/** Text that cannot steer the terminal, whatever a model has written. */
function indented(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD')
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
