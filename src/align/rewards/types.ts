/** What rewards are given, and what they give. */
import type { Prompt, PromptExample } from '../preferences/types.js';

/** A completion to judge. A user's reward function is given the same. */
export interface RewardInput {
  /** As in the data: a text, or the messages of a conversation. */
  prompt: Prompt;
  /** The prompt as one text. */
  promptText: string;
  /** What the model wrote, without the tokens that end it. */
  completion: string;
  /** Tokens of the completion. */
  tokens: number;
  /** The completion was cut at the limit; it did not end by itself. */
  truncated: boolean;
  /** The record that the prompt comes from, with all its fields. */
  example: Readonly<Record<string, unknown>>;
  /** Where that record stands, `path:line`, for errors. */
  where?: string;
}

/** One `--reward`, parsed; its options are checked, its files are not. */
export interface RewardSpec {
  /** Finite and not 0. */
  weight: number;
  /** A key of the table of rewards; `function` for a user's file. */
  name: string;
  /** File of a function, folder of a model; null for the others. */
  path: string | null;
  /** As written: `min` → `20`. */
  options: Readonly<Record<string, string>>;
}

export interface RewardScores {
  /** Σ weight · component. */
  total: Float64Array;
  /** By name, without the weights. */
  components: Map<string, Float64Array>;
}

/** Rewards that are ready to score. */
export interface Rewards {
  /** Of the components, in the order given; of equal ones the second is `length#2`. */
  names: string[];
  /** All files and model folders that scores depend on, as they were when opened. */
  files: { path: string; sha256: string }[];
  /**
   * Scores of each input, all finite.
   * @throws InputError where an example lacks what a reward needs; RunError where a reward fails, naming it and the prompt
   */
  score(inputs: readonly RewardInput[]): Promise<RewardScores>;
  /** Ends threads and frees models. */
  dispose(): Promise<void>;
}

/** What `openRewards` gives. */
export interface OpenRewards extends Rewards {
  /** By component, in the order of the names. */
  weights: number[];
  /**
   * Looks whether prompts have with them what the rewards need, before any is answered.
   * @throws InputError naming the first that has not
   */
  check(prompts: readonly PromptExample[]): void;
}

/** A prompt with its record, before there is a completion. */
export type RewardPrompt = Pick<RewardInput, 'prompt' | 'promptText' | 'example' | 'where'>;

/** One reward of the sum, opened. */
export interface Component {
  /** Files and folders that its values depend on. */
  files?: readonly string[];
  /** @throws InputError where a prompt lacks what the reward needs */
  check?(prompt: RewardPrompt): void;
  score(inputs: readonly RewardInput[]): ArrayLike<number> | Promise<ArrayLike<number>>;
  dispose?(): void | Promise<void>;
}

/** Names a prompt in an error: its place, or how it begins. */
export function describePrompt({ where, promptText }: Pick<RewardInput, 'where' | 'promptText'>): string {
  if (where !== undefined) return `the prompt at ${where}`;
  const line = promptText.replace(/\s+/g, ' ').trim();
  return `the prompt ${JSON.stringify(line.length > 60 ? `${line.slice(0, 59)}…` : line)}`;
}
