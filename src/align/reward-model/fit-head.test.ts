import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { memoryUse } from '../../engine/index.js';
import { writeTinyModel } from '../../tune/fixtures.js';
import { loadBase } from '../../tune/index.js';
import { encodeAnswer, type PreferencePair } from '../preferences/index.js';
import { evaluateRewardModel, fitRewardHead, rewardHead } from './index.js';

it('fits the head to the model as it is, with the penalty that validation pairs like best', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'telar-reward-head-'));
  const base = loadBase(writeTinyModel(folder), 'f32');
  const { model, tokenizer } = base;
  const pairs = Array.from({ length: 60 }, (_, i): PreferencePair => {
    const answer = (letters: string) => ({
      ...encodeAnswer({ tokenizer, template: null, context: 40 }, `prompt ${i}`, letters.repeat(1 + (i % 4))),
      where: `pairs.jsonl:${i + 1}`,
    });
    const prompt = `prompt ${i}`;
    return { prompt, chosen: answer('ab'), rejected: answer('yz'), margin: null, where: `pairs.jsonl:${i + 1}` };
  });
  const [train, validation, heldOut] = [pairs.slice(0, 30), pairs.slice(30, 45), pairs.slice(45)];
  const before = memoryUse().buffers;
  const head = rewardHead(model.config.width, { pooling: 'mean' });
  const penalties = [0.01, 1, 100];
  const fitted = await fitRewardHead(model, head, train, validation, penalties);
  expect((await evaluateRewardModel(model, head, validation)).loss).toBeCloseTo(fitted.validationLoss, 4);
  expect((await evaluateRewardModel(model, head, heldOut)).accuracy).toBeGreaterThan(0.9);
  expect(fitted.l2).toBe(0.01); // nothing to be careful of
  for (const penalty of penalties.slice(1))
    expect((await fitRewardHead(model, head, train, validation, [penalty])).validationLoss).toBeGreaterThan(
      fitted.validationLoss,
    );
  await expect(fitRewardHead(model, head, train, [])).rejects.toThrow('give some of both');
  head.dispose();
  expect(memoryUse().buffers).toBe(before);
  model.dispose();
  rmSync(folder, { recursive: true });
});
