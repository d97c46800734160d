/** Classification by generation: the model writes its answer, which can only be one of the labels. */
import { choiceConstraint } from '../generate/index.js';
import { answerTasks, contentThatFits, type Respondent, roomFor } from './ask.js';
import { checkLabels } from './likelihood.js';

export interface ChooseOptions {
  /** What the model is asked; the labels are named behind it. */
  instruction?: string;
  /** What a text stands behind and its label, for a model that only continues text. */
  cue?: string;
  onProgress?: (done: number, total: number) => void;
}

/**
 * The label that greedy decoding writes for each text, as its number. Long texts are cut at the end.
 * @throws InputError for labels that cannot be told apart
 */
export async function chooseLabels(
  respondent: Respondent,
  texts: readonly string[],
  labels: readonly string[],
  options: ChooseOptions = {},
): Promise<Uint8Array> {
  checkLabels(labels);
  const { tokenizer, template = null } = respondent;
  const { instruction = 'Which label fits the text below?', cue = 'Label:', onProgress } = options;
  // Behind a cue the label begins with a space, as a word does; behind a chat's turn it does not.
  const choices = template ? [...labels] : labels.map((label) => ` ${label}`);
  const constraint = choiceConstraint(choices, tokenizer);
  const maxTokens = Math.max(...choices.map((choice) => Buffer.byteLength(choice))) + 1;
  const room = roomFor(respondent, maxTokens);
  const question = `${instruction} Answer with one of these and nothing else: ${labels.join(', ')}.`;
  const tasks = texts.map((text) => {
    const task = { instruction: question, content: text, cue };
    return { ...task, content: contentThatFits(respondent, task, room) };
  });
  const answers = await answerTasks(respondent, tasks, { maxTokens, constraint, onProgress });
  return Uint8Array.from(answers, (answer) => choices.indexOf(answer));
}
