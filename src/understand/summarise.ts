/** Summaries of texts of any length. */
import { answerTasks, type Respondent, roomFor, type Task, taskTokens } from './ask.js';
import { passagesOf } from './passages.js';

export interface SummariseOptions {
  /** Most sentences that are asked for. Default 3. */
  sentences?: number;
  /** Most tokens of a summary. Default an eighth of the context, at most 256. */
  maxTokens?: number;
  temperature?: number;
  seed?: number;
  /** Hears how many passages of how many have been summed up in this round. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * A summary. A text that does not fit the context is divided into passages, each is summed up, and the summaries, one after
 * the other, are summed up in turn, until they fit (map and reduce).
 */
export async function summarise(respondent: Respondent, text: string, options: SummariseOptions = {}): Promise<string> {
  const { sentences = 3, onProgress, ...sampling } = options;
  const maxTokens = options.maxTokens ?? Math.min(256, Math.floor(respondent.model.config.context / 8));
  const room = roomFor(respondent, maxTokens);
  const task = (content: string): Task => ({
    instruction: `Sum up the text below in at most ${sentences} sentences. Keep names and numbers; add nothing.`,
    content,
    cue: 'In short:',
  });
  const summaries = (contents: readonly string[]): Promise<string[]> =>
    answerTasks(respondent, contents.map(task), { ...sampling, maxTokens, onProgress });
  const passage = room - taskTokens(respondent, task('')).length - 8; // tokens may join differently in the whole
  let content = text;
  while (taskTokens(respondent, task(content)).length > room) {
    const parts = await summaries(passagesOf(content, respondent.tokenizer, Math.max(1, passage)));
    const next = parts.map((part) => part.trim()).join('\n');
    // A model that does not sum up would go round for ever: the beginnings of what it wrote must do.
    content = next.length < 0.9 * content.length ? next : next.slice(0, Math.floor(0.5 * content.length));
  }
  return (await summaries([content]))[0]!.trim();
}
