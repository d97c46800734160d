/** Nested JSON: the texts that a JMESPath expression finds in a file. */
import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { describeError, InputError } from '../../io/errors.js';
import type { SourceDocument } from '../document.js';
import { nameOf, type ReadUnit, type Report } from './options.js';
import { documentOf, metaOf, TEXT_FIELD } from './record.js';
import type { SourceBytes } from './source-bytes.js';
import { decodeWhole, readWhole } from './whole.js';

/** A JSON file is parsed whole, so it may not be larger: 256 MiB. */
export const MAX_JSON = 2 ** 28;

/** The expression where none is given: the items of an array, or an object as it is. */
const DEFAULT_SELECT = '[] || @';

/** @throws InputError for an expression that is not JMESPath */
export function checkSelect(select: string): void {
  try {
    compile(select);
  } catch (error) {
    throw new InputError(`select is not a JMESPath expression: ${describeError(error)}: ${select}`, { cause: error });
  }
}

/** Documents of a JSON file, named by their place among the texts found (`path#n`, from 1). */
export async function* readJson(file: SourceBytes, unit: ReadUnit, report: Report): AsyncGenerator<SourceDocument> {
  const { select = DEFAULT_SELECT, field = TEXT_FIELD } = unit.options;
  checkSelect(select);
  const bytes = await readWhole(file, unit, MAX_JSON, report);
  const decoded = bytes && decodeWhole(bytes, unit, report);
  if (!decoded) return;
  let found: JSONValue;
  try {
    found = TreeInterpreter.search(compile(select), parse(decoded.text)) as JSONValue;
  } catch (error) {
    return report(nameOf(unit), `skipped, ${describeError(error)}`);
  }
  const texts = Array.isArray(found) ? found : found === null ? [] : [found];
  if (texts.length === 0) report(nameOf(unit), `skipped, nothing in it is at ${select}`);
  for (const [i, item] of texts.entries()) {
    const source = `${nameOf(unit)}#${i + 1}`;
    const record = typeof item === 'object' && item !== null && !Array.isArray(item) ? item : null;
    const text = record && Object.hasOwn(record, field) ? record[field] : item;
    if (typeof text !== 'string') {
      report(source, `skipped, it is neither a string nor an object with a string "${field}"`);
      continue;
    }
    const meta = record ? metaOf(record, field) : {};
    const document = documentOf(text, source, { ...meta, ...decoded.meta }, report);
    if (document) yield document;
  }
}

function parse(text: string): JSONValue {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as JSONValue;
  } catch (error) {
    const lines = /^\s*\{.*\}\s*\n\s*\{/.test(text.slice(0, 1 << 16))
      ? ': if it is JSON lines, set the format jsonl'
      : '';
    throw new Error(`it is not JSON (${describeError(error)})${lines}`, { cause: error });
  }
}
