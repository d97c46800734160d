/** Whether a completion is the right answer, word for word. */
import { z } from 'zod';
import { acceptedAnswers, normaliseAnswer } from './answers.js';
import { flag, perInput, rewardKind } from './kind.js';

/**
 * 1 where the completion is one of the answers in the example's field, otherwise 0. Case, punctuation, articles and how a
 * number is written do not count; with `strict`, everything counts but the spaces around.
 */
export const exact = rewardKind({
  example: 'exact:field=answer',
  about:
    '1 where the completion is an answer in that field of the example, however it is written; strict=true: to the letter',
  settings: z.strictObject({ field: z.string().default('answer'), strict: flag.default(false) }),
  open: ({ field, strict }) => {
    const form = strict ? (text: string) => text.trim() : normaliseAnswer;
    return perInput(
      (input) => {
        const completion = form(input.completion);
        return acceptedAnswers(input, field, 'exact').some((answer) => form(answer) === completion) ? 1 : 0;
      },
      { check: (prompt) => void acceptedAnswers(prompt, field, 'exact') },
    );
  },
});
