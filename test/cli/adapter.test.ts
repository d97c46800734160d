/** Adapters as a user meets them: generate, chat, show, merge, and what is said when they do not fit. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AdapterConfig,
  initializeTransformer,
  loraTargets,
  newAdapter,
  newModelConfig,
  saveTransformer,
  writeAdapter,
} from '../../src/model/index.js';
import { Random } from '../../src/io/hash-random.js';
import { byteTokenizer, saveTokenizer } from '../../src/tokenizer/index.js';
import { telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const config = newModelConfig('llama', {
  vocabSize: 257,
  context: 64,
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  eosTokenIds: [256],
});
const targets = loraTargets(config);
const lora = { kind: 'lora', rank: 2, alpha: 4, rslora: false, dora: false, targets, modulesToSave: [] } as const;

beforeAll(() => {
  const model = initializeTransformer(config, 1);
  const tokenizer = byteTokenizer();
  saveTransformer(model, at('base'), {
    addFiles: (path) => {
      saveTokenizer(tokenizer, path);
      const file = join(path, 'tokenizer_config.json');
      const json = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...json, chat_template: 'of the base' }));
    },
  });
  const write = (name: string, adapterConfig: AdapterConfig, baseModel?: string): void => {
    const adapter = newAdapter(model, adapterConfig, { seed: 7 });
    const random = new Random(7, 99);
    for (const value of adapter.parameters.values()) value.data.set(value.data.map((x) => x + random.normal() * 0.3));
    writeAdapter(at(name), adapter, model, baseModel === undefined ? {} : { baseModel });
    adapter.dispose();
  };
  mkdirSync(at('adapters'));
  write('adapters/lora', lora, '../../base');
  write('adapters/dora', { ...lora, dora: true, targets: ['attn.q'] });
  write('adapters/prompt', { kind: 'prompt', virtualTokens: 5 }, at('base'));
  write('adapters/prefix', { kind: 'prefix', virtualTokens: 5 });
  write('adapters/lost', lora, 'meta/nowhere');
  model.dispose();
  const narrow = initializeTransformer(newModelConfig('llama', { ...config, width: 16, headDim: 4, hidden: 32 }), 1);
  saveTransformer(narrow, at('narrow'), { addFiles: (path) => saveTokenizer(tokenizer, path) });
  narrow.dispose();
});

const greedy = ['--prompt', 'The people', '--max-tokens', '12', '--temperature', '0', '--json'];
async function generated(...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await telar(['generate', ...greedy, ...flags]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

describe('telar generate --adapter', () => {
  it('uses each method, several at once, and an adapter alone with the base it names', async () => {
    const base = ['--model', at('base')];
    const plain = await generated(...base);
    const outputs = new Map<string, string>();
    for (const name of ['lora', 'dora', 'prompt', 'prefix'])
      outputs.set(name, await generated(...base, '--adapter', at(`adapters/${name}`)));
    const both = await generated(...base, '--adapter', at('adapters/lora'), '--adapter', at('adapters/prompt'));
    expect(new Set([plain, both, ...outputs.values()]).size).toBe(6);
    expect(await generated('--model', at('adapters/lora'))).toBe(outputs.get('lora'));
    expect(await generated('--model', at('adapters/prompt'))).toBe(outputs.get('prompt'));
    expect(await generated('--model', at('adapters/lora'), '--adapter', at('adapters/prompt'))).toBe(both);
  });

  it.each([
    [['base', 'narrow'], /narrow: a model, not an adapter/],
    [['base', 'nowhere'], /nowhere: no adapter_config.json/],
    [['narrow', 'adapters/lora'], /adapters\/lora.*tensors of another shape than config and model say/],
    [['base', 'adapters/prompt', 'adapters/prefix'], /are both soft prompts: a model takes one at a time/],
    [['base', 'adapters/lora', 'adapters/lora'], /is attached already/],
    [['adapters/dora'], /names no base model; give the model with --model and this folder with --adapter/],
    [['adapters/lost'], /its base model meta\/nowhere is not a model directory here/],
  ])('%s', async ([model, ...adapters], message) => {
    const flags = adapters.flatMap((name) => ['--adapter', at(name)]);
    const { code, stderr, stdout } = await telar(['generate', ...greedy, '--model', at(model!), ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('counts virtual tokens in the context', async () => {
    const long = ['generate', '--model', at('adapters/prompt'), '--prompt', 'x'.repeat(60)];
    const { code, stderr } = await telar(long);
    expect(code).toBe(2);
    expect(stderr).toMatch(/the prompt has 61 tokens and 5 virtual ones, the context 64/);
  });
});

it('telar chat --adapter answers', async () => {
  const flags = ['--max-tokens', '5', '--temperature', '0', '--adapter', at('adapters/prefix')];
  const plain = at('plain');
  await telar(['import', at('base'), '--out', plain]);
  const { code, stderr } = await telar(['chat', '--model', plain, ...flags], { input: 'Hi\n' });
  expect(stderr).not.toMatch(/telar:/);
  expect(code).toBe(0);
});

describe('telar adapter', () => {
  it('shows what an adapter is, without its base', async () => {
    const { stdout } = await telar(['adapter', 'show', at('adapters/dora')]);
    expect(stdout).toMatch(/method +lora \(dora\)/);
    expect(stdout).toMatch(/base model +not named/);
    expect(stdout).toMatch(/targets +q_proj/);
    expect(stdout).toMatch(/parameters +320\n/);
    const json = await telar(['adapter', 'show', at('adapters/prompt'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'prompt',
      virtualTokens: 5,
      parameters: 160,
      tensors: { prompt_embeddings: [5, 32] },
    });
    expect((await telar(['adapter', 'show', at('base')])).code).toBe(2);
  });

  it('merges into a model of its own, with tokenizer and chat template', async () => {
    const merge = ['adapter', 'merge', '--model', at('base'), '--adapter'];
    for (const name of ['lora', 'dora']) {
      const out = at(`merged-${name}`);
      const { code, stdout } = await telar([...merge, at(`adapters/${name}`), '--out', out, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ out });
      const text = (json: string) => (JSON.parse(json) as { text: string }).text;
      const attached = await generated('--model', at('base'), '--adapter', at(`adapters/${name}`));
      expect(text(await generated('--model', out))).toBe(text(attached));
      expect(readFileSync(join(out, 'tokenizer_config.json'), 'utf8')).toContain('of the base');
    }
  });

  it('does not merge a soft prompt', async () => {
    const out = at('merged-prompt');
    const flags = ['--model', at('base'), '--adapter', at('adapters/prompt'), '--out', out];
    const { code, stderr } = await telar(['adapter', 'merge', ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/soft prompt, which is no change of weights: it cannot be merged/);
    expect(existsSync(out)).toBe(false);
  });
});
