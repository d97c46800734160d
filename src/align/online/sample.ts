/** A completion as updates learn from it, and how it is stored in a checkpoint. */
import { z } from 'zod';
import type { Example } from '../../tune/index.js';

/** All arrays but the example's are [completion]. */
export interface Sample {
  example: Example;
  /** Tokens of the prompt. */
  start: number;
  /** Log-probabilities when it was sampled. */
  old: Float32Array;
  reference: Float32Array;
  advantages: Float32Array;
  /** Values when it was sampled, and what they should have been; empty without a value head. */
  values: Float32Array;
  returns: Float32Array;
}

const text = z.base64();

export const storedSample = z.strictObject({
  where: z.string(),
  start: z.int().min(1),
  tokens: text,
  old: text,
  reference: text,
  advantages: text,
  values: text,
  returns: text,
});
export type StoredSample = z.infer<typeof storedSample>;

export function storeSample({ example, start, ...arrays }: Sample): StoredSample {
  const { old, reference, advantages, values, returns } = arrays;
  return {
    where: example.where,
    start,
    tokens: encode(example.tokens),
    old: encode(old),
    reference: encode(reference),
    advantages: encode(advantages),
    values: encode(values),
    returns: encode(returns),
  };
}

/** @throws RangeError for arrays that do not fit together */
export function restoreSample({ where, start, tokens, ...stored }: StoredSample): Sample {
  const ids = new Int32Array(decode(tokens));
  const floats = (name: keyof typeof stored): Float32Array => new Float32Array(decode(stored[name]));
  const sample = {
    example: { tokens: ids, learned: new Uint8Array(ids.length).fill(1, start), where },
    start,
    old: floats('old'),
    reference: floats('reference'),
    advantages: floats('advantages'),
    values: floats('values'),
    returns: floats('returns'),
  };
  const length = ids.length - start;
  const { old, reference, advantages, values, returns } = sample;
  const fits = [old, reference, advantages].every((each) => each.length === length);
  if (!fits || values.length !== returns.length || (values.length > 0 && values.length !== length))
    throw new RangeError('a stored sample does not fit together');
  return sample;
}

function encode(array: Int32Array | Float32Array): string {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
}

function decode(base64: string): ArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  const { buffer } = Uint8Array.from(bytes); // aligned, and its own
  return buffer;
}
