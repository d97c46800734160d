/**
 * Text with variables: `{{name}}`, and `\{{` for two braces as they are. Nothing else has a meaning: no conditions, no
 * loops, no code; a value that holds braces is put in as it is and never looked at again.
 */
import { InputError } from '../io/errors.js';

/** A variable, and the line of the file it stands in. */
export interface Variable {
  variable: string;
  line: number;
}

export type Template = readonly (string | Variable)[];

const NAME = /^[A-Za-z_][\w-]*$/;

/**
 * Parses a template.
 * @param where the file it is from; @param firstLine number of its first line there
 * @throws InputError with file and line for braces that do not close, or hold no name
 */
export function parseTemplate(text: string, where: string, firstLine = 1): Template {
  const parts: (string | Variable)[] = [];
  let [literal, at, line] = ['', 0, firstLine];
  const fail = (what: string): never => {
    throw new InputError(`${where}:${line}: ${what}`);
  };
  while (at < text.length) {
    if (text.startsWith('\\{{', at)) {
      literal += '{{';
      at += 3;
    } else if (text.startsWith('{{', at)) {
      const end = text.indexOf('}}', at);
      const newline = text.indexOf('\n', at);
      if (end < 0 || (newline >= 0 && newline < end))
        fail('"{{" without "}}" on its line; write "\\{{" for braces as they are');
      const variable = text.slice(at + 2, end).trim();
      if (!NAME.test(variable))
        fail(`"{{${variable}}}" is not a variable: a name of letters, digits, "_" and "-" is all that braces may hold`);
      if (literal !== '') parts.push(literal);
      parts.push({ variable, line });
      literal = '';
      at = end + 2;
    } else {
      if (text[at] === '\n') line++;
      literal += text[at++];
    }
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

/** The text of a template, such that parsing it gives the template again. */
export function templateSource(template: Template): string {
  return template
    .map((part) => (typeof part === 'string' ? part.replaceAll('{{', '\\{{') : `{{${part.variable}}}`))
    .join('');
}

/** Puts values in. @throws Error for a variable without a value: they are checked before */
export function fillTemplate(template: Template, values: ReadonlyMap<string, string>): string {
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = values.get(part.variable);
      if (value === undefined) throw new Error(`no value for {{${part.variable}}}`);
      return value;
    })
    .join('');
}

/** The variables of a template. */
export function variablesOf(template: Template): Variable[] {
  return template.filter((part): part is Variable => typeof part !== 'string');
}
