import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyConfig, randomParameters } from '../../../test/reference/random-model.js';
import { InputError } from '../../io/errors.js';
import { elementCount, type ModelConfig, newModelConfig, parameterShapes } from '../config.js';
import { readModelDirectory, writeModelDirectory } from './directory.js';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'telar-directory-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const small = { vocabSize: 11, context: 7, layers: 2, width: 6, heads: 3 };
const gpt2 = newModelConfig('gpt2', small);
const llama = newModelConfig('llama', { ...small, heads: 3, kvHeads: 1 });

/** Writes a random model and returns its parameters. */
function write(path: string, config: ModelConfig, seed = 1): Map<string, Float32Array> {
  const parameters = randomParameters(config, seed);
  writeModelDirectory(path, config, (name) => parameters.get(name)!);
  return parameters;
}

function read(path: string): { config: ModelConfig; parameters: Map<string, Float32Array> } {
  const model = readModelDirectory(path);
  try {
    const shapes = parameterShapes(model.config);
    expect(model.tensors.names()).toEqual([...shapes.keys()]);
    const parameters = new Map(
      model.tensors.names().map((name) => {
        const values = new Float32Array(elementCount(shapes.get(name)!));
        model.tensors.read(name, values);
        return [name, values];
      }),
    );
    return { config: model.config, parameters };
  } finally {
    model.close();
  }
}

/** Stored tensors of a directory, to be changed and written again. */
function storedTensors(path: string): Map<string, TensorToWrite & { values: Float32Array }> {
  const file = openSafetensors(join(path, 'model.safetensors'));
  const tensors = [...file.entries].map(([name, { shape, length }]) => {
    const values = new Float32Array(length);
    file.read(name, values);
    return [name, { name, shape, values, pieces: () => [values] }] as const;
  });
  file.close();
  return new Map(tensors);
}

describe('model directory', () => {
  it('gives back any model as it was written, in equal bytes each time', () => {
    const path = join(folder, 'any');
    fc.assert(
      fc.property(anyConfig, fc.nat(), (config, seed) => {
        const parameters = write(path, config, seed);
        const bytes = readFileSync(join(path, 'model.safetensors'));
        expect(read(path)).toEqual({ config, parameters });
        write(path, config, seed);
        expect(readFileSync(join(path, 'model.safetensors')).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('stores GPT-2 matrices [in, out] under the names of Transformers', () => {
    const path = join(folder, 'gpt2');
    const parameters = write(path, gpt2);
    const stored = storedTensors(path);
    expect([...stored.keys()].filter((name) => !name.includes('.h.1.'))).toEqual(
      [
        ...['attn.c_attn', 'attn.c_proj', 'ln_1', 'ln_2', 'mlp.c_fc', 'mlp.c_proj']
          .flatMap((name) => [`${name}.bias`, `${name}.weight`])
          .map((name) => `transformer.h.0.${name}`),
        ...['ln_f.bias', 'ln_f.weight', 'wpe.weight', 'wte.weight'].map((name) => `transformer.${name}`),
      ].sort(),
    );
    const up = stored.get('transformer.h.1.mlp.c_fc.weight')!;
    expect(up.shape).toEqual([6, 24]);
    const ours = parameters.get('layers.1.mlp.up.weight')!; // [24, 6]
    for (let output = 0; output < 24; output++)
      for (let input = 0; input < 6; input++) expect(up.values[input * 24 + output]).toBe(ours[output * 6 + input]);
  });

  it('transposes matrices larger than one block', () => {
    const path = join(folder, 'wide');
    const config = newModelConfig('gpt2', { ...small, layers: 1, width: 384, heads: 6 });
    const parameters = write(path, config);
    const back = read(path).parameters;
    const differing = [...parameters].filter(([name, values]) =>
      values.some((value, i) => value !== back.get(name)![i]),
    );
    expect(differing.map(([name]) => name)).toEqual([]);
  });

  it('stores the query, key and value rows of Llama apart', () => {
    const path = join(folder, 'llama');
    const parameters = write(path, llama);
    const stored = storedTensors(path);
    const parts = ['q_proj', 'k_proj', 'v_proj'].map((name) => stored.get(`model.layers.0.self_attn.${name}.weight`)!);
    expect(parts.map(({ shape }) => shape)).toEqual([
      [6, 6],
      [2, 6],
      [2, 6],
    ]);
    expect(parts.flatMap(({ values }) => [...values])).toEqual([...parameters.get('layers.0.attn.qkv.weight')!]);
    expect(stored.has('lm_head.weight')).toBe(false);
  });

  it('reads what other tools write: no prefix, buffers, a tied head stored twice, shards', () => {
    for (const [config, prefix, buffer] of [
      [gpt2, 'transformer.', 'h.0.attn.bias'],
      [llama, 'model.', 'model.layers.0.self_attn.rotary_emb.inv_freq'],
    ] as const) {
      const path = join(folder, `foreign-${config.family}`);
      const parameters = write(path, config);
      const stored = [...storedTensors(path).values()].map((t) => ({ ...t, name: t.name.replace(prefix, '') }));
      const head = { ...stored.find(({ name }) => /(wte|embed_tokens)\.weight$/.test(name))!, name: 'lm_head.weight' };
      stored.push(head, { ...stored[0]!, name: buffer });
      rmSync(join(path, 'model.safetensors'));
      const map: Record<string, string> = {};
      stored.forEach((tensor, i) => {
        map[tensor.name] = `model-${i % 2}.safetensors`;
      });
      for (const i of [0, 1])
        writeSafetensors(
          join(path, `model-${i}.safetensors`),
          stored.filter((_, at) => at % 2 === i),
        );
      writeFileSync(join(path, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }));
      expect(read(path)).toEqual({ config, parameters });
    }
  });

  it('names tensors that are missing, unknown or misshapen', () => {
    const path = join(folder, 'wrong');
    write(path, llama);
    const stored = storedTensors(path);
    stored.delete('model.norm.weight');
    stored.set('extra', { ...stored.get('model.layers.0.input_layernorm.weight')!, name: 'model.adapter' });
    const embed = stored.get('model.embed_tokens.weight')!;
    stored.set(embed.name, { ...embed, shape: [6, 11] });
    writeSafetensors(join(path, 'model.safetensors'), [...stored.values()]);
    expect(() => readModelDirectory(path)).toThrow(InputError);
    expect(() => readModelDirectory(path)).toThrow(
      /missing tensors: model\.norm\.weight; .*model\.embed_tokens\.weight is \[6,11\], not \[11,6\]; unknown tensors: model\.adapter/,
    );
  });

  it('says what is wrong with the folder', () => {
    expect(() => readModelDirectory(join(folder, 'nowhere'))).toThrow(/config\.json: no such file/);
    const path = join(folder, 'bad-config');
    mkdirSync(path);
    for (const [content, message] of [
      ['', /not valid JSON/],
      ['[]', /expected a JSON object/],
      [Buffer.of(0xff, 0xfe, 0), /not UTF-8/],
      ['{}', /no architectures/],
      ['{"model_type":"gpt2"}', /vocab_size/],
    ] as const) {
      writeFileSync(join(path, 'config.json'), content);
      expect(() => readModelDirectory(path)).toThrow(InputError);
      expect(() => readModelDirectory(path)).toThrow(message);
    }
  });

  it('replaces an old model as a whole, with further files in place', () => {
    const path = join(folder, 'replaced');
    const addFiles = (temporary: string) => writeFileSync(join(temporary, 'tokenizer.json'), '{}');
    const parameters = randomParameters(gpt2, 3);
    const get = (name: string) => parameters.get(name)!;
    writeModelDirectory(path, gpt2, get, { modelCard: '# Old\n', generationConfig: { temperature: 1 }, addFiles });
    expect(readdirSync(path).sort()).toEqual(
      ['README.md', 'config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json'].sort(),
    );
    const link = join(folder, 'link');
    symlinkSync(path, link);
    writeModelDirectory(`${link}/`, gpt2, get, { dtype: 'BF16' });
    expect(readdirSync(path)).toEqual(['config.json', 'model.safetensors']);
    const model = readModelDirectory(link);
    expect(model.generationConfig).toBeNull();
    model.close();
    expect(readdirSync(folder).filter((name) => /\.(tmp|old)$/.test(name))).toEqual([]);
  });

  it('destroys nothing: not other folders, not the old model when writing fails', () => {
    const precious = join(folder, 'precious');
    mkdirSync(precious);
    writeFileSync(join(precious, 'thesis.txt'), 'years of work');
    expect(() => write(precious, gpt2)).toThrow(/precious exists and is not a model directory/);
    expect(() => write(join(precious, 'thesis.txt'), gpt2)).toThrow(InputError);
    expect(() => write(join(precious, 'thesis.txt', 'model'), gpt2)).toThrow(/a part of the path is a file/);

    const cloned = join(folder, 'cloned');
    write(cloned, gpt2);
    mkdirSync(join(cloned, '.git'));
    expect(() => write(cloned, gpt2)).toThrow(/holds \.git/);
    rmSync(join(cloned, '.git'), { recursive: true });

    const before = readFileSync(join(cloned, 'model.safetensors'));
    const fail = () => {
      throw Object.assign(new Error('disk'), { code: 'ENOSPC' });
    };
    expect(() => writeModelDirectory(cloned, gpt2, () => new Float32Array(1e4), { addFiles: fail })).toThrow(
      /cannot write .*cloned: no space left/,
    );
    expect(readFileSync(join(cloned, 'model.safetensors')).equals(before)).toBe(true);
    expect(existsSync(join(precious, 'thesis.txt'))).toBe(true);
    expect(readdirSync(folder).filter((name) => /\.(tmp|old)$/.test(name))).toEqual([]);
  });
});
