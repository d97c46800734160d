import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { rewardInput, valuesOf } from './fixtures.js';
import { openRewards, parseReward } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'telar-rewards-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
/** Writes a reward function. @returns its spec, relative to the folder */
function file(source: string, settings = ''): string {
  const name = `reward-${count++}.mjs`;
  writeFileSync(join(folder, name), source);
  return `./${name}${settings}`;
}

const fails = async (spec: string, name: string, message: RegExp, where = 'data.jsonl:7'): Promise<void> => {
  const inputs = [rewardInput('fine', { where: 'data.jsonl:6' }), rewardInput('bad', { where })];
  await expect(valuesOf(spec, inputs, folder)).rejects.toThrow(
    expect.objectContaining({ name, message: expect.stringMatching(message) }),
  );
};
const onBad = (what: string): string =>
  `export default ({ completion }) => { if (completion === 'bad') ${what} return 1; };`;

it('gives a function all there is to know, in order', async () => {
  const spec = file(`
    import { threadId } from 'node:worker_threads';
    export default async ({ prompt, promptText, completion, tokens, truncated, example }) => {
      await new Promise((resolve) => setTimeout(resolve, example.wait));
      const known = prompt[0].content === 'Hi' && promptText === 'Hi' && truncated === true && threadId > 0;
      return known ? completion.length + tokens : -1;
    };`);
  const prompt = [{ role: 'user', content: 'Hi' }] as const;
  const inputs = Array.from({ length: 5 }, (_, i) =>
    rewardInput('x'.repeat(i), { prompt, truncated: true, example: { wait: 20 - 5 * i } }),
  );
  expect(await valuesOf(spec, inputs, folder)).toEqual([10, 11, 12, 13, 14]);
});

it('scores again and at once, keeps what the file remembers, and hashes it', async () => {
  const rewards = await openRewards([parseReward(file('let n = 0; export default () => n++;'))], { folder });
  expect(rewards.files).toEqual([
    { path: join(folder, `reward-${count - 1}.mjs`), sha256: expect.stringMatching(/^[\da-f]{64}$/) },
  ]);
  const inputs = [rewardInput('a'), rewardInput('b')];
  const both = await Promise.all([rewards.score(inputs), rewards.score(inputs), rewards.score([])]);
  expect(both.map(({ total }) => [...total])).toEqual([[0, 1], [2, 3], []]);
  await rewards.dispose();
  await expect(rewards.score(inputs)).rejects.toThrow(/is closed/);
});

it.each([
  [
    'throws',
    onBad("throw new TypeError('no luck');"),
    /threw TypeError: no luck \(line 1\), for the prompt at data.jsonl:7/,
  ],
  ['rejects', onBad("return Promise.reject('plain');"), /threw the text "plain", for the prompt at data.jsonl:7/],
  ['gives NaN', onBad('return NaN;'), /returned NaN, which is no finite number, for the prompt at data.jsonl:7/],
  ['gives Infinity', onBad('return -Infinity;'), /returned -Infinity/],
  ['gives nothing', onBad('return;'), /returned undefined/],
  ['gives a text', onBad("return '0.5';"), /returned the text "0.5"/],
  ['gives a boolean', onBad('return true;'), /returned a value of type boolean/],
  ['gives a huge text', onBad("return 'x'.repeat(5e7);"), /returned the text "x{40}"/],
  ['exits', onBad('process.exit(0);'), /process\.exit was called.*for the prompt at data.jsonl:7/],
  [
    'fails beside the call',
    onBad("{ setTimeout(() => { throw new Error('late'); }); return new Promise(() => {}); }"),
    /failed outside of a call: Error: late, for the prompt at data.jsonl:7/,
  ],
])('says that a function %s', async (_, source, message) => {
  await fails(file(source), 'RunError', message);
});

it('ends a function that never returns, and blames the right prompt', async () => {
  const message = /has not returned after 0.2 s \(timeout=0.2\), for the prompt at data.jsonl:7/;
  await fails(file(onBad('while (true);'), ':timeout=0.2'), 'RunError', message);
  await fails(file(onBad('return new Promise(() => {});'), ':timeout=0.2'), 'RunError', message);
});

it('ends a thread that is busy between its batches', async () => {
  const busy = 'export default () => { setTimeout(() => { for (;;); }); return 1; };';
  const rewards = await openRewards([parseReward(file(busy, ':timeout=0.2'))], { folder });
  await rewards.score([rewardInput('')]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(rewards.score([rewardInput('')])).rejects.toThrow(/has not returned after 0.2 s/);
  await rewards.dispose();
});

it('counts the time of each call alone, and not that of the thread that waits', async () => {
  const wait = 'export default () => new Promise((resolve) => setTimeout(resolve, 250, 1));';
  const rewards = await openRewards([parseReward(file(wait, ':timeout=0.8'))], { folder });
  const scoring = rewards.score([0, 1, 2, 3].map(() => rewardInput('')));
  for (const end = performance.now() + 1100; performance.now() < end;);
  expect([...(await scoring).total]).toEqual([1, 1, 1, 1]);
  await rewards.dispose();
});

it('says what is wrong with a file', async () => {
  const wrong = (spec: string, message: RegExp): Promise<void> => fails(spec, 'InputError', message);
  await wrong('./none.mjs', /none\.mjs: no such file/);
  await wrong('./reward.ts', /not JavaScript: compile it, or write the types as JSDoc/);
  await wrong('runs/reward/final', /must be a \.mjs or \.js file; a reward model is given as model:FOLDER/);
  await wrong(file('export const reward = () => 1;'), /no default export: write export default/);
  await wrong(file('export default 5;'), /default export is no function/);
  await wrong(
    file('\nexport default ( => 1;'),
    /cannot be used: SyntaxError: Unexpected token '=>' \(node --check shows where\)/,
  );
  await wrong(file("import './not-there.mjs'; export default () => 1;"), /cannot be used: Error: Cannot find module/);
  await wrong(file("throw new Error('not today');"), /cannot be used: Error: not today \(line 1\)/);
  await wrong(file('while (true);', ':load=0.5'), /not loaded after 0.5 s/);
  await wrong(file('process.exit(3);'), /ended its thread/);
  await wrong(file('await new Promise(() => {});'), /ended its thread/);
  expect(() => parseReward('./reward.mjs:timeout=0')).toThrow(/not above 0/);
});

it('writes what a function prints to standard error, and lets the process end', () => {
  const spec = file(
    "console.log('printed'); export default () => { console.log('x'.repeat(1e5)); process.stdout.write('and this'); return 1; };",
  );
  const rewards = pathToFileURL(join(import.meta.dirname, '../../../dist/align/index.js')).href;
  const script = (end: string): string => `
    const { openRewards, parseReward } = await import(${JSON.stringify(rewards)});
    const rewards = await openRewards([parseReward(${JSON.stringify(spec)})]);
    const input = { prompt: 'a', promptText: 'a', completion: 'b', tokens: 1, truncated: false, example: {} };
    console.log(...(await rewards.score([input])).total);
    ${end}`;
  const run = (end: string): SpawnSyncReturns<string> => {
    writeFileSync(join(folder, 'script.mjs'), script(end));
    return spawnSync(process.execPath, ['script.mjs'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 20_000,
      maxBuffer: 1 << 24,
    });
  };
  for (const end of ['await rewards.dispose();', '']) {
    const { status, stdout, stderr } = run(end);
    expect([status, stdout]).toEqual([0, '1\n']);
    expect(stderr).toBe(`printed\n${'x'.repeat(1e5)}\nand this`);
  }
});
