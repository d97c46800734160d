/** A file of JSON that a user names. */
import { readFileSync } from 'node:fs';
import { describeError, InputError } from './errors.js';

/** @throws InputError for a file that cannot be read, or is not JSON */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`${path}: ${describeError(error)}`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: it is not JSON: ${(error as Error).message}`, { cause: error });
  }
}
