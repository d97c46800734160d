/** JSON documents that a schema allows. */
import type { Tokenizer } from '../../tokenizer/index.js';
import { type CompiledConstraint, compileGrammar } from './constraint.js';
import { SchemaCompiler } from './schema-compile.js';
import { readSchema } from './schema-node.js';
import { vocabularyOf } from './vocabulary.js';

export interface SchemaOptions {
  /** How deep values nest of which the schema says nothing. Default 3. */
  freeDepth?: number;
}

/**
 * Output that is a JSON document which is valid by a JSON schema (2020-12, `nullable` of OpenAPI besides): compact, with
 * properties in the order of the schema. An object that declares properties has no others unless
 * `additionalProperties` or `patternProperties` say so. What is supported: docs/structured-output.md.
 * @throws InputError naming the keyword that is not supported and its path, or when no document is valid
 */
export function jsonSchemaConstraint(
  schema: unknown,
  tokenizer: Tokenizer,
  options: SchemaOptions = {},
): CompiledConstraint {
  const compiler = new SchemaCompiler(vocabularyOf(tokenizer), options.freeDepth ?? 3);
  const root = compiler.value([readSchema(schema)]);
  return compileGrammar(compiler.grammar, root, tokenizer, 'the schema');
}
