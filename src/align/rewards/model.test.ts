import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { memoryUse } from '../../engine/index.js';
import { initializeTransformer, newModelConfig } from '../../model/index.js';
import { byteTokenizer } from '../../tokenizer/index.js';
import { saveHead, ScoreHead } from '../../understand/index.js';
import { loadRewardModel } from '../index.js';
import { openRewards, parseReward, rewardInputs } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-reward-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tokenizer = byteTokenizer();
const sizes = { vocabSize: tokenizer.vocabSize, context: 64, layers: 1, width: 16, heads: 2 };

function writeHead(name: string, labels: readonly string[]): void {
  const model = initializeTransformer(newModelConfig('llama', sizes), 3);
  const weights = Float32Array.from({ length: 16 * labels.length }, (_, i) => Math.sin(i));
  const head = new ScoreHead(labels, 'last', 16, weights);
  saveHead(join(folder, name), { model, tokenizer }, head);
  head.dispose();
  model.dispose();
}

it('gives the scores of a reward model, and knows when it is another', async () => {
  writeHead('reward', ['reward']);
  const items = ['kind', 'rude', ''].map((completion) => ({ prompt: 'Say: ', completion }));
  const buffers = memoryUse().buffers;
  const model = loadRewardModel(join(folder, 'reward'));
  const scores = await model.score(items);
  model.dispose();
  const open = () =>
    openRewards(
      ['-2*model:reward', 'length:max=4'].map((text) => parseReward(text)),
      { folder },
    );
  const rewards = await open();
  const { total, components } = await rewards.score(rewardInputs(items, tokenizer));
  expect(rewards.names).toEqual(['model', 'length']);
  expect(components.get('model')).toEqual(scores);
  expect(total).toEqual(scores.map((score) => -2 * score + 1));
  expect(new Set(scores).size).toBe(3);
  expect(rewards.files).toMatchObject([{ path: join(folder, 'reward') }]);
  await rewards.dispose();
  expect(memoryUse().buffers).toBe(buffers);

  writeFileSync(join(folder, 'reward', 'README.md'), 'a card');
  const same = await open();
  expect(same.files).toEqual(rewards.files);
  await same.dispose();
  rmSync(join(folder, 'reward'), { recursive: true });
  writeHead('reward', ['other']);
  const other = await open();
  expect(other.files).not.toEqual(rewards.files);
  await other.dispose();
});

it('refuses what is no reward model, and leaves nothing open', async () => {
  writeHead('reward', ['reward']);
  writeHead('three', ['a', 'b', 'c']);
  const buffers = memoryUse().buffers;
  const open = (...specs: string[]) =>
    openRewards(
      specs.map((text) => parseReward(text)),
      { folder },
    );
  await expect(open('model:three')).rejects.toThrow(/three has a head of 3 labels/);
  await expect(open('model:reward', 'model:none')).rejects.toThrow(/none/);
  await expect(open('model:reward', './none.mjs')).rejects.toThrow(/none\.mjs: no such file/);
  expect(memoryUse().buffers).toBe(buffers);
  expect(() => parseReward('model')).toThrow(/needs a folder: model:runs\/reward\/final/);
  expect(() => parseReward('model:reward,batch=2')).toThrow(/no setting "batch"; it has none/);
});

it('makes inputs of completions', () => {
  const prompt = [{ role: 'user', content: 'Hi' }] as const;
  expect(rewardInputs([{ prompt, completion: 'Hello', example: { a: 1 }, where: 'f:1' }], tokenizer)).toEqual([
    { prompt, promptText: 'Hi', completion: 'Hello', tokens: 5, truncated: false, example: { a: 1 }, where: 'f:1' },
  ]);
});
