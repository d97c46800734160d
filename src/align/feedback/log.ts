/** The file that judgements are added to, one at a time, and what stands in it already. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describeError, InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { LineAppender } from '../../io/json-lines.js';
import type { Prompt } from '../preferences/index.js';
import type { AnswerPair } from './answers.js';
import { readJudgements } from './judgement.js';

/** Which of two answers is better, as they were shown. */
export type Verdict = 'first' | 'second' | 'tie';

export interface FeedbackLogOptions {
  annotator: string;
  /** Who gave the answers: a folder, and the hash of what is in it. */
  model: { path: string; sha256: string };
  /** How they were drawn. */
  sampling: Readonly<Record<string, unknown>>;
}

export class FeedbackLog {
  private readonly options: FeedbackLogOptions;
  private readonly judged: Set<string>;
  private readonly lines: LineAppender;

  private constructor(path: string, options: FeedbackLogOptions, judged: Set<string>) {
    this.options = options;
    this.judged = judged;
    this.lines = new LineAppender(path);
  }

  /**
   * Opens or makes the file. A last line that was torn by a crash is removed.
   * @throws InputError for a file that holds something else; RunError when it cannot be written
   */
  static async open(path: string, options: FeedbackLogOptions): Promise<FeedbackLog> {
    if (!path.endsWith('.jsonl')) throw new InputError(`${path}: the file of judgements must end with .jsonl`);
    if (options.annotator.trim() === '') throw new InputError('the annotator needs a name');
    const judged = new Set<string>();
    if (existsSync(path)) mend(path);
    if (existsSync(path) && statSync(path).size > 0)
      for (const { annotator, model, prompt } of (await readJudgements([path])).judgements)
        if (annotator === options.annotator && model === options.model.sha256) judged.add(JSON.stringify(prompt));
    return new FeedbackLog(path, options, judged);
  }

  /** Whether this annotator has judged this model's answers to a prompt. */
  has(prompt: Prompt): boolean {
    return this.judged.has(JSON.stringify(prompt));
  }

  /** Writes a judgement at once. @throws RunError when the disk is full */
  append({ prompt, answers }: AnswerPair, verdict: Verdict, facts: Readonly<Record<string, unknown>> = {}): void {
    const { annotator, model, sampling } = this.options;
    const [better, worse] = verdict === 'second' ? [answers[1], answers[0]] : answers;
    const texts =
      verdict === 'tie' ? { tie: [better.text, worse.text] } : { chosen: better.text, rejected: worse.text };
    const cut = [better.truncated, worse.truncated];
    const time = new Date().toISOString();
    this.lines.append(JSON.stringify({ prompt, ...texts, annotator, time, model, sampling, cut, ...facts }));
    this.judged.add(JSON.stringify(prompt));
  }

  close(): void {
    this.lines.close();
  }
}

/** Ends the last line of a file, or removes it where it is torn, so that the next line stands alone. */
function mend(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  if (text === '' || text.endsWith('\n')) return;
  const start = text.lastIndexOf('\n') + 1;
  writeAtomic(path, isJson(text.slice(start)) ? `${text}\n` : text.slice(0, start));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
