/**
 * The safetensors format: a lazy reader (one file, or shards with an index) and a streaming, atomic, deterministic writer.
 *
 * Tensors are read by position straight into the caller's memory; 16-bit floats are converted in 1 MiB pieces.
 * Element bytes are little-endian, as are the machines this runs on.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeError, InputError } from '../../io/errors.js';
import { writeAtomicWith, writeFully } from '../../io/files.js';
import { elementCount } from '../config.js';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16 } from '../../io/half.js';
import { isJsonObject, readJsonFile } from './json.js';
import { type Dtype, elementBytes, headerSize, parseHeader, type TensorEntry } from './safetensors-header.js';

const PIECE_BYTES = 1 << 20;

/** Elements in memory: float32, or bfloat16 as its bits. */
export type Elements = Float32Array | Uint16Array;

/** Open safetensors: one file, or several that belong together. */
export interface Safetensors {
  /** The file, or the index of the shards. */
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** The header's `__metadata__`; empty for shards. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads `into.length` elements of a tensor from element `start` on, as float32, or bfloat16 into a Uint16Array. Wider types
   * are rounded.
   * @throws InputError for an FP8 tensor, or when the file was truncated since it was opened.
   */
  read(name: string, into: Elements, start?: number): void;
  close(): void;
}

/**
 * Opens one safetensors file.
 * @throws InputError naming the file when it is missing or its header is not consistent with its size.
 */
export function openSafetensors(path: string): Safetensors {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${describeError(error)}`, { cause: error });
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new InputError(`${path}: not a regular file`);
    const prefix = new Uint8Array(8);
    if (status.size >= 8) readFully(descriptor, prefix, 0, path);
    const header = new Uint8Array(headerSize(prefix, status.size, path));
    readFully(descriptor, header, 8, path);
    const { entries, metadata } = parseHeader(header, status.size, path);
    return {
      path,
      entries,
      metadata,
      read(name, into, start = 0) {
        const entry = entries.get(name);
        if (!entry) throw new InputError(`${path}: no tensor ${name}`);
        readElements(descriptor, entry, into, start, `${path}: tensor ${name}`);
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Opens the shards that a `model.safetensors.index.json` lists, as if they were one file.
 * @throws InputError when the index or a shard is damaged, or a tensor is not in the shard the index names.
 */
export function openSharded(indexPath: string): Safetensors {
  const { weight_map: map } = readJsonFile(indexPath);
  if (!isJsonObject(map)) throw new InputError(`${indexPath}: no weight_map`);
  const shards = new Map<string, Safetensors>();
  const closeAll = () => shards.forEach((shard) => shard.close());
  const entries = new Map<string, TensorEntry>();
  try {
    for (const [name, file] of Object.entries(map)) {
      if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file))
        throw new InputError(`${indexPath}: ${JSON.stringify(file)} is not the name of a safetensors file beside it`);
      const shard = shards.get(file) ?? openSafetensors(join(dirname(indexPath), file));
      shards.set(file, shard);
      const entry = shard.entries.get(name);
      if (!entry) throw new InputError(`${indexPath}: tensor ${name} is not in ${file}`);
      entries.set(name, entry);
    }
  } catch (error) {
    closeAll();
    throw error;
  }
  return {
    path: indexPath,
    entries,
    metadata: {},
    read(name, into, start) {
      const shard = entries.has(name) ? shards.get(map[name] as string) : undefined;
      if (!shard) throw new InputError(`${indexPath}: no tensor ${name}`);
      shard.read(name, into, start);
    },
    close: closeAll,
  };
}

/** Opens `model.safetensors`, or else its shards, in a model directory. @throws InputError when there is neither. */
export function openModelSafetensors(folder: string): Safetensors {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return openSafetensors(single);
  const index = `${single}.index.json`;
  if (existsSync(index)) return openSharded(index);
  throw new InputError(`${folder}: no model.safetensors and no model.safetensors.index.json`);
}

/** Fills `into` from a position in the file. @throws InputError when the file ends before. */
export function readFully(descriptor: number, into: Uint8Array, position: number, where: string): void {
  for (let done = 0; done < into.length;) {
    let count: number;
    try {
      count = readSync(descriptor, into, done, Math.min(into.length - done, 1 << 30), position + done);
    } catch (error) {
      throw new InputError(`cannot read ${where}: ${describeError(error)}`, { cause: error });
    }
    if (count === 0) throw new InputError(`${where}: the file ended early; it was truncated while being read`);
    done += count;
  }
}

/** Reads `into.length` elements of a stored tensor from element `start` on; see {@link Safetensors.read}. */
export function readElements(
  descriptor: number,
  entry: Omit<TensorEntry, 'shape'>,
  into: Elements,
  start: number,
  where: string,
): void {
  if (start < 0 || start + into.length > entry.length)
    throw new RangeError(`${where}: elements ${start} to ${start + into.length} of ${entry.length}`);
  const size = elementBytes(entry.dtype);
  const position = entry.position + start * size;
  if (entry.dtype === (into instanceof Uint16Array ? 'BF16' : 'F32')) {
    readFully(descriptor, new Uint8Array(into.buffer, into.byteOffset, into.byteLength), position, where);
    return;
  }
  const convert = converter(entry.dtype, where);
  const step = PIECE_BYTES / size;
  const piece = new ArrayBuffer(Math.min(step, into.length) * size);
  const floats = into instanceof Uint16Array ? new Float32Array(Math.min(step, into.length)) : null;
  for (let done = 0; done < into.length; done += step) {
    const count = Math.min(step, into.length - done);
    readFully(descriptor, new Uint8Array(piece, 0, count * size), position + done * size, where);
    const part = into.subarray(done, done + count);
    if (part instanceof Float32Array) {
      convert(piece, part);
    } else {
      convert(piece, floats!.subarray(0, count));
      float32ToBfloat16(floats!.subarray(0, count), part);
    }
  }
}

/** A function that converts the first `into.length` elements of a buffer. */
function converter(dtype: Dtype, where: string): (from: ArrayBuffer, into: Float32Array) => void {
  switch (dtype) {
    case 'F16':
      return (from, into) => float16ToFloat32(new Uint16Array(from, 0, into.length), into);
    case 'BF16':
      return (from, into) => bfloat16ToFloat32(new Uint16Array(from, 0, into.length), into);
    case 'F32':
      return (from, into) => into.set(new Float32Array(from, 0, into.length));
    case 'F64':
      return (from, into) => into.set(new Float64Array(from, 0, into.length));
    case 'I32':
      return (from, into) => into.set(new Int32Array(from, 0, into.length));
    case 'U32':
      return (from, into) => into.set(new Uint32Array(from, 0, into.length));
    case 'I16':
      return (from, into) => into.set(new Int16Array(from, 0, into.length));
    case 'U16':
      return (from, into) => into.set(new Uint16Array(from, 0, into.length));
    case 'I8':
      return (from, into) => into.set(new Int8Array(from, 0, into.length));
    case 'U8':
    case 'BOOL':
      return (from, into) => into.set(new Uint8Array(from, 0, into.length));
    case 'I64':
      return (from, into) => new BigInt64Array(from, 0, into.length).forEach((value, i) => (into[i] = Number(value)));
    case 'U64':
      return (from, into) => new BigUint64Array(from, 0, into.length).forEach((value, i) => (into[i] = Number(value)));
    default:
      throw new InputError(`${where}: element type ${dtype} is not supported; convert the model to BF16 or F32`);
  }
}

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its elements in order, in one piece or several, asked for once, when its turn comes. */
  pieces(): Iterable<Float32Array>;
}

/**
 * Writes a safetensors file atomically, tensor by tensor. Tensors lie in the order of their names and the header's JSON
 * is fixed, so equal tensors give equal bytes. BF16 rounds to nearest even.
 * @throws RunError when the file cannot be written; an old file stays as it was.
 */
export function writeSafetensors(path: string, tensors: readonly TensorToWrite[], dtype: 'F32' | 'BF16' = 'F32'): void {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const bytes = elementBytes(dtype);
  const twice = sorted.find(({ name }, i) => name === sorted[i + 1]?.name);
  if (twice) throw new Error(`tensor ${twice.name} is given twice`);
  let end = 0;
  const entries = sorted.map(({ name, shape }) => {
    const begin = end;
    end += elementCount(shape) * bytes;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const json = new TextEncoder().encode(
    JSON.stringify(Object.fromEntries([['__metadata__', { format: 'pt' }], ...entries])),
  );
  const header = new Uint8Array(8 + 8 * Math.ceil(json.length / 8)).fill(0x20); // padded with spaces
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);

  writeAtomicWith(path, (descriptor) => {
    writeFully(descriptor, header);
    for (const tensor of sorted) {
      let count = 0;
      for (const piece of tensor.pieces()) {
        count += piece.length;
        if (dtype === 'F32') writeFully(descriptor, new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
        else writeBfloat16(descriptor, piece);
      }
      if (count !== elementCount(tensor.shape))
        throw new Error(`${tensor.name}: ${count} elements given for shape [${tensor.shape}]`);
    }
  });
}

function writeBfloat16(descriptor: number, values: Float32Array): void {
  const step = PIECE_BYTES / 2;
  const piece = new Uint16Array(Math.min(step, values.length));
  for (let done = 0; done < values.length; done += step) {
    const part = values.subarray(done, done + step);
    float32ToBfloat16(part, piece);
    writeFully(descriptor, new Uint8Array(piece.buffer, 0, 2 * part.length));
  }
}
