/** A task put to a model: by its chat template where it has one, else as a text that it goes on with. */
import { Conversation, generateText, type LanguageModel, promptTokens, type TextOptions } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import type { ChatTemplate } from '../tokenizer/index.js';
import { beginningThatFits } from './label-prompts.js';

export interface Task {
  /** What is to be done, for a model that takes instructions. */
  instruction: string;
  /** What it is to be done with. */
  content: string;
  /** What the answer stands behind, for a model that only continues text: "Summary:". */
  cue: string;
}

/** A model, and how it is talked to. */
export interface Respondent extends LanguageModel {
  /** The model's chat template, or null where it has none. */
  template?: ChatTemplate | null;
}

/** Tokens that an answer to the task is to follow. */
export function taskTokens({ tokenizer, template = null }: Respondent, task: Task): ArrayLike<number> {
  if (!template) return promptTokens(tokenizer, `${task.content}\n\n${task.cue}`);
  return conversation({ tokenizer, template }).prompt(`${task.instruction}\n\n${task.content}`);
}

/** Tokens that a task may take besides an answer of `maxTokens`. @throws InputError when nothing is left */
export function roomFor({ model }: LanguageModel, maxTokens: number): number {
  const room = model.config.context - model.virtualTokens.length - maxTokens;
  if (room < 1)
    throw new InputError(`answers of ${maxTokens} tokens leave no room in a context of ${model.config.context}`);
  return room;
}

/** The longest beginning of `content` with which the task takes at most `room` tokens; all of it where that fits. */
export function contentThatFits(respondent: Respondent, task: Task, room: number): string {
  const size = (length: number): number =>
    taskTokens(respondent, { ...task, content: task.content.slice(0, length) }).length;
  if (size(0) > room)
    throw new InputError(`the instruction alone takes ${size(0)} tokens, and there is room for ${room}`);
  return beginningThatFits(task.content, (part) => size(part.length) <= room);
}

/**
 * Answers, one a task, each as it ends by itself or after `maxTokens`. Greedy unless options say otherwise.
 * @param options.together tasks answered at a time; default 8
 */
export async function answerTasks(
  respondent: Respondent,
  tasks: readonly Task[],
  options: TextOptions & { together?: number; onProgress?: ((done: number, total: number) => void) | undefined } = {},
): Promise<string[]> {
  const { model, tokenizer, template = null } = respondent;
  const { together = 8, onProgress, ...text } = options;
  const { stop, stopTokens } = template
    ? conversation({ tokenizer, template })
    : { stop: ['\n\n'], stopTokens: [] as readonly number[] };
  const answers: string[] = [];
  for (let first = 0; first < tasks.length; first += together) {
    const prompts = tasks.slice(first, first + together).map((task) => taskTokens(respondent, task));
    const completions = await generateText(model, tokenizer, prompts, {
      temperature: 0,
      ...text,
      stopTokens,
      stop: text.constraint ? [] : stop, // a constraint says itself where the text ends
    });
    answers.push(...completions.map((completion) => completion.text));
    onProgress?.(answers.length, tasks.length);
  }
  return answers;
}

function conversation({
  tokenizer,
  template,
}: Pick<Respondent, 'tokenizer'> & { template: ChatTemplate }): Conversation {
  return new Conversation({ tokenizer, template, room: Infinity });
}
