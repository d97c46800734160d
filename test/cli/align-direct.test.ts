/** `telar align` by the direct methods, as processes. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/io/hash-random.js';
import { writeTinyModel } from '../../src/tune/fixtures.js';
import { hashes, start, telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
let base: string;
const data = at('pairs.jsonl');
beforeAll(() => {
  base = writeTinyModel(folder);
  writeFileSync(data, pairs(90).map((pair) => `${JSON.stringify(pair)}\n`).join('')); // prettier-ignore
});

/** Answers of letters, of which the one with more of the letter e is better. */
function pairs(count: number): { prompt: string; chosen: string; rejected: string }[] {
  const random = new Random(1);
  const letters = (share: number, length: number): string =>
    Array.from({ length }, () => (random.uniform() < share ? 'e' : 'abcd'[random.int(4)]!)).join('');
  return Array.from({ length: count }, () => {
    const length = 3 + random.int(6);
    return { prompt: letters(0.3, 8), chosen: letters(0.8, length), rejected: `${letters(0.1, length - 1)}a` };
  });
}

const args = (flags: string, out: string): string[] => [
  ...'align --steps 24 --evaluate-every 6 --batch-size 8 --batch-tokens 160 --learning-rate 0.01'.split(' '),
  ...flags.split(' '),
  '--model',
  base,
  '--data',
  data,
  '--out',
  out,
];

/** Everything of a run that must not depend on how it was run. */
function stateOf(out: string): Record<string, string> {
  const { best } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as { best: { step: number } };
  const places = ['final', 'checkpoints/step-24', `checkpoints/step-${best.step}`];
  const files = ['model.safetensors', 'adapter_model.safetensors', 'adapter_config.json', 'config.json', 'README.md']
    .concat('tokenizer.json', 'trainer/optimizer.safetensors', 'trainer/state.json'); // prettier-ignore
  return hashes(
    out,
    places.flatMap((place) => files.map((file) => join(place, file))),
  );
}

describe('telar align', () => {
  it.each([
    ['dpo', '--method dpo --rank 4'],
    ['dpo-full', '--method dpo --weights full --loss ipo'],
    ['kto', '--method kto --rank 4 --desirable-weight 1.2'],
    ['orpo', '--method orpo --rank 4'],
    ['simpo', '--method simpo --rank 4 --gamma 0.5'],
  ])('%s: killed and resumed equals never stopped', async (name, flags) => {
    const [whole, killed] = [at(`${name}-whole`), at(`${name}-killed`)];
    const { code, stdout, stderr } = await telar([...args(flags, whole), '--threads', '2', '--json']);
    expect(code, stderr).toBe(0);
    const result = JSON.parse(stdout) as { heldOutLoss: number; heldOutLossBefore: number; finished: boolean };
    expect(result).toMatchObject({ finished: true, step: 24 });
    expect(result.heldOutLoss).toBeLessThan(result.heldOutLossBefore);

    const { process: child, outcome } = start([...args(flags, killed), '--save-every', '3', '--threads', '1']);
    const checkpoints = join(killed, 'checkpoints');
    const reached = (): boolean =>
      existsSync(checkpoints) &&
      readdirSync(checkpoints).some((each) => /^step-\d+$/.test(each) && Number(each.slice(5)) >= 6);
    while (!reached() && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    expect((await outcome).code).toBeNull();
    const last = await telar(['align', '--out', killed, '--resume']);
    expect(last.code, last.stderr).toBe(0);
    expect(last.stdout).toContain('going on from step');
    const state = stateOf(whole);
    expect(Object.keys(state)).toContain('checkpoints/step-24/trainer/optimizer.safetensors');
    expect(Object.keys(state)).toContain(`final/${name === 'dpo-full' ? '' : 'adapter_'}model.safetensors`);
    expect(stateOf(killed)).toEqual(state);
  });

  it('refuses what a method has not, and answers that are the same, with one line and exit 2', async () => {
    const same = at('same.jsonl');
    writeFileSync(same, `${JSON.stringify({ prompt: 'ab', chosen: 'ee', rejected: 'ee' })}\n`);
    const out = at('bad');
    const usual = ['--model', base, '--out', out, '--data'];
    const cases: [string[], string][] = [
      [[...usual, data, '--method', 'orpo', '--gamma', '1'], '--gamma is for --method simpo, ppo, not for orpo'],
      [[...usual, data, '--method', 'dpo', '--label-smoothing', '0.5'], '--label-smoothing: '],
      [[...usual, same, '--method', 'dpo'], 'same.jsonl:1'],
    ];
    for (const [flags, message] of cases) {
      const { code, stderr } = await telar(['align', ...flags]);
      expect(stderr).toContain(message);
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(code, stderr).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});
