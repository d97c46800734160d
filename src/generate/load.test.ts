/** Language models with adapters, read from folders. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAdapterFolders } from '../../test/reference/adapter-folders.js';
import { memoryUse } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { generateText, loadLanguageModel, modelFolders } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-load-'));
const at = (name: string): string => join(folder, name);
beforeAll(() => writeAdapterFolders(folder));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const before = memoryUse().buffers;

async function generated(model: string, ...adapters: string[]): Promise<string> {
  const lm = loadLanguageModel(at(model), { adapters: adapters.map(at) });
  const options = { temperature: 0, maxTokens: 12 };
  const [completion] = await generateText(lm.model, lm.tokenizer, ['The people'], options);
  for (const adapter of lm.model.adapters) adapter.dispose();
  lm.model.dispose();
  expect(memoryUse().buffers).toBe(before);
  return JSON.stringify(completion);
}

it('attaches each method, several at once, and an adapter alone to the base it names', async () => {
  const plain = await generated('base');
  const [lora, dora, prompt, prefix] = [
    await generated('base', 'adapters/lora'),
    await generated('base', 'adapters/dora'),
    await generated('base', 'adapters/prompt'),
    await generated('base', 'adapters/prefix'),
  ];
  const both = await generated('base', 'adapters/lora', 'adapters/prompt');
  expect(new Set([plain, lora, dora, prompt, prefix, both]).size).toBe(6);
  expect(await generated('adapters/lora')).toBe(lora);
  expect(await generated('adapters/prompt')).toBe(prompt);
  expect(await generated('adapters/lora', 'adapters/prompt')).toBe(both);
});

it('finds the base as seen from the adapter, and the tokenizer', () => {
  expect(modelFolders(at('adapters/lora'))).toEqual({
    base: at('base'),
    adapters: [at('adapters/lora')],
    tokenizer: at('base'),
  });
  expect(modelFolders(at('base'))).toEqual({ base: at('base'), adapters: [], tokenizer: at('base') });
});

describe('what does not fit leaves nothing in memory', () => {
  it.each([
    [['base', 'narrow'], /narrow: a model, not an adapter/],
    [['base', 'nowhere'], /nowhere: no adapter_config.json/],
    [['narrow', 'adapters/lora'], /adapters\/lora.*tensors of another shape than config and model say/],
    [['base', 'adapters/prompt', 'adapters/prefix'], /are both soft prompts: a model takes one at a time/],
    [['base', 'adapters/lora', 'adapters/lora'], /is attached already/],
    [['adapters/dora'], /names no base model; give the model with --model and this folder with --adapter/],
    [['adapters/lost'], /its base model meta\/nowhere is not a model directory here/],
  ])('%s', ([model, ...adapters], message) => {
    const load = (): unknown => loadLanguageModel(at(model!), { adapters: adapters.map(at) });
    expect(load).toThrow(InputError);
    expect(load).toThrow(message);
    expect(memoryUse().buffers).toBe(before);
  });

  it('a prompt that leaves no room beside the virtual tokens', async () => {
    const { model, tokenizer } = loadLanguageModel(at('adapters/prompt'));
    await expect(generateText(model, tokenizer, ['x'.repeat(60)])).rejects.toThrow(
      /the prompt has 61 tokens and 5 virtual ones, the context 64/,
    );
    for (const adapter of model.adapters) adapter.dispose();
    model.dispose();
  });
});
