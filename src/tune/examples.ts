/** The examples of a run: read from its files, and divided into those to learn from and those to measure with. */
import { resolve } from 'node:path';
import { discover } from '../corpus/read/discover.js';
import { sha256File } from '../io/files.js';
import type { ChatTemplate, Tokenizer } from '../tokenizer/index.js';
import { type Example, readExamples, splitExamples } from './data/index.js';

export interface ExamplesOptions {
  data: readonly string[];
  validation: readonly string[];
  /** Share held out of `data` where there are no files of it. */
  validationFraction: number;
  tokenizer: Tokenizer;
  /** The model's own; null for the standard one. */
  template: ChatTemplate | null;
  /** Longest example in tokens. */
  context: number;
  skipBad: boolean;
  seed: number;
  onProblem?: (message: string) => void;
}

export interface InputFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface Examples {
  train: Example[];
  validation: Example[];
  inputs: InputFile[];
  validationInputs: InputFile[];
  skipped: number;
  truncated: number;
}

/** @throws InputError naming file and line of what cannot be used, or when nothing is left */
export async function loadExamples(options: ExamplesOptions): Promise<Examples> {
  const { data, validation, validationFraction, seed } = options;
  const given = await read(data, options);
  const apart = await read(validation, options);
  const fraction = validation.length > 0 ? 0 : validationFraction;
  const split =
    fraction > 0
      ? splitExamples(given.examples, fraction, seed)
      : { train: given.examples, validation: apart.examples };
  return {
    ...split,
    inputs: describeInputs(data),
    validationInputs: describeInputs(validation),
    skipped: given.skipped + apart.skipped,
    truncated: given.truncated + apart.truncated,
  };
}

/** Tokens that are learned in some examples. */
export function learnedTokens(examples: readonly Example[]): number {
  return examples.reduce((sum, { learned }) => sum + learned.reduce((count, one) => count + one, 0), 0);
}

async function read(
  paths: readonly string[],
  { tokenizer, template, context, skipBad, onProblem }: ExamplesOptions,
): Promise<{ examples: Example[]; skipped: number; truncated: number }> {
  if (paths.length === 0) return { examples: [], skipped: 0, truncated: 0 };
  const { examples, problems, truncated } = await readExamples(paths, {
    tokenizer,
    template,
    context,
    skipBad,
    ...(onProblem && { onProblem: ({ where, reason }) => onProblem(`${where}: ${reason}; skipped`) }),
  });
  return { examples, skipped: problems.length, truncated };
}

/** The files that some paths name, each with its hash. */
export function describeInputs(paths: readonly string[]): InputFile[] {
  if (paths.length === 0) return [];
  return discover(paths).map(({ path, bytes }) => ({ path: resolve(path), bytes, sha256: sha256File(path) }));
}
