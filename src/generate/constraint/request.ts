/** A constraint as a user asks for it, and the value of what was then written. */
import { InputError } from '../../io/errors.js';
import { readJson } from '../../io/json-file.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import type { CompiledConstraint } from './constraint.js';
import { choiceConstraint, regexConstraint } from './regular.js';
import { jsonSchemaConstraint } from './schema.js';

export interface ConstraintRequest {
  /** Path of a JSON schema. */
  schema?: string;
  /** A regular expression for the whole output. */
  regex?: string;
  /** Texts with commas between them. */
  choices?: string;
}

/** @throws InputError for more than one request, for a file that is no JSON, and for what the constraint refuses */
export function requestedConstraint(request: ConstraintRequest, tokenizer: Tokenizer): CompiledConstraint | undefined {
  const { schema, regex, choices } = request;
  if ([schema, regex, choices].filter((asked) => asked !== undefined).length > 1)
    throw new InputError('the output follows a schema, a regular expression or choices: give one of them');
  if (regex !== undefined) return regexConstraint(regex, tokenizer);
  if (choices !== undefined) return choiceConstraint(choices.split(','), tokenizer);
  if (schema === undefined) return undefined;
  const parsed = readJson(schema);
  try {
    return jsonSchemaConstraint(parsed, tokenizer);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${schema}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** What constrained output says: the document for a schema, otherwise the text. */
export function requestedValue(request: ConstraintRequest, text: string): unknown {
  return request.schema === undefined ? text : JSON.parse(text);
}
