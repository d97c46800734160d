/** The examples of a run: read from its files, and divided into those to learn from and those to measure with. */
import { statSync } from 'node:fs';
import { InputError } from '../io/errors.js';
import { sha256File } from '../io/files.js';
import type { ChatTemplate, Tokenizer } from '../tokenizer/index.js';
import { type Example, readExamples, splitExamples } from './data/index.js';

export interface ExamplesOptions {
  data: readonly string[];
  validation: readonly string[];
  /** Share held out of `data` where there are no files of it. */
  validationFraction: number;
  tokenizer: Tokenizer;
  template: ChatTemplate;
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

/** @throws InputError naming file and line of what cannot be used, or when nothing is left to learn from or to measure with */
export async function loadExamples(options: ExamplesOptions): Promise<Examples> {
  const { data, validation, validationFraction, seed } = options;
  const given = await read(data, options);
  const apart = await read(validation, options);
  if (given.examples.length === 0) throw new InputError(`${data.join(', ')}: no example to learn from`);
  const fraction = validation.length > 0 ? 0 : validationFraction;
  const split =
    fraction > 0 ? splitExamples(given.examples, fraction, seed) : { train: given.examples, validation: apart.examples };
  if (validation.length > 0 && apart.examples.length === 0)
    throw new InputError(`${validation.join(', ')}: no example to measure with`);
  if (split.train.length === 0)
    throw new InputError(`all ${given.examples.length} examples are held out: give more of them, or --validation FILE`);
  if (fraction > 0 && split.validation.length === 0)
    throw new InputError(
      `none of the ${given.examples.length} examples is held out to measure with: give more of them, a larger --validation-fraction, --validation FILE, or --validation-fraction 0 to go without`,
    );
  return {
    ...split,
    inputs: data.map(describe),
    validationInputs: validation.map(describe),
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

function describe(path: string): InputFile {
  return { path, bytes: statSync(path).size, sha256: sha256File(path) };
}
