/** One record of JSON, read strictly: a key that stands twice in an object would hide what is written first. */
import { isUtf8 } from 'node:buffer';
import { describeError } from '../../io/errors.js';
import { Bad } from './problem.js';

/** @throws Bad for bytes that are not UTF-8, not JSON, no object, or have a key twice */
export function parseRecord(bytes: Uint8Array): Record<string, unknown> {
  if (!isUtf8(bytes)) throw new Bad('not UTF-8', 'it is not UTF-8: save the file in that encoding');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new Bad('not JSON', `it is not JSON: ${describeError(error)}`);
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new Bad('not an object', 'it is JSON, but not an object such as {"messages": [...]}');
  const twice = duplicateKey(text);
  if (twice !== null)
    throw new Bad(
      'duplicate key',
      `the key ${JSON.stringify(twice)} stands twice in one object: remove one of the two`,
    );
  return record as Record<string, unknown>;
}

/** The first key that an object of a valid JSON text has twice, as JSON's escapes have it read; null for none. */
export function duplicateKey(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  // Strings, and the signs that open and close objects and lists; all else is of no concern.
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs)) {
    const [token, colon] = match;
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, token.length - colon.length)) as string;
      const keys = open.at(-1)!;
      if (keys!.has(key)) return key;
      keys!.add(key);
    }
  }
  return null;
}
