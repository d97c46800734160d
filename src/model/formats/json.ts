/** Reading JSON files of a model directory, with a limit on their size and errors that name the file. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { describeError, InputError } from '../../io/errors.js';

/** A JSON object of unknown content. */
export type JsonObject = Record<string, unknown>;

/**
 * Text of a UTF-8 file.
 * @throws InputError when it cannot be read, is larger than `maxBytes`, or is not UTF-8.
 */
export function readText(path: string, maxBytes: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > maxBytes) throw new InputError(`${path}: ${size} bytes are too many for this kind of file`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(descriptor));
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = error instanceof TypeError ? 'it is not UTF-8 text' : describeError(error);
    throw new InputError(`cannot read ${path}: ${reason}`, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

/** @throws InputError naming `where` unless `text` is one JSON object. */
export function parseJsonObject(text: string, where: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: not valid JSON (${describeError(error)})`, { cause: error });
  }
  if (!isJsonObject(value)) throw new InputError(`${where}: expected a JSON object`);
  return value;
}

/** Whether a parsed JSON value is an object (not null, not a list). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object in a file of at most 64 MiB. @throws InputError naming the file. */
export function readJsonFile(path: string): JsonObject {
  return parseJsonObject(readText(path, 64 << 20), path);
}
