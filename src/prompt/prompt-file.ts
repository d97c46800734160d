/**
 * Prompt files, `*.prompt.md`: YAML front matter that says what goes in and what comes out, then the prompt as text.
 *
 * The body is an introduction, `{{examples}}`, and a turn: the part that is written once for each example, with its answer
 * where `{{answer}}` stands, and then for the question, up to `{{answer}}`. Text between `{{examples}}` and `{{turn}}`
 * is written once, before the question.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError, InputError } from '../io/errors.js';
import { type Example, readExampleFile, readExampleItems } from './examples.js';
import { RESERVED, type Settings, settingsSchema } from './settings.js';
import { parseTemplate, type Template, variablesOf } from './template.js';
import { readYaml } from './yaml.js';

export interface PromptBody {
  introduction: Template;
  /** Between the examples and the question. */
  bridge: Template;
  /** The question, or an example, up to its answer. */
  turn: Template;
  /** What follows the answer in an example. */
  ending: string;
  /** Whether the body says where examples go, and where the answer. */
  hasExamples: boolean;
  hasAnswer: boolean;
}

export interface PromptFile {
  path: string;
  settings: Settings;
  body: PromptBody;
  /** Examples to choose from, those of the file or of the JSONL file it names. */
  pool: readonly Example[];
}

/** Longest prompt file, in bytes. */
const MAX_BYTES = 1 << 22;

/**
 * Reads a prompt file and the examples it names.
 * @throws InputError with file and line for whatever does not fit
 */
export function readPromptFile(path: string): PromptFile {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new InputError(`${path}: ${size} bytes are too long for a prompt file`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  return parsePromptFile(text, path);
}

/** The prompt in a text. @param path names it in errors; example files are looked for beside it */
export function parsePromptFile(text: string, path: string): PromptFile {
  const { yaml, body, bodyLine } = split(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), path);
  const settings = readYaml(yaml, settingsSchema, path, 2);
  const parsed = parseBody(body, path, bodyLine);
  checkNames(settings, parsed, path, bodyLine);
  const { from, items } = settings.examples;
  if (from !== undefined && items !== undefined)
    throw new InputError(`${path}: examples have "from" or "items", not both`);
  const pool = from !== undefined ? fromFile(from, path, settings) : readExampleItems(items ?? [], path, settings);
  const { count } = settings.examples;
  if (count !== undefined && count > 0 && pool.length === 0)
    throw new InputError(`${path}: ${count} examples are asked for and none are given ("from" or "items")`);
  return { path, settings, body: parsed, pool };
}

function fromFile(from: string, path: string, settings: Settings): Example[] {
  const file = resolve(dirname(path), from);
  if (!existsSync(file)) throw new InputError(`${path}: examples are to come from ${file}: no such file`);
  return readExampleFile(file, settings);
}

function split(text: string, path: string): { yaml: string; body: string; bodyLine: number } {
  const lines = text.split('\n');
  if (lines[0]!.trimEnd() !== '---')
    throw new InputError(`${path}:1: a prompt file begins with "---", settings in YAML, "---"; then the prompt`);
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---');
  if (end < 0) throw new InputError(`${path}:1: the settings do not end: a line "---" is missing`);
  let first = end + 1;
  while (first < lines.length && lines[first]!.trim() === '') first++;
  const body = lines.slice(first).join('\n').trimEnd();
  if (body === '') throw new InputError(`${path}:${lines.length}: there is no prompt after the settings`);
  return { yaml: lines.slice(1, end).join('\n'), body, bodyLine: first + 1 };
}

/** Parts a body at its marks. @throws InputError where a mark stands twice or in the wrong order */
export function parseBody(text: string, path: string, firstLine = 1): PromptBody {
  const template = parseTemplate(text, path, firstLine);
  const find = (mark: string): number => {
    const [at = -1, again] = template.flatMap((part, i) =>
      typeof part !== 'string' && part.variable === mark ? [i] : [],
    );
    if (again === undefined) return at;
    const { line } = template[again] as { line: number };
    throw new InputError(`${path}:${line}: {{${mark}}} stands twice`);
  };
  const [examples, question, answer] = [find('examples'), find('turn'), find('answer')];
  const lineOf = (at: number): number => (template[at] as { line: number }).line;
  if (question >= 0 && examples < 0)
    throw new InputError(`${path}:${lineOf(question)}: {{turn}} needs {{examples}} before it`);
  if (question >= 0 && question < examples)
    throw new InputError(`${path}:${lineOf(question)}: {{turn}} stands before {{examples}}`);
  const begin = Math.max(examples, question) + 1;
  if (answer >= 0 && answer < begin)
    throw new InputError(`${path}:${lineOf(answer)}: {{answer}} must stand after {{examples}} and {{turn}}`);
  const after = answer < 0 ? [] : template.slice(answer + 1);
  const [stray] = variablesOf(after);
  if (stray)
    throw new InputError(`${path}:${stray.line}: {{${stray.variable}}} stands after {{answer}}, which ends a prompt`);
  return {
    introduction: template.slice(0, Math.max(examples, 0)),
    bridge: question < 0 ? [] : withoutNewline(template.slice(examples + 1, question)),
    turn: withoutNewline(template.slice(begin, answer < 0 ? undefined : answer), begin > 0),
    ending: after.join('').trimEnd(),
    hasExamples: examples >= 0,
    hasAnswer: answer >= 0,
  };
}

/** Without the newline that ends the line of a mark. */
function withoutNewline(template: Template, afterMark = true): Template {
  const [first, ...rest] = template;
  if (!afterMark || typeof first !== 'string' || !first.startsWith('\n')) return template;
  return first === '\n' ? rest : [first.slice(1), ...rest];
}

function checkNames(settings: Settings, body: PromptBody, path: string, bodyLine: number): void {
  const declared = Object.keys(settings.input);
  const reserved = declared.find((name) => (RESERVED as readonly string[]).includes(name));
  if (reserved !== undefined) throw new InputError(`${path}: an input cannot be called "${reserved}"`);
  const listed = settings.output.kind === 'labels' ? ['labels'] : [];
  const used = [...body.introduction, ...body.bridge, ...body.turn];
  for (const { variable, line } of variablesOf(used)) {
    if (declared.includes(variable) || listed.includes(variable)) continue;
    const known = [...declared, ...listed].map((name) => `{{${name}}}`).join(', ') || 'none';
    throw new InputError(`${path}:${line}: {{${variable}}} is not an input; there are: ${known}`);
  }
  const names = new Set(variablesOf(used).map(({ variable }) => variable));
  const unused = declared.find((name) => !names.has(name));
  if (unused !== undefined)
    throw new InputError(`${path}:${bodyLine}: the input "${unused}" is declared and the prompt does not use it`);
  const wantsExamples = settings.examples.from !== undefined || settings.examples.items !== undefined;
  if (wantsExamples && !(body.hasExamples && body.hasAnswer))
    throw new InputError(`${path}:${bodyLine}: examples need {{examples}} and {{answer}} in the prompt`);
  if (settings.output.kind === 'labels' && !body.hasAnswer)
    throw new InputError(`${path}:${bodyLine}: a prompt for labels needs {{answer}} where the label stands`);
  if (body.hasExamples && !body.hasAnswer)
    throw new InputError(`${path}:${bodyLine}: {{examples}} needs {{answer}} where an example's answer stands`);
}
