/** Feedback as a model learns from it: token sequences with what of them is judged. */
import type { ChatMessage } from '../../tokenizer/index.js';
import type { Example } from '../../tune/index.js';

/** What is asked: a text that goes on, or a conversation that waits for an answer. */
export type Prompt = string | readonly ChatMessage[];

/** Two answers to one prompt, of which the first is better. Their `learned` marks the answers' own tokens, the end of turn included. */
export interface PreferencePair {
  prompt: Prompt;
  chosen: Example;
  rejected: Example;
  /** By how much it is better, where the record says so. */
  margin: number | null;
  /** `path:line`, or `path#row` of Parquet */
  where: string;
}

/** One answer, found good or bad. */
export interface Thumb {
  prompt: Prompt;
  example: Example;
  good: boolean;
  where: string;
}

/** A prompt to answer in training. */
export interface PromptExample {
  prompt: Prompt;
  /** What the answer follows, as the model reads it. */
  tokens: Int32Array;
  /** The whole record, for rewards that need more than the prompt. */
  record: Readonly<Record<string, unknown>>;
  where: string;
}
