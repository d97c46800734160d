/** A prompt file with values in it, as the text a model continues. */
import type { Example } from './examples.js';
import type { PromptFile } from './prompt-file.js';
import type { Output } from './settings.js';
import { fillTemplate } from './template.js';
import type { Values } from './values.js';

export interface RenderedPrompt {
  /** Without spaces at its end: a tokenizer puts them before the word that follows. */
  text: string;
  /** The spaces that stood there: they belong before the answer. */
  lead: string;
}

/** How an answer is written in the prompt: labels have a text of their own. */
export function writtenAnswer(answer: string, output: Output): string {
  return output.kind === 'labels' ? output.labels[answer]! : answer;
}

/**
 * The prompt for one question, with its examples in the order given.
 * @param file of {@link readPromptFile}; @param values of `checkValues`
 */
export function renderParts(
  { settings, body }: PromptFile,
  values: Values,
  examples: readonly Example[] = [],
): RenderedPrompt {
  const { output } = settings;
  const { separator } = settings.examples;
  const labels =
    output.kind === 'labels' ? ([['labels', Object.values(output.labels).join(', ')]] as const) : ([] as const);
  const all = (own: Values): Values => new Map([...own, ...labels]);
  const shown = examples.map(
    (example) =>
      fillTemplate(body.turn, all(example.values)) + writtenAnswer(example.answer, output) + body.ending + separator,
  );
  const whole = [
    fillTemplate(body.introduction, all(values)),
    ...shown,
    fillTemplate(body.bridge, all(values)),
    fillTemplate(body.turn, all(values)),
  ].join('');
  const last = body.turn.at(-1); // spaces of the file, not of a value
  const lead = ' '.repeat(typeof last === 'string' ? / *$/.exec(last)![0].length : 0);
  return { text: whole.slice(0, whole.length - lead.length), lead };
}

/** The text of {@link renderParts}. */
export function renderPrompt(file: PromptFile, values: Values, examples: readonly Example[] = []): string {
  return renderParts(file, values, examples).text;
}
