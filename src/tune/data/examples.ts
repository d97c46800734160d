/** From files of conversations and prompts to examples: tokens, and which of them are learned. */
import { ChatTemplate, type Tokenizer } from '../../tokenizer/index.js';
import { InputError } from '../../io/errors.js';
import { type Fitted, fitConversation, fitText } from './fit.js';
import { gatherRecords } from './gather.js';
import type { Problem } from './problem.js';
import { readRecord, recordFields } from './record.js';

/** What is learned from at once: attention goes from none to another. */
export interface Example {
  /** [n] */
  tokens: Int32Array;
  /** [n] 1 where the token is learned, that is predicted from those before it */
  learned: Uint8Array;
  /** `path:line`, or `path#row` of Parquet */
  where: string;
}

export interface ReadExamplesOptions {
  tokenizer: Tokenizer;
  /** The chat template of the model; null for the standard one. */
  template: ChatTemplate | null;
  /** Most tokens of an example. Virtual tokens of an adapter take room of the model's context: leave it for them. */
  context: number;
  /** Leave bad examples out instead of stopping. */
  skipBad?: boolean;
  /** Told of each example that is left out. */
  onProblem?: (problem: Problem) => void;
  /** System message of conversations that have none. */
  systemPrompt?: string;
}

export interface ReadExamples {
  examples: Example[];
  /** Bad examples that were left out. */
  problems: Problem[];
  /** Records that lost the beginning of their prompt. */
  truncated: number;
}

/**
 * The examples of JSON lines and Parquet files, in order. A conversation is one example, or one for each answer that no
 * common text shows as the model would give it (see `ChatTemplate.trainingTexts`).
 * @param paths files, folders or globs
 * @throws InputError for the first bad examples, each with its place, unless `skipBad`; when none is good; and for a template
 *   that cannot be learned with
 */
export async function readExamples(paths: readonly string[], options: ReadExamplesOptions): Promise<ReadExamples> {
  const encode = encoder(options);
  const examples: Example[] = [];
  let truncated = 0;
  const problems = await gatherRecords(paths, recordFields, options, (record, where) => {
    const { parts, truncated: cut } = encode(record);
    for (const part of parts) examples.push({ ...part, where });
    if (cut) truncated++;
  });
  return { examples, problems, truncated };
}

function encoder(options: ReadExamplesOptions): (record: Readonly<Record<string, unknown>>) => Fitted {
  const { tokenizer, context, systemPrompt } = options;
  if (!Number.isInteger(context) || context < 2)
    throw new InputError(`the context must be a whole number of tokens from 2, not ${context}`);
  let template: ChatTemplate | undefined;
  const chatTemplate = (): ChatTemplate => {
    if (template) return template;
    if (!options.template && tokenizer.eos === null)
      throw new InputError(
        'the tokenizer has no end-of-text token, which the standard chat template ends answers with',
      );
    const found = (options.template ?? ChatTemplate.standard).forTokenizer(tokenizer);
    void found.endOfTurn; // a template that cannot be learned with is no problem of one example
    return (template = found);
  };
  return (record) => {
    const read = readRecord(record, systemPrompt);
    return read.kind === 'text'
      ? fitText(tokenizer, read.prompt, read.completion, context)
      : fitConversation(chatTemplate(), tokenizer, read.messages, context);
  };
}
