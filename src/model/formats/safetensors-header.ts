/**
 * The header of a safetensors file, checked completely before anything is allocated for it.
 *
 * Layout: 8 bytes length N (little-endian), N bytes of JSON (name -> dtype, shape, data_offsets), then the tensors' bytes
 * without holes. Offsets count from the end of the header.
 */
import { z } from 'zod';
import { InputError } from '../../io/errors.js';
import { describeIssues, elementCount } from '../config.js';
import { parseJsonObject } from './json.js';

/** Bytes of one element. */
const ELEMENT_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

/** Element type of a stored tensor. */
export type Dtype = keyof typeof ELEMENT_BYTES;

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly length: number;
  /** Position of the first byte in the file. */
  readonly position: number;
}

/** The largest header the format's own library accepts. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Bytes of one element of the type. */
export function elementBytes(dtype: Dtype): number {
  return ELEMENT_BYTES[dtype];
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(32),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Size of the JSON header from the first 8 bytes.
 * @throws InputError when the file cannot be a safetensors file.
 */
export function headerSize(prefix: Uint8Array, fileSize: number, path: string): number {
  if (fileSize < 10) throw new InputError(`${path}: ${fileSize} bytes are too few for a safetensors file`);
  const size = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES)
    throw new InputError(`${path}: not a safetensors file (its header would be ${size} bytes)`);
  if (8 + Number(size) > fileSize)
    throw new InputError(`${path}: truncated, the header needs ${size} bytes and the file has ${fileSize}`);
  return Number(size);
}

/**
 * Checks the JSON header against the size of the file.
 * @throws InputError for bad JSON, unknown types, sizes that do not match shapes, holes, overlaps, or missing or extra bytes.
 */
export function parseHeader(
  header: Uint8Array,
  fileSize: number,
  path: string,
): { entries: Map<string, TensorEntry>; metadata: Record<string, string> } {
  const start = 8 + header.length;
  if (header[0] !== 0x7b) throw new InputError(`${path}: not a safetensors file (its header does not begin with "{")`);
  const { __metadata__: rawMetadata = {}, ...tensors } = parseJsonObject(decodeUtf8(header, path), `${path} (header)`);
  const metadata = metadataSchema.safeParse(rawMetadata);
  if (!metadata.success) throw new InputError(`${path}: __metadata__: ${describeIssues(metadata.error)}`);

  const entries = new Map<string, TensorEntry>();
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(tensors)) {
    const parsed = entrySchema.safeParse(value);
    if (!parsed.success) throw new InputError(`${path}: tensor ${quote(name)}: ${describeIssues(parsed.error)}`);
    const { dtype, shape, data_offsets: offsets } = parsed.data;
    const [begin, end] = offsets;
    if (!isDtype(dtype)) throw new InputError(`${path}: tensor ${quote(name)}: unknown element type ${quote(dtype)}`);
    const length = elementCount(shape);
    if (length * ELEMENT_BYTES[dtype] !== end - begin)
      throw new InputError(`${path}: tensor ${quote(name)}: ${dtype} [${shape}] does not take ${end - begin} bytes`);
    entries.set(name, { dtype, shape, length, position: start + begin });
    ranges.push({ name, begin, end });
  }

  ranges.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  for (const { name, begin, end } of ranges) {
    if (begin !== expected)
      throw new InputError(
        `${path}: tensor ${quote(name)} ${begin < expected ? 'overlaps the one before it' : 'leaves a hole before it'}`,
      );
    expected = end;
  }
  if (start + expected !== fileSize)
    throw new InputError(
      `${path}: ${fileSize < start + expected ? 'truncated' : 'too long'}, ${fileSize} bytes instead of ${start + expected}`,
    );
  return { entries, metadata: metadata.data };
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(ELEMENT_BYTES, name);
}

function decodeUtf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${path}: its header is not UTF-8 text`, { cause: error });
  }
}

/** A name from outside, fit for one line of an error. */
function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);
}
