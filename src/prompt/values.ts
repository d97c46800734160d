/** Values for the inputs of a prompt, checked against what the file declares. */
import { InputError } from '../io/errors.js';
import type { InputType, Settings } from './settings.js';

/** The text that each input is written as. */
export type Values = ReadonlyMap<string, string>;

/** Longest text of one input, in characters. */
const MAX_CHARACTERS = 1 << 24;

/**
 * Checks values, adds defaults, and writes each as text: lists as lines `- item`.
 * @param where what they are from, for errors
 * @throws InputError for unknown names, missing inputs and wrong types
 */
export function checkValues(given: Record<string, unknown>, inputs: Settings['input'], where: string): Values {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(inputs, name));
  if (unknown !== undefined) throw new InputError(unknownInput(where, unknown, inputs));
  return new Map(
    Object.entries(inputs).map(([name, input]) => {
      const value = Object.hasOwn(given, name) ? given[name] : input.default;
      if (value === undefined || value === null) {
        if (!input.required) return [name, ''];
        const about = input.description === undefined ? '' : `: ${input.description}`;
        throw new InputError(`${where}: the input "${name}" is missing (${input.type}${about})`);
      }
      if (!isOfType(value, input.type))
        throw new InputError(`${where}: the input "${name}" must be ${article(input.type)}, not ${describe(value)}`);
      const text = Array.isArray(value) ? value.map((item) => `- ${item}`).join('\n') : String(value);
      if (text.length > MAX_CHARACTERS) throw new InputError(`${where}: the input "${name}" is too long`);
      return [name, text];
    }),
  );
}

/**
 * Values from `name=value` of a command line, read as the declared types.
 * @throws InputError for anything else, and for a name given twice
 */
export function parseAssignments(assignments: readonly string[], inputs: Settings['input']): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new InputError(`--input takes name=value, not "${assignment}"`);
    const [name, text] = [assignment.slice(0, at), assignment.slice(at + 1)];
    if (Object.hasOwn(values, name)) throw new InputError(`--input ${name} is given twice`);
    if (!Object.hasOwn(inputs, name)) throw new InputError(unknownInput('--input', name, inputs));
    values[name] = typed(text, inputs[name]!.type);
  }
  return values;
}

/** The text as a value of the type; as it is where it is none, so that the check says so. */
function typed(text: string, type: InputType): unknown {
  if (type === 'number' || type === 'integer') return text.trim() === '' ? text : (finite(text) ?? text);
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'strings') return text === '' ? [] : text.split(',').map((item) => item.trim());
  return text;
}

function unknownInput(where: string, name: string, inputs: Settings['input']): string {
  return `${where}: "${name}" is not an input; there are: ${Object.keys(inputs).join(', ') || 'none'}`;
}

function finite(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function isOfType(value: unknown, type: InputType): boolean {
  if (type === 'strings') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
}

function article(type: InputType): string {
  if (type === 'strings') return 'a list of strings';
  return type === 'integer' ? 'a whole number' : `a ${type}`;
}

function describe(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}

/** Values as their types: what {@link checkValues} makes the same text of. Inputs left out stay so. */
export function typedValues(values: Values, inputs: Settings['input']): Record<string, unknown> {
  const given = [...values].filter(([name, text]) => text !== '' || inputs[name]!.type === 'string');
  return Object.fromEntries(
    given.map(([name, text]) => {
      const { type } = inputs[name]!;
      if (type === 'strings') return [name, text.split(/^- /m).slice(1).map((item) => item.replace(/\n$/, ''))]; // prettier-ignore
      return [name, typed(text, type)];
    }),
  );
}
