/** From text to data: a JSON document that follows a schema, whatever the model. */
import { jsonSchemaConstraint } from '../generate/index.js';
import { answerTasks, contentThatFits, type Respondent, roomFor, type Task } from './ask.js';

export interface ExtractOptions {
  /** What is to be found, in words; the schema is shown to the model as well. */
  instruction?: string;
  /** Most tokens of a document; its end is written in time. Default a quarter of the context, at most 512. */
  maxTokens?: number;
  temperature?: number;
  seed?: number;
  onProgress?: (done: number, total: number) => void;
}

export interface Extraction {
  /** Valid against the schema, always. */
  value: unknown;
  /** Whether the text was too long, so that only its beginning was read. */
  cut: boolean;
}

/**
 * One document a text. The tokens are constrained to the schema, so that each parses and is valid, however little sense the
 * model makes of the text.
 * @param schema a JSON schema; it is part of the prompt
 * @throws InputError for a schema that cannot be honoured (see `jsonSchemaConstraint`), or that leaves no room for a text
 */
export async function extract(
  respondent: Respondent,
  texts: readonly string[],
  schema: unknown,
  options: ExtractOptions = {},
): Promise<Extraction[]> {
  const { instruction = 'Extract the data from the text below.', onProgress, ...sampling } = options;
  const constraint = jsonSchemaConstraint(schema, respondent.tokenizer);
  const maxTokens = options.maxTokens ?? Math.min(512, Math.floor(respondent.model.config.context / 4));
  const room = roomFor(respondent, maxTokens);
  const form = JSON.stringify(schema);
  const tasks = texts.map((content): Task => {
    const task = {
      instruction: `${instruction} Answer with JSON that follows this schema, and with nothing else:\n${form}`,
      content,
      cue: 'JSON:',
    };
    return { ...task, content: contentThatFits(respondent, task, room) };
  });
  const answers = await answerTasks(respondent, tasks, { ...sampling, maxTokens, constraint, onProgress });
  return answers.map((text, i) => ({
    value: JSON.parse(text) as unknown,
    cut: tasks[i]!.content.length < texts[i]!.length,
  }));
}
