import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { memoryUse } from '../engine/index.js';
import { noCandidates } from './candidates.js';
import type { Example } from './examples.js';
import { promptFile, tinyModel } from './fixtures.js';
import { optimizePrompt, type OptimizeOptions } from './optimize.js';
import { readPromptFile } from './prompt-file.js';
import { renderParts } from './render.js';
import { searchReport, verdict, writeSearch } from './report.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-optimize-'));
const lm = tinyModel('llama', 256);
afterAll(() => {
  lm.model.dispose();
  rmSync(folder, { recursive: true });
});

const words = (from: number, to: number): Example[] =>
  Array.from({ length: to - from }, (_, i) => ({
    values: new Map([['word', `w${(from + i) * 7919}`]]),
    answer: (from + i) % 3 === 0 ? 'animal' : 'plant',
    where: `dev.jsonl:${from + i + 1}`,
  }));
let searches = 0;
const search = (options: Partial<OptimizeOptions> = {}): OptimizeOptions => ({
  file: promptFile(),
  lm,
  modelIdentity: 'tiny',
  dev: words(0, 64),
  test: words(64, 104),
  out: join(folder, `search-${searches++}`),
  candidates: { ...noCandidates, most: 12 },
  budget: 20_000,
  ...options,
});
/** Without what depends on the clock, and on what was computed together. */
const figures = ({ standings, ...rest }: Awaited<ReturnType<typeof optimizePrompt>>) => ({
  ...rest,
  seconds: 0,
  standings: standings.map((standing) => ({ ...standing, seconds: 0 })),
});

it('finds the same again, spends no more than its budget, leaves no buffers', async () => {
  const before = memoryUse().buffers;
  const first = await optimizePrompt(search());
  expect(memoryUse().buffers).toBe(before);
  expect(figures(await optimizePrompt(search()))).toEqual(figures(first));
  expect(first.spent).toBeLessThanOrEqual(20_000);
  expect(first.examples).toEqual({ dev: 48, pool: 16, test: 40 });
  const { standings, winner, rounds, test } = first;
  expect(standings).toHaveLength(12);
  expect(standings[winner]!.fell).toBeNull();
  expect(standings.filter(({ fell }) => fell !== null)).toHaveLength(11);
  for (const { fell, examples, behind } of standings.filter((_, i) => i > 0 && i !== winner)) {
    expect(examples).toBe(rounds[fell! - 1]!.size);
    expect(behind!.difference).toBeGreaterThanOrEqual(0);
  }
  // With a model that knows nothing the best of the development set need not be better held out; it is said so.
  expect(test!.gain.difference).toBeCloseTo(test!.winner.value - test!.seed.value, 12);
  expect(winner === 0 || test!.gain.significant || verdict(first).includes('not significant')).toBe(true);
});

it('goes on where it was stopped, after half a line too', async () => {
  const whole = await optimizePrompt(search());
  const out = join(folder, 'stopped');
  const controller = new AbortController();
  let batches = 0;
  const onScored = () => (++batches === 17 ? controller.abort() : undefined);
  const stopped = await optimizePrompt(search({ out, signal: controller.signal, onScored }));
  expect(stopped.interrupted).toBe(true);
  expect(stopped.test).toBeNull();
  appendFileSync(join(out, 'outcomes.jsonl'), '{"candidate":"x","se');
  const lines = () => readFileSync(join(out, 'outcomes.jsonl'), 'utf8').trim().split('\n').length;
  expect(lines()).toBe(1 + 17 + 1);
  const resumed = await optimizePrompt(search({ out }));
  expect(figures(resumed)).toEqual(figures(whole));
  const after = lines();
  await optimizePrompt(search({ out })); // all is known: nothing is scored
  expect(lines()).toBe(after);
  await expect(optimizePrompt(search({ out, seed: 5 }))).rejects.toThrow(/outcomes\.jsonl is of another search/);
});

it('writes a winner that can be read, and both reports', async () => {
  const out = join(folder, 'written');
  const result = await optimizePrompt(search({ out, metric: 'macro-f1' }));
  const about = {
    name: '<b>words</b>',
    created: '2026-01-02T03:04:05Z',
    command: 'telar prompt optimize',
    model: 'tiny',
  };
  writeSearch(out, result, searchReport(result, about));
  const winner = readPromptFile(join(out, 'winner.prompt.md'));
  expect(winner.settings.output).toEqual(result.prompt.settings.output);
  const asked = new Map([['word', 'yew']]);
  expect(renderParts(winner, asked, winner.pool)).toEqual(renderParts(result.prompt, asked, result.prompt.pool));
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as ReturnType<typeof searchReport>;
  expect(report.candidates).toHaveLength(12);
  expect(report.candidates.filter(({ why }) => why === 'winner')).toHaveLength(1);
  for (const { why } of report.candidates)
    expect(why).toMatch(/^winner|^fell in round \d: \w{8} was better by .* on the same \d+ examples/);
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  expect(html).not.toContain('<b>words');
  for (const { name } of report.candidates) expect(html).toContain(name);
});

it('does not try what is too long for the context', async () => {
  const instructions = ['x'.repeat(300)];
  const { tooLong, standings } = await optimizePrompt(
    search({ candidates: { ...noCandidates, instructions, rules: false } }),
  );
  expect(tooLong.map(({ instruction }) => instruction)).toEqual(instructions);
  expect(standings).toHaveLength(1);
});

it('says what does not go together', async () => {
  await expect(optimizePrompt(search({ test: words(60, 70) }))).rejects.toThrow(
    /dev\.jsonl:61 is also in the development set/,
  );
  await expect(optimizePrompt(search({ budget: 100 }))).rejects.toThrow(
    /a budget of 100 tokens is too small: 12 candidates/,
  );
  await expect(optimizePrompt(search({ metric: 'exact' }))).rejects.toThrow(/does not suit/);
  const plain = promptFile('{}', '{{word}} is {{answer}}');
  await expect(optimizePrompt(search({ file: plain }))).rejects.toThrow(/needs \{\{examples\}\}/);
});

it('searches texts by likelihood and by what they contain', async () => {
  const path = join(folder, 'text.prompt.md');
  writeFileSync(
    path,
    '---\ninput: { word: string }\nsampling: { max-tokens: 4 }\n---\n{{examples}}\n{{word}}: {{answer}}\n',
  );
  const file = readPromptFile(path);
  for (const metric of ['likelihood', 'contains']) {
    const result = await optimizePrompt(search({ file, metric, candidates: { ...noCandidates, most: 3 } }));
    expect(result.metric).toBe(metric);
    expect(result.standings[result.winner]!.score!.value).toBeLessThanOrEqual(metric === 'likelihood' ? 0 : 1);
    expect(result.test).not.toBeNull();
  }
});
