import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../test/reference/gradient-check.js';
import type { Labelled } from '../classify/index.js';
import { memoryUse, tokenLogProbs } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import { loraTargets, newAdapter, readAdapterScore, readModelDirectory } from '../model/index.js';
import { openSafetensors } from '../model/formats/index.js';
import { byteModels } from './fixtures.js';
import { classifyTexts, loadHead, saveHead, ScoreHead, scoreTexts, trainHead } from './index.js';
import { pool } from './pool.js';

const models = byteModels();
const folder = mkdtempSync(join(tmpdir(), 'telar-head-'));
afterAll(() => {
  Object.values(models).forEach(({ model }) => model.dispose());
  rmSync(folder, { recursive: true });
});

const random = new Random(5);
const word = (letters: string, length: number): string =>
  Array.from({ length }, () => letters[random.int(letters.length)]!).join('');
/** Texts whose label is their letter. */
const toy = (first: number): Labelled => ({
  names: ['low', 'middle', 'high'],
  texts: Array.from({ length: 30 }, (_, i) => 'amz'[i % 3]!.repeat(first + i)),
  labels: Uint8Array.from({ length: 30 }, (_, i) => i % 3),
});
const texts = ['1 aa', 'zz zz', 'x'.repeat(130), ''];

it.each(['last', 'mean'] as const)('gradients of the loss through %s pooling', (pooling) => {
  const starts = Int32Array.of(0, 3, 4, 9);
  const leads = [1, 1, 0];
  const labels = Int32Array.of(2, 0, 1);
  check(
    [
      [9, 5],
      [3, 5],
    ],
    ([hidden, head]) => tokenLogProbs(pool(hidden!, starts, leads, pooling), head!, labels).logProbs,
    ([hidden, head]) =>
      [...labels].map((label, s) => {
        const end = starts[s + 1]!;
        const first = pooling === 'last' ? end - 1 : Math.min(end - 1, starts[s]! + leads[s]!);
        const logits = [0, 1, 2].map((k) => {
          let sum = 0;
          for (let row = first; row < end; row++)
            for (let j = 0; j < 5; j++) sum += (hidden![row * 5 + j]! * head![k * 5 + j]!) / (end - first);
          return sum;
        });
        return logits[label]! - Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
      }),
    3,
  );
});

describe.each(Object.entries(models))('%s', (family, lm) => {
  it.each(['mean', 'last'] as const)('learns what is separable by the %s state', async (pooling) => {
    const before = memoryUse().buffers;
    const { head, report } = await trainHead(lm, toy(4), { pooling, validation: toy(2) });
    expect(report.validation.macroF1).toBeGreaterThan(pooling === 'mean' ? 0.99 : 0.8); // positions are in the last state
    expect(report.trainedParameters).toBe(3 * 16);
    const rows = await classifyTexts(lm, head, ['aaaaaaaa', 'mmmmmm', 'zzzzzzz']);
    rows.forEach((row, k) => {
      expect(row[k]).toBe(Math.max(...row));
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    });
    head.dispose();
    expect(memoryUse().buffers).toBe(before);
  });

  it('is saved as a sequence classifier of Transformers and gives the same scores', async () => {
    const path = join(folder, family);
    const head = new ScoreHead(
      ['ham', 'spam'],
      'last',
      16,
      Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
    );
    saveHead(path, lm, head);
    const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')) as Record<string, unknown>;
    expect(config).toMatchObject({
      architectures: [family === 'gpt2' ? 'GPT2ForSequenceClassification' : 'MistralForSequenceClassification'], // it has a window,
      id2label: { 0: 'ham', 1: 'spam' },
      label2id: { ham: 0, spam: 1 },
    });
    const file = openSafetensors(join(path, 'model.safetensors'));
    expect(file.entries.get('score.weight')!.shape).toEqual([2, 16]);
    expect(file.entries.has('lm_head.weight')).toBe(false);
    file.close();
    const before = memoryUse().buffers;
    const loaded = loadHead(path);
    expect(loaded.head).toMatchObject({ labels: ['ham', 'spam'], pooling: 'last' });
    expect(await scoreTexts(loaded.lm, loaded.head, texts)).toEqual(await scoreTexts(lm, head, texts));
    loaded.head.dispose();
    loaded.lm.model.dispose();
    expect(memoryUse().buffers).toBe(before);
    head.dispose();
  });

  it('is saved beside a LoRA adapter as PEFT does', () => {
    const path = join(folder, `${family}-lora`);
    const config = { rank: 2, alpha: 4, rslora: false, dora: false, modulesToSave: [] };
    const adapter = newAdapter(
      lm.model,
      { kind: 'lora', ...config, targets: loraTargets(lm.model.config) },
      { seed: 1 },
    );
    const head = new ScoreHead(
      ['a', 'b', 'c'],
      'mean',
      16,
      Float32Array.from({ length: 48 }, (_, i) => i),
    );
    saveHead(path, lm, head, { adapter, baseModel: 'base' });
    const json = JSON.parse(readFileSync(join(path, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    expect(json).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['score'], base_model_name_or_path: 'base' });
    expect(readAdapterScore(path, 16)).toEqual(head.stored());
    const file = openSafetensors(join(path, 'adapter_model.safetensors'));
    expect(file.entries.get('base_model.model.score.weight')!.shape).toEqual([3, 16]);
    file.close();
    head.dispose();
    adapter.dispose();
  });
});

it('learns along with a LoRA adapter, which a frozen model cannot match', async () => {
  const lm = models.gpt2;
  // The label is in the first letter, and the last token's state is mostly that of the last letters.
  const data = {
    names: ['low', 'high'],
    texts: Array.from({ length: 160 }, (_, i) => word(i % 2 ? 'uvwxyz' : 'abcdef', 1) + word('ghijklmnop', 8)),
    labels: Uint8Array.from({ length: 160 }, (_, i) => i % 2),
  };
  const before = memoryUse().buffers;
  const config = { rank: 4, alpha: 8, rslora: false, dora: false, modulesToSave: [] };
  const adapter = newAdapter(lm.model, { kind: 'lora', ...config, targets: loraTargets(lm.model.config) }, { seed: 1 });
  lm.model.attach(adapter);
  const settings = { pooling: 'last', batchTokens: 160, epochs: 20, learningRate: 1e-2, patience: 10 } as const;
  const { head, report } = await trainHead(lm, data, { ...settings, along: adapter.parameters });
  expect(report.bestStep).toBeGreaterThan(0);
  expect(report.validationLoss.best).toBeLessThan(0.8 * report.validationLoss.frozen);
  lm.model.detach(adapter.name);
  head.dispose();
  adapter.dispose();
  expect(memoryUse().buffers).toBe(before);
});

it('refuses directories that are not what they say', () => {
  const lm = models.gpt2;
  const head = new ScoreHead(['a', 'b'], 'mean', 16);
  const path = join(folder, 'damaged');
  const edit = (change: Record<string, unknown>) => {
    saveHead(path, lm, head);
    const file = join(path, 'config.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...json, ...change }));
    return () => readModelDirectory(path).close();
  };
  expect(edit({ id2label: { 0: 'a', 1: 'b', 2: 'c' } })).toThrow('score.weight is [2,16], not [3,16]');
  expect(edit({ id2label: { 1: 'a', 2: 'b' } })).toThrow('id2label must number labels from 0 on');
  expect(edit({ architectures: ['GPT2LMHeadModel'] })).toThrow('unknown tensors: score.weight');
  expect(edit({ architectures: ['BertForSequenceClassification'] })).toThrow(
    'architecture "BertForSequenceClassification" is not supported',
  );
  edit({});
  expect(readModelDirectory(path).score).toMatchObject({ labels: ['a', 'b'], pooling: 'mean' });
  head.dispose();
});

it('says which label has no texts', async () => {
  const none = { ...toy(1), names: ['low', 'middle', 'high', 'none'] };
  await expect(trainHead(models.gpt2, none, { validation: none })).rejects.toThrow(
    new InputError('no training text has the label none'),
  );
});
