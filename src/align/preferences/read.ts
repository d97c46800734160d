/** Files of feedback and of prompts as tokens to learn from. */
import { InputError } from '../../io/errors.js';
import { Bad, gatherRecords, type GatherOptions, type Problem } from '../../tune/index.js';
import { encodeAnswer, type Encoded, encodePrompt, type EncodeOptions } from './encode.js';
import {
  isPair,
  isTie,
  pairFields,
  type PairRecord,
  promptFields,
  readPair,
  readPrompt,
  readThumb,
  readTie,
  thumbFields,
} from './record.js';
import type { PreferencePair, PromptExample, Thumb } from './types.js';

export type ReadFeedbackOptions = EncodeOptions & GatherOptions;

interface Read {
  /** Records that were left out. */
  problems: Problem[];
  /** Prompts that lost their beginning. */
  truncated: number;
  /** Judgements that no answer is better: there is nothing to learn from them. */
  ties: number;
}

/**
 * Pairs of JSON lines and Parquet files; see `readPair` for what a record may be. Both answers of a pair follow the same
 * tokens, also where the prompt is cut.
 * @throws InputError as `readExamples` of tuning does
 */
export async function readPreferences(
  paths: readonly string[],
  options: ReadFeedbackOptions,
): Promise<Read & { pairs: PreferencePair[] }> {
  const pairs: PreferencePair[] = [];
  let [truncated, ties] = [0, 0];
  const problems = await gatherRecords(paths, pairFields, options, (record, where) => {
    if (isTie(record)) {
      readTie(record);
      ties++;
      return;
    }
    const read = readPair(record);
    const { chosen, rejected } = encodePair(options, read);
    if (chosen.truncated) truncated++;
    const { prompt, margin } = read;
    pairs.push({ prompt, chosen: { ...chosen, where }, rejected: { ...rejected, where }, margin, where });
  });
  if (pairs.length === 0) throw onlyTies(paths);
  return { pairs, problems, truncated, ties };
}

/**
 * Answers that were found good or bad; a pair is one of each.
 * @throws InputError as `readExamples` of tuning does
 */
export async function readThumbs(
  paths: readonly string[],
  options: ReadFeedbackOptions,
): Promise<Read & { thumbs: Thumb[] }> {
  const thumbs: Thumb[] = [];
  let [truncated, ties] = [0, 0];
  const problems = await gatherRecords(paths, thumbFields, options, (record, where) => {
    if (isTie(record)) {
      readTie(record);
      ties++;
    } else if (isPair(record)) {
      const read = readPair(record);
      const { chosen, rejected } = encodePair(options, read);
      const { prompt } = read;
      thumbs.push({ prompt, example: { ...chosen, where }, good: true, where });
      thumbs.push({ prompt, example: { ...rejected, where }, good: false, where });
      if (chosen.truncated) truncated++;
    } else {
      const { prompt, answer, good } = readThumb(record);
      const example = encodeAnswer(options, prompt, answer);
      thumbs.push({ prompt, example: { ...example, where }, good, where });
      if (example.truncated) truncated++;
    }
  });
  if (thumbs.length === 0) throw onlyTies(paths);
  return { thumbs, problems, truncated, ties };
}

/**
 * Prompts to answer; all other fields of a record are kept for rewards (of Parquet only "answer" and "answers").
 * @param options `context` is the most tokens of a prompt
 * @throws InputError as `readExamples` of tuning does
 */
export async function readPrompts(
  paths: readonly string[],
  options: ReadFeedbackOptions,
): Promise<Pick<Read, 'problems'> & { prompts: PromptExample[] }> {
  const prompts: PromptExample[] = [];
  const problems = await gatherRecords(paths, promptFields, options, (record, where) => {
    const prompt = readPrompt(record);
    prompts.push({ prompt, tokens: encodePrompt(options, prompt), record, where });
  });
  return { prompts, problems };
}

function onlyTies(paths: readonly string[]): InputError {
  return new InputError(`${paths.join(', ')}: all judgements are ties, so there is nothing to learn`);
}

function encodePair(
  options: EncodeOptions,
  { prompt, chosen, rejected }: PairRecord,
): { chosen: Encoded; rejected: Encoded } {
  let [a, b] = [encodeAnswer(options, prompt, chosen), encodeAnswer(options, prompt, rejected)];
  // What the longer answer leaves of the prompt is all that the shorter one may see.
  const more = answerLength(a) - answerLength(b);
  const { context } = options;
  if (more > 0 && a.truncated) b = encodeAnswer({ ...options, context: context - more }, prompt, rejected);
  if (more < 0 && b.truncated) a = encodeAnswer({ ...options, context: context + more }, prompt, chosen);
  if (a.tokens.length === b.tokens.length && a.tokens.every((id, i) => id === b.tokens[i]))
    throw new Bad('equal answers', '"chosen" and "rejected" are the same tokens');
  return { chosen: a, rejected: b };
}

function answerLength({ learned }: Encoded): number {
  return learned.reduce((sum, one) => sum + one, 0);
}
