import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { rewardInput, valueOf, valuesOf } from './fixtures.js';
import { parseReward, rewardKinds } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-rewards-page-'));
afterAll(() => rmSync(folder, { recursive: true }));
const page = readFileSync(join(import.meta.dirname, '../../../docs/rewards.md'), 'utf8');
const block = (language: string): string => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page)![1]!;

it('has each reward in the table of its page, with specs that can be read', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.includes('` '));
  const specs = rows.slice(0, rewardKinds.size).flatMap((row) => {
    const cell = row.replaceAll('\\|', '¦').split('|')[1]!;
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, spec]) => parseReward(spec!.replaceAll('¦', '|')).name);
  });
  expect([...new Set(specs)]).toEqual([...rewardKinds.keys()]);
  for (const { example } of rewardKinds.values()) expect(() => parseReward(example)).not.toThrow();
});

it('has a function and a table that work', async () => {
  writeFileSync(join(folder, 'reward.mjs'), block('js'));
  writeFileSync(join(folder, 'facts.json'), block('json'));
  const example = { topics: ['rain', 'wind'] };
  const inputs = [
    rewardInput('Rain, and more rain.', { example }),
    rewardInput('Wind and rain.', { example, tokens: 90 }),
    rewardInput('Wind and rain', { example, truncated: true }),
  ];
  expect(await valuesOf('./reward.mjs', inputs, folder)).toEqual([0.5, 0.9, 0]);
  const prompt = 'What is the capital of France?';
  expect(await valueOf('facts:table=facts.json', 'paris', { prompt }, folder)).toBe(1);
});
