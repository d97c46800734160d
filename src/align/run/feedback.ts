/** The feedback of a run: read from its files as its method needs it, and divided into what is learned and what is held out. */
import type { ChatTemplate, Tokenizer } from '../../tokenizer/index.js';
import { describeInputs, type InputFile } from '../../tune/index.js';
import type { Method } from '../method.js';
import {
  type PreferencePair,
  type Prompt,
  type PromptExample,
  readPreferences,
  readPrompts,
  readThumbs,
  splitByPrompt,
  type Thumb,
} from '../preferences/index.js';
import { isOnline } from './plan.js';

interface Sides<Item> {
  train: Item[];
  heldOut: Item[];
}

/** What a method learns from. */
export type Feedback =
  | ({ kind: 'pairs' } & Sides<PreferencePair>)
  | ({ kind: 'thumbs' } & Sides<Thumb>)
  | ({ kind: 'prompts' } & Sides<PromptExample>);

export type FeedbackKind = Feedback['kind'];

export interface FeedbackOptions {
  data: readonly string[];
  heldOut: readonly string[];
  /** Share of the prompts held out of `data` where there are no files of them. */
  heldOutFraction: number;
  tokenizer: Tokenizer;
  /** The model's own; null for the standard one. */
  template: ChatTemplate | null;
  /** Most tokens of a prompt with its answer, or of a prompt where answers are generated. */
  context: number;
  skipBad: boolean;
  seed: number;
  onNote?: ((message: string) => void) | undefined;
}

export interface LoadedFeedback {
  feedback: Feedback;
  inputs: InputFile[];
  heldOutInputs: InputFile[];
  skipped: number;
  truncated: number;
}

export function feedbackKind(method: Method): FeedbackKind {
  if (isOnline(method)) return 'prompts';
  return method === 'kto' ? 'thumbs' : 'pairs';
}

/** @throws InputError naming file and line of what cannot be used, or when nothing is left to learn from */
export async function loadFeedback(kind: FeedbackKind, options: FeedbackOptions): Promise<LoadedFeedback> {
  const count = { skipped: 0, truncated: 0 };
  const feedback = await sidesOf(kind, options, count);
  if (options.heldOut.length > 0) noteOverlap(feedback, options.onNote);
  return { feedback, inputs: describeInputs(options.data), heldOutInputs: describeInputs(options.heldOut), ...count };
}

async function sidesOf(
  kind: FeedbackKind,
  options: FeedbackOptions,
  count: { skipped: number; truncated: number },
): Promise<Feedback> {
  const { tokenizer, template, context, skipBad, onNote } = options;
  const reading = {
    tokenizer,
    template,
    context,
    skipBad,
    ...(onNote && {
      onProblem: ({ where, reason }: { where: string; reason: string }) => onNote(`${where}: ${reason}; skipped`),
    }),
  };
  const counted = <Read extends { problems: unknown[]; truncated?: number }>(read: Read): Read => {
    count.skipped += read.problems.length;
    count.truncated += read.truncated ?? 0;
    return read;
  };
  switch (kind) {
    case 'pairs': {
      const read = async (paths: readonly string[]) => counted(await readPreferences(paths, reading)).pairs;
      return { kind, ...(await divide(read, options)) };
    }
    case 'thumbs': {
      const read = async (paths: readonly string[]) => counted(await readThumbs(paths, reading)).thumbs;
      return { kind, ...(await divide(read, options)) };
    }
    case 'prompts': {
      const read = async (paths: readonly string[]) => counted(await readPrompts(paths, reading)).prompts;
      return { kind, ...(await divide(read, options)) };
    }
  }
}

async function divide<Item extends { prompt: Prompt }>(
  read: (paths: readonly string[]) => Promise<Item[]>,
  { data, heldOut, heldOutFraction, seed }: FeedbackOptions,
): Promise<Sides<Item>> {
  const given = await read(data);
  return heldOut.length > 0
    ? { train: given, heldOut: await read(heldOut) }
    : splitByPrompt(given, heldOutFraction, seed);
}

/** Tells of prompts that are on both sides: what is measured on them is not held out. */
function noteOverlap({ train, heldOut }: Feedback, onNote: ((message: string) => void) | undefined): void {
  const learned = new Set(train.map(({ prompt }) => JSON.stringify(prompt)));
  const both = heldOut.filter(({ prompt }) => learned.has(JSON.stringify(prompt))).length;
  if (both > 0) onNote?.(`${both} of the ${heldOut.length} held-out records have a prompt that is learned from too`);
}
