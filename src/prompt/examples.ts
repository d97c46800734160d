/** Inputs with their answers: what few-shot prompts show, and what prompts are measured on. */
import { readFileSync } from 'node:fs';
import { describeError, InputError } from '../io/errors.js';
import type { Output, Settings } from './settings.js';
import { checkValues, type Values } from './values.js';

export interface Example {
  values: Values;
  /** As the data has it: the name of a label, not how it is written. */
  answer: string;
  /** file:line */
  where: string;
}

type ReadSettings = Pick<Settings, 'input' | 'output'>;

/** Two examples with equal keys ask the same. */
export function keyOf(values: Values): string {
  return JSON.stringify([...values]);
}

/**
 * Reads examples from a JSONL file: an object a line with the inputs and `answer`; `id` may stand there and says nothing.
 * @throws InputError with file and line
 */
export function readExampleFile(path: string, settings: ReadSettings): Example[] {
  return [...objectsOf(path)].map(({ value, where }) => exampleOf(value, where, settings));
}

/** Inputs alone from a JSONL file: answers may be there and are not looked at. */
export function readInputFile(path: string, settings: ReadSettings): { values: Values; where: string }[] {
  return [...objectsOf(path)].map(({ value, where }) => {
    const { answer: _, id: __, ...given } = value;
    return { values: checkValues(given, settings.input, where), where };
  });
}

/** Examples that stand in the front matter. */
export function readExampleItems(items: readonly Record<string, unknown>[], path: string, settings: ReadSettings) {
  return items.map((item, i) => exampleOf(item, `${path}: example ${i + 1}`, settings));
}

function exampleOf(value: Record<string, unknown>, where: string, settings: ReadSettings): Example {
  const { answer, id: _, ...given } = value;
  return {
    values: checkValues(given, settings.input, where),
    answer: checkAnswer(answer, settings.output, where),
    where,
  };
}

function checkAnswer(answer: unknown, output: Output, where: string): string {
  if (answer === undefined) throw new InputError(`${where}: the answer is missing (field "answer")`);
  if (output.kind === 'schema' && typeof answer === 'object' && answer !== null) return JSON.stringify(answer);
  if (typeof answer !== 'string') throw new InputError(`${where}: the answer must be a string`);
  if (answer.trim() === '') throw new InputError(`${where}: the answer is empty`);
  if (output.kind === 'labels' && !Object.hasOwn(output.labels, answer))
    throw new InputError(`${where}: "${answer}" is not a label; there are: ${Object.keys(output.labels).join(', ')}`);
  return answer;
}

function* objectsOf(path: string): Generator<{ value: Record<string, unknown>; where: string }> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  let found = false;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const where = `${path}:${i + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new InputError(`${where}: not JSON: ${describeError(error)}`, { cause: error });
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new InputError(`${where}: expected an object with the inputs and "answer"`);
    found = true;
    yield { value: value as Record<string, unknown>, where };
  }
  if (!found) throw new InputError(`${path} has no lines`);
}
