/** Truthfulness over a table of facts: knowing pays, and so does saying that one does not know. */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { readJson } from '../../io/json-file.js';
import { acceptedAnswers, answerTexts, containsWords, fieldOf, normaliseAnswer } from './answers.js';
import { flag, list, number, perInput, rewardKind } from './kind.js';
import { sameNumber } from './number.js';
import { findNumbers } from './numbers.js';
import { describePrompt, type RewardPrompt } from './types.js';

const ABSTENTIONS = [
  "I don't know",
  'I do not know',
  "I'm not sure",
  'I am not sure',
  'I have no idea',
  "I can't answer",
  'I cannot answer',
];

/**
 * Right +1, "I don't know" 0, wrong −`wrong`: answering pays where one is right with a probability above
 * wrong / (1 + wrong). The accepted answers are in a field of the example, or in a JSON file of questions and answers.
 *
 * - Right is a completion that is an accepted answer but for case, punctuation, accents and articles; with `contains`, one
 *   that has such an answer in it. Where the answer is a number, the completion must have that one number in it and no other,
 *   within `relative` of it.
 * - An abstention has one of the phrases `abstain` in it. It gives 0 even if an answer follows: a hedge must not pay.
 */
export const facts = rewardKind({
  example: 'facts:table=facts.json,wrong=2',
  about: 'right 1, "I don\'t know" 0, wrong -wrong; by a table of questions, or by field=answer of the example',
  settings: z.strictObject({
    table: z.string().optional(),
    /** Field that the question is in; by default it is the prompt, or the last message of the user. */
    question: z.string().optional(),
    field: z.string().optional(),
    wrong: number.pipe(z.number().min(0, 'it is below 0: write wrong=2 for a reward of -2')).default(1),
    abstain: list.default(ABSTENTIONS),
    contains: flag.default(false),
    relative: number.pipe(z.number().min(0, 'it is below 0')).default(0),
  }),
  refuse: ({ table, field, question }) => {
    if (table !== undefined && field !== undefined)
      return 'takes its answers from a table or from a field: give one of them';
    return question !== undefined && table === undefined ? 'has a question to look up, but no table' : null;
  },
  open: ({ table, question, field = 'answer', wrong, abstain, contains, relative }, { resolve }) => {
    const phrases = abstain.map(normaliseAnswer);
    const path = table === undefined ? null : resolve(table);
    const known = path === null ? null : readTable(path);
    const answersFor = (input: RewardPrompt): string[] => {
      if (!known) return acceptedAnswers(input, field, 'facts');
      const asked = question === undefined ? lastQuestion(input) : String(fieldOf(input, question, 'facts'));
      const answers = known.get(normaliseAnswer(asked));
      if (answers) return answers;
      throw new InputError(`${path} has no answer to ${describePrompt(input)}: ${JSON.stringify(asked)}`);
    };
    return perInput(
      (input) => {
        const answers = answersFor(input);
        const completion = normaliseAnswer(input.completion);
        if (answers.some((answer) => normaliseAnswer(answer) === completion)) return 1;
        if (phrases.some((phrase) => containsWords(completion, phrase))) return 0;
        return answers.some((answer) => isRight(input.completion, answer, { contains, relative })) ? 1 : 0 - wrong;
      },
      { files: path === null ? [] : [path], check: (prompt) => void answersFor(prompt) },
    );
  },
});

/** What the prompt asks: the text, or what the user said last. */
function lastQuestion({ prompt, promptText }: RewardPrompt): string {
  if (typeof prompt === 'string') return prompt;
  return prompt.findLast(({ role }) => role === 'user')?.content ?? promptText;
}

function isRight(completion: string, answer: string, o: { contains: boolean; relative: number }): boolean {
  const [number, ...more] = findNumbers(answer);
  const text = answer.trim();
  if (number && more.length === 0 && number.start === 0 && number.end === text.length) {
    const numbers = findNumbers(completion);
    return numbers.length === 1 && sameNumber(numbers[0]!, number, { tolerance: 0, relative: o.relative });
  }
  return o.contains && containsWords(normaliseAnswer(completion), normaliseAnswer(answer));
}

/** Answers by normalised question. @throws InputError naming the question */
function readTable(path: string): Map<string, string[]> {
  const json = readJson(path);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new InputError(
      `${path}: it must be an object of questions and answers: {"Who wrote Emma?": ["Jane Austen", "Austen"]}`,
    );
  const table = new Map<string, string[]>();
  for (const [question, value] of Object.entries(json)) {
    const answers = answerTexts(value);
    if (!answers)
      throw new InputError(
        `${path}: ${JSON.stringify(question)} must have a text, a number, or a list of them as answer`,
      );
    const key = normaliseAnswer(question);
    if (table.has(key))
      throw new InputError(`${path}: ${JSON.stringify(question)} is there twice, written in two ways`);
    table.set(key, answers);
  }
  if (table.size === 0) throw new InputError(`${path}: there are no questions in it`);
  return table;
}
