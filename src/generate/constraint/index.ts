/** Constraints: generated text that always has the form asked for. How it works: docs/structured-output.md. */
import { InputError } from '../../io/errors.js';
import type { Tokenizer } from '../../tokenizer/index.js';
import { type CompiledConstraint, compileGrammar } from './constraint.js';
import { type Dfa, isEmpty, literals } from './dfa.js';
import { Grammar } from './grammar.js';
import { TableLeaf } from './leaf.js';
import { parsePattern } from './pattern.js';
import { patternAutomaton } from './pattern-automaton.js';
import { vocabularyOf } from './vocabulary.js';

export type { CompiledConstraint, Constraint, StartOptions } from './constraint.js';
export { jsonSchemaConstraint, type SchemaOptions } from './schema.js';

/**
 * Output that is one of the texts, exactly. Of a text that begins another, either may be the output.
 * @throws InputError when there is no choice
 */
export function choiceConstraint(choices: readonly string[], tokenizer: Tokenizer): CompiledConstraint {
  if (choices.length === 0) throw new InputError('a choice needs at least one text');
  return regular(literals(choices.map((choice) => Buffer.from(choice))), tokenizer, 'the choice');
}

/**
 * Output that a regular expression matches from beginning to end. It is JavaScript's with the flag `u`, without
 * look-around, back references and `\b`; matching takes a step a byte, whatever the pattern.
 * @throws InputError naming what is not supported, or when nothing matches
 */
export function regexConstraint(pattern: string, tokenizer: Tokenizer): CompiledConstraint {
  const what = `the pattern /${pattern}/`;
  return regular(patternAutomaton(parsePattern(pattern), 'text', what), tokenizer, what);
}

function regular(dfa: Dfa, tokenizer: Tokenizer, what: string): CompiledConstraint {
  if (isEmpty(dfa)) throw new InputError(`${what} allows no text at all`);
  const grammar = new Grammar();
  const root = grammar.node();
  grammar.callLeaf(root, grammar.leaf(new TableLeaf(dfa, vocabularyOf(tokenizer))), grammar.node(true));
  return compileGrammar(grammar, root, tokenizer, what);
}
