/** A prompt put to a model: one question or a file of them. */
import { Assessor, type Question } from './assess.js';
import type { LanguageModel } from '../generate/index.js';
import { embedTexts } from '../understand/index.js';
import type { PromptFile } from './prompt-file.js';
import { type Embed, exampleSelector } from './select.js';

export interface Answer {
  where: string;
  /** The label, or the text generated; for a JSON schema the value is in `value`. */
  answer: string;
  /** By label; only where the prompt has labels. */
  probabilities?: Record<string, number>;
  /** The JSON value; only where the prompt has a schema. */
  value?: unknown;
  /** Tokens of the prompt, examples shown, examples left out for want of room. */
  tokens: number;
  examples: number;
  left: number;
}

/** Questions put together. */
const BATCH = 8;

/**
 * Answers questions in order, a few at a time.
 * @throws InputError where a prompt does not fit the context even without examples
 */
export async function* answerQuestions(
  file: PromptFile,
  lm: LanguageModel,
  questions: readonly Question[],
  embed: Embed = (texts) => embedTexts(lm, texts),
): AsyncGenerator<Answer> {
  const select = await exampleSelector(
    file,
    questions.map(({ values }) => values),
    embed,
  );
  const assessor = new Assessor(lm);
  for (let from = 0; from < questions.length; from += BATCH) {
    const some = questions.slice(from, from + BATCH);
    const prompts = some.map((question) => assessor.fit(file, question, select));
    const about = (i: number) => ({
      tokens: prompts[i]!.tokens.length,
      examples: prompts[i]!.examples.length,
      left: prompts[i]!.left,
    });
    const { output } = file.settings;
    if (output.kind === 'labels') {
      const names = Object.keys(output.labels);
      const all = await assessor.labels(file, prompts, some);
      for (const [i, row] of all.entries()) {
        const probabilities = Object.fromEntries(names.map((name, k) => [name, row[k]!]));
        const answer = names[row.indexOf(Math.max(...row))]!;
        yield { where: some[i]!.where, answer, probabilities, ...about(i) };
      }
      continue;
    }
    const texts = await assessor.texts(file, prompts);
    for (const [i, answer] of texts.entries())
      yield {
        where: some[i]!.where,
        answer,
        ...(output.kind === 'schema' && { value: JSON.parse(answer) as unknown }),
        ...about(i),
      };
  }
}
