import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcome } from '../../../test/reference/outcome.js';
import { InputError, RunError } from '../../io/errors.js';
import {
  openModelSafetensors,
  openSafetensors,
  openSharded,
  type TensorToWrite,
  writeSafetensors,
} from './safetensors.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'telar-safetensors-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const tensor = (name: string, shape: number[], values: number[]): TensorToWrite => ({
  name,
  shape,
  pieces: () => [Float32Array.from(values)],
});

/** A file made by hand from a header object (or text) and data. */
function craft(name: string, header: unknown, data: Uint8Array, announced?: bigint): string {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(announced ?? BigInt(json.length));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([size, json, data]));
  return path;
}

function readAll(path: string): Record<string, number[]> {
  const file = openSafetensors(path);
  try {
    return Object.fromEntries(
      [...file.entries].map(([name, { length }]) => {
        const values = new Float32Array(length);
        file.read(name, values);
        return [name, [...values]];
      }),
    );
  } finally {
    file.close();
  }
}

describe('safetensors', () => {
  it('gives back what was written, in the order of names, with an aligned header', () => {
    const path = join(folder, 'plain.safetensors');
    writeSafetensors(path, [tensor('b', [2, 2], [1, 2, 3, 4]), tensor('a', [0, 7], []), tensor('c', [], [NaN])]);
    expect(readAll(path)).toEqual({ a: [], b: [1, 2, 3, 4], c: [NaN] });
    const bytes = readFileSync(path);
    const header = bytes.readUInt32LE(0);
    expect(header % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + header))).toEqual({
      __metadata__: { format: 'pt' },
      a: { dtype: 'F32', shape: [0, 7], data_offsets: [0, 0] },
      b: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
      c: { dtype: 'F32', shape: [], data_offsets: [16, 20] },
    });
  });

  it('writes equal bytes whatever the order and pieces of the input', () => {
    const values = Array.from({ length: 12 }, (_, i) => i / 7);
    const whole = [tensor('x', [3, 4], values), tensor('y', [1], [5])];
    const parts: TensorToWrite = {
      name: 'x',
      shape: [3, 4],
      pieces: () => [Float32Array.from(values.slice(0, 5)), Float32Array.from(values.slice(5))],
    };
    const [one, two] = ['one', 'two'].map((name) => join(folder, `${name}.safetensors`)) as [string, string];
    writeSafetensors(one, whole);
    writeSafetensors(two, [whole[1]!, parts]);
    expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
  });

  it('reads every numeric type, from any element on', () => {
    const numbers = [0, 1, 2, 100];
    const arrays = {
      F64: Float64Array.from(numbers),
      F32: Float32Array.from(numbers),
      F16: Uint16Array.of(0, 0x3c00, 0x4000, 0x5640),
      BF16: Uint16Array.of(0, 0x3f80, 0x4000, 0x42c8),
      I64: BigInt64Array.from(numbers.map(BigInt)),
      U64: BigUint64Array.from(numbers.map(BigInt)),
      I32: Int32Array.from(numbers),
      U32: Uint32Array.from(numbers),
      I16: Int16Array.from(numbers),
      U16: Uint16Array.from(numbers),
      I8: Int8Array.from(numbers),
      U8: Uint8Array.from(numbers),
    };
    for (const [dtype, array] of Object.entries(arrays)) {
      const data = new Uint8Array(array.buffer);
      const path = craft(dtype, { t: { dtype, shape: [2, 2], data_offsets: [0, data.length] } }, data);
      expect({ dtype, ...readAll(path) }).toEqual({ dtype, t: numbers });
      const file = openSafetensors(path);
      const tail = new Float32Array(2);
      file.read('t', tail, 2);
      expect([...tail]).toEqual([2, 100]);
      expect(() => file.read('t', tail, 3)).toThrow(RangeError);
      file.close();
    }
    const fp8 = craft('fp8', { t: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(0));
    expect(() => readAll(fp8)).toThrow(/F8_E4M3 is not supported/);
  });

  it('converts tensors larger than one piece, and writes BF16', () => {
    const values = Float32Array.from({ length: 1_300_001 }, (_, i) => i % 256);
    const path = join(folder, 'large.safetensors');
    writeSafetensors(path, [{ name: 't', shape: [values.length], pieces: () => [values] }], 'BF16');
    const file = openSafetensors(path);
    const read = new Float32Array(values.length);
    file.read('t', read);
    file.close();
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(values.buffer))).toBe(0);
  });

  it('says what is wrong with a header', () => {
    const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });
    const cases: [RegExp, unknown, number, bigint?][] = [
      [/too few/, '', 0],
      [/would be 18446744073709551615 bytes/, '{}', 4, 2n ** 64n - 1n],
      [/truncated, the header needs/, '{}', 0, 1000n],
      [/does not begin with/, '[1]', 0],
      [/not valid JSON/, '{"a":', 0],
      [/__metadata__/, { __metadata__: { a: 1 } }, 0],
      [/__metadata__/, { __metadata__: null }, 0],
      [/tensor "a": .*expected/, { a: 5 }, 0],
      [/unknown element type "F3"/, { a: { dtype: 'F3', shape: [], data_offsets: [0, 4] } }, 4],
      [/unknown element type "toString"/, { a: { dtype: 'toString', shape: [], data_offsets: [0, 4] } }, 4],
      [/does not take 8 bytes/, { a: f32([1], 0, 8) }, 8],
      [/does not take/, { a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8],
      [/shape/, { a: f32([-1], 0, 4) }, 4],
      [/shape/, { a: f32([1.5], 0, 6) }, 6],
      [/overlaps/, { a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8],
      [/hole/, { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12],
      [/hole/, { a: f32([1], 4, 8) }, 8],
      [/truncated, /, { a: f32([4], 0, 16) }, 8],
      [/too long/, { a: f32([1], 0, 4) }, 5],
    ];
    for (const [message, header, dataBytes, announced] of cases) {
      const path = craft('bad.safetensors', header, new Uint8Array(dataBytes), announced);
      expect(() => openSafetensors(path)).toThrow(InputError);
      expect(() => openSafetensors(path)).toThrow(message);
      expect(() => openSafetensors(path)).toThrow(/bad\.safetensors/);
    }
    expect(() => openSafetensors(join(folder, 'none'))).toThrow(/none: no such file/);
    expect(() => openSafetensors(folder)).toThrow(InputError);
  });

  it('answers any damage with an InputError or with some other valid file', () => {
    const path = join(folder, 'damaged.safetensors');
    writeSafetensors(path, [tensor('w', [2, 3], [1, 2, 3, 4, 5, 6]), tensor('bias', [2], [7, 8])]);
    const intact = readFileSync(path);
    const damage = fc.oneof(
      fc.nat(intact.length - 1).map((length) => intact.subarray(0, length)),
      fc
        .array(fc.tuple(fc.nat(intact.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
        .map((changes) => changes.reduce((bytes, [at, value]) => bytes.fill(value, at, at + 1), Buffer.from(intact))),
      fc.tuple(fc.nat(intact.length), fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([at, extra]) => {
        return Buffer.concat([intact.subarray(0, at), extra, intact.subarray(at)]);
      }),
      fc.uint8Array({ maxLength: 100 }),
    );
    fc.assert(
      fc.property(damage, (bytes) => {
        writeFileSync(path, bytes);
        expect(outcome(() => readAll(path), path)).toMatch(/./);
      }),
      { numRuns: 1500 },
    );
  });

  it('notices a file truncated after it was opened', () => {
    const path = join(folder, 'shrinks.safetensors');
    writeSafetensors(path, [
      tensor(
        't',
        [100],
        Array.from({ length: 100 }, () => 1),
      ),
    ]);
    const file = openSafetensors(path);
    writeFileSync(path, '');
    expect(() => file.read('t', new Float32Array(100))).toThrow(/truncated while being read/);
    file.close();
  });

  it('leaves the old file alone when writing fails', () => {
    const path = join(folder, 'kept.safetensors');
    writeSafetensors(path, [tensor('t', [1], [1])]);
    expect(() => writeSafetensors(path, [tensor('t', [2], [1])])).toThrow(RunError);
    expect(readAll(path)).toEqual({ t: [1] });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('reads shards through their index, and says what is wrong with an index', () => {
    const shards = mkdtempSync(join(folder, 'shards-'));
    writeSafetensors(join(shards, 'model-1.safetensors'), [tensor('a', [1], [1])]);
    writeSafetensors(join(shards, 'model-2.safetensors'), [tensor('b', [2], [2, 3])]);
    const index = join(shards, 'model.safetensors.index.json');
    const write = (weightMap: unknown) => writeFileSync(index, JSON.stringify({ weight_map: weightMap }));
    expect(() => openModelSafetensors(shards)).toThrow(/no model.safetensors and no/);
    write({ a: 'model-1.safetensors', b: 'model-2.safetensors' });
    const file = openModelSafetensors(shards);
    const values = new Float32Array(2);
    file.read('b', values);
    expect([...values]).toEqual([2, 3]);
    expect([...file.entries.keys()]).toEqual(['a', 'b']);
    file.close();

    const cases: [RegExp, unknown][] = [
      [/no weight_map/, undefined],
      [/"\.\.\/up\.safetensors" is not the name/, { a: '../up.safetensors' }],
      [/is not the name/, { a: 3 }],
      [/model-3.safetensors: no such file/, { a: 'model-1.safetensors', c: 'model-3.safetensors' }],
      [/tensor b is not in model-1/, { b: 'model-1.safetensors' }],
    ];
    for (const [message, map] of cases) {
      write(map);
      expect(() => openSharded(index)).toThrow(InputError);
      expect(() => openSharded(index)).toThrow(message);
    }
  });
});
