/** The items of a test set: every text in it that training must not have seen. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describeError, InputError } from '../../io/errors.js';

/**
 * Texts of a file, by its extension, also behind `.gz`: of `.jsonl`, `.ndjson` and `.json` all strings in the values, of
 * `.csv` and `.tsv` all fields, of any other the whole.
 * @throws InputError for a file that cannot be read and for bad JSON (`file:line`)
 */
export function* testItems(path: string): Generator<string> {
  const text = readText(path);
  switch (/\.([a-z]+)(\.gz)?$/iu.exec(path)?.[1]?.toLowerCase()) {
    case 'json':
      return yield* stringsOf(parse(text, path));
    case 'jsonl':
    case 'ndjson': {
      let number = 0;
      for (const line of text.split('\n')) {
        number++;
        if (line.trim() !== '') yield* stringsOf(parse(line, `${path}:${number}`));
      }
      return;
    }
    case 'csv':
      return yield* fields(text, ',');
    case 'tsv':
      return yield* fields(text, '\t');
    default:
      yield text;
  }
}

function readText(path: string): string {
  try {
    const bytes = readFileSync(path);
    return new TextDecoder('utf-8', { fatal: true }).decode(
      path.toLowerCase().endsWith('.gz') ? gunzipSync(bytes) : bytes,
    );
  } catch (error) {
    throw new InputError(`cannot read the test set ${path}: ${describeError(error)}`, { cause: error });
  }
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`cannot read the test set: ${source} is not JSON (${describeError(error)})`, { cause: error });
  }
}

/** All strings within a JSON value, keys aside. */
function* stringsOf(value: unknown): Generator<string> {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string') yield next;
    else if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) pending.push(inner);
  }
}

/** Fields of delimited text with quotes as RFC 4180 has them. A quote that is never closed reaches to the end. */
function* fields(text: string, delimiter: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    let field = '';
    if (text[at] === '"') {
      for (let from = at + 1; ; from = at + 1) {
        const quote = text.indexOf('"', from);
        at = quote < 0 ? text.length : quote + 1;
        field += text.slice(from, quote < 0 ? text.length : quote);
        if (text[at] !== '"') break;
        field += '"';
      }
    }
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++;
    yield field + text.slice(start, at);
    at++;
  }
}
