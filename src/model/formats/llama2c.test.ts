import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomParameters } from '../../../test/reference/random-model.js';
import { logits64, model64 } from '../../../test/reference/transformer64.js';
import { InputError } from '../../io/errors.js';
import { elementCount, type ModelConfig, newModelConfig, parameterCount, parameterShapes } from '../config.js';
import { readModelDirectory, writeModelDirectory } from './directory.js';
import { readLlama2cFile } from './llama2c.js';
import type { StoredModel } from './stored-model.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'telar-llama2c-'))));
afterAll(() => rmSync(folder, { recursive: true }));

function configOf(tiedHead: boolean): ModelConfig {
  return newModelConfig('llama', {
    vocabSize: 9,
    context: 5,
    layers: 2,
    width: 8,
    heads: 2,
    kvHeads: 1,
    hidden: 10,
    tiedHead,
    ropeInterleaved: true,
    bosTokenId: 1,
    eosTokenIds: [2],
  });
}

/** A file as llama2.c writes it: every kind of tensor for all layers, in its order. */
function encode(config: ModelConfig, parameters: Map<string, Float32Array>): Buffer {
  const { width, hidden, layers, heads, kvHeads, vocabSize, context, headDim, tiedHead } = config;
  const header = Int32Array.of(width, hidden, layers, heads, kvHeads, tiedHead ? vocabSize : -vocabSize, context);
  const get = (name: string) => parameters.get(name)!;
  const each = (name: string, first?: number, last?: number) =>
    Array.from({ length: layers }, (_, i) => get(`layers.${i}.${name}`).subarray(first, last));
  const [q, k] = [width * width, width * width + kvHeads * headDim * width];
  const blocks: Float32Array[] = [
    get('embed.weight'),
    ...each('norm1.weight'),
    ...each('attn.qkv.weight', 0, q),
    ...each('attn.qkv.weight', q, k),
    ...each('attn.qkv.weight', k),
    ...each('attn.out.weight'),
    ...each('norm2.weight'),
    ...each('mlp.gate.weight'),
    ...each('mlp.down.weight'),
    ...each('mlp.up.weight'),
    get('finalNorm.weight'),
    new Float32Array(context * headDim).fill(99),
    ...(tiedHead ? [] : [get('head.weight')]),
  ];
  return Buffer.concat([header, ...blocks].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
}

function parametersOf(model: StoredModel): Map<string, Float32Array> {
  return new Map(
    [...parameterShapes(model.config)].map(([name, shape]) => {
      const values = new Float32Array(elementCount(shape));
      model.tensors.read(name, values);
      return [name, values];
    }),
  );
}

describe('llama2.c checkpoint', () => {
  it('is read tensor by tensor, with its head tied or not', () => {
    for (const tiedHead of [true, false]) {
      const config = configOf(tiedHead);
      const parameters = randomParameters(config, 4);
      const path = join(folder, 'model.bin');
      writeFileSync(path, encode(config, parameters));
      const model = readLlama2cFile(path, { interleaved: true });
      expect(model.config).toEqual(config);
      expect(parametersOf(model)).toEqual(parameters);
      model.close();
    }
  });

  it('computes the same with rows in the order of Hugging Face, also after a trip through a model directory', () => {
    const config = configOf(false);
    const parameters = randomParameters(config, 5);
    const path = join(folder, 'permuted.bin');
    writeFileSync(path, encode(config, parameters));
    const model = readLlama2cFile(path);
    expect(model.config).toEqual({ ...config, ropeInterleaved: false });
    const imported = parametersOf(model);
    writeModelDirectory(join(folder, 'imported'), model.config, (name) => imported.get(name)!);
    model.close();
    const directory = readModelDirectory(join(folder, 'imported'));
    const tokens = [1, 8, 3, 3, 0];
    const logits = (of: ModelConfig, values: Map<string, Float32Array>) =>
      logits64(
        model64(of, (name) => values.get(name)!),
        tokens,
        [0, tokens.length],
      );
    const expected = logits(config, parameters);
    const got = logits(directory.config, parametersOf(directory));
    directory.close();
    expect(imported.get('layers.0.attn.qkv.weight')).not.toEqual(parameters.get('layers.0.attn.qkv.weight'));
    expect(Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-12);
  });

  it('rejects files that are not exactly as long as their header says, and headers that make no sense', () => {
    const config = configOf(true);
    const whole = encode(config, randomParameters(config, 6));
    const header = (...words: number[]) => Buffer.from(Int32Array.from(words).buffer);
    expect(whole.length).toBe(28 + 4 * (parameterCount(config) + config.context * config.headDim));
    const cases: [RegExp, Buffer][] = [
      [/too few/, Buffer.alloc(0)],
      [/truncated, \d+ bytes where its header asks for/, whole.subarray(0, -4)],
      [/not a llama2\.c model, /, Buffer.concat([whole, Buffer.alloc(4)])],
      [/dim 0/, Buffer.alloc(28)],
      [/newer llama2\.c format/, header(0x616b3432, 1, 0, 0, 0, 0, 0)],
      [/multiple of kvHeads/, header(8, 8, 1, 4, 3, 10, 4)],
      [/vocabSize/, header(8, 8, 1, 4, 4, 0, 4)],
      [/parameters are more than/, header(2 ** 30, 2 ** 30, 100, 4, 4, 2 ** 30, 4)],
      [/truncated/, header(4096, 11008, 32, 32, 32, 32000, 2048)],
    ];
    for (const [message, bytes] of cases) {
      const path = join(folder, 'bad.bin');
      writeFileSync(path, bytes);
      expect(() => readLlama2cFile(path)).toThrow(InputError);
      expect(() => readLlama2cFile(path)).toThrow(message);
    }
  });
});
