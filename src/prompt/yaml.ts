/** YAML that is checked against a schema, with the line in every error. */
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { InputError } from '../io/errors.js';

/**
 * Reads YAML that must fit `schema`. Aliases are bounded, so that a small file cannot become a large value.
 * @param where the file it is from; @param firstLine number of its first line there
 * @throws InputError with file and line
 */
export function readYaml<T>(text: string, schema: z.ZodType<T>, where: string, firstLine = 1): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number, what: string): never => {
    throw new InputError(`${where}:${lines.linePos(offset).line + firstLine - 1}: ${what}`);
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) fail(problem.pos[0], `not YAML: ${problem.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new InputError(`${where}:${firstLine}: not YAML: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = deepest(result.error.issues[0]!);
  const path = issue.path.map(String);
  const extra = issue.code === 'unrecognized_keys' ? [issue.keys[0]!] : [];
  const name = [...path, ...extra].join('.');
  const what = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.message.replace(/^Invalid input: /, '');
  return fail(offsetOf(document, [...issue.path, ...extra]), `${name === '' ? 'the settings' : name}: ${what}`);
}

type Issue = z.core.$ZodIssue;

/** Of alternatives that all failed, what the one says that got furthest. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flatMap((errors) => errors.slice(0, 1))
    .map((each) => deepest({ ...each, path: [...issue.path, ...each.path] }))
    .filter((each) => each.path.length > issue.path.length || each.code === 'unrecognized_keys')
    .sort((a, b) => b.path.length - a.path.length);
  return inner[0] ?? issue;
}

/** Where the value at a path begins, or the nearest value around it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
