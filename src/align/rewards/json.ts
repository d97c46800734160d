/** Whether a completion is the JSON asked for. */
import { z } from 'zod';
import { formats } from '../../generate/constraint/formats.js';
import { InputError } from '../../io/errors.js';
import { readJson } from '../../io/json-file.js';
import { perInput, rewardKind } from './kind.js';

/**
 * 1 where the completion is a JSON object or array, with nothing but white space around it, and otherwise 0; with `schema`,
 * a document of any type that is valid by that JSON schema (2020-12, or draft-07 where the schema says so).
 */
export const json = rewardKind({
  example: 'json:schema=person.schema.json',
  about: '1 where the completion is a JSON object or array and nothing else; with schema, a document valid by it',
  settings: z.strictObject({ schema: z.string().optional() }),
  open: async ({ schema }, { resolve }) => {
    if (schema === undefined) return perInput(({ completion }) => (isObject(parse(completion)) ? 1 : 0));
    const path = resolve(schema);
    const valid = await compileSchema(path);
    return perInput(
      ({ completion }) => {
        const value = parse(completion);
        return value !== undefined && valid(value) ? 1 : 0;
      },
      { files: [path] },
    );
  },
});

/** The value that a text is, or undefined. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** @throws InputError naming the file and what of it is not understood */
async function compileSchema(path: string): Promise<(value: unknown) => boolean> {
  const schema = readJson(path);
  if (typeof schema !== 'boolean' && (!isObject(schema) || Array.isArray(schema)))
    throw new InputError(`${path}: a JSON schema is an object`);
  const draft7 = isObject(schema) && String((schema as { $schema?: unknown }).$schema).includes('draft-07');
  // Only who has a schema pays for what reads it.
  const Validator = draft7 ? (await import('ajv')).Ajv : (await import('ajv/dist/2020.js')).Ajv2020;
  try {
    const ajv = new Validator({ strictTypes: false, strictTuples: false, strictRequired: false, logger: false });
    for (const [name, pattern] of Object.entries(formats)) ajv.addFormat(name, new RegExp(`^(?:${pattern})$`, 'iu'));
    return ajv.compile(schema as boolean | object);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
