import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeExamples, writeTinyModel } from '../../src/tune/fixtures.js';
import { hashes, start, telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
let base: string;
let data: string;
beforeAll(() => {
  base = writeTinyModel(folder);
  data = writeExamples(folder, 80);
});

const method: Record<string, string[]> = {
  full: [],
  lora: ['--rank', '4'],
  prompt: ['--virtual-tokens', '4', '--init', 'random'],
  prefix: ['--virtual-tokens', '3'],
};
const args = (name: string, out: string): string[] => [
  ...'tune --steps 40 --batch-tokens 100'.split(' '),
  '--method',
  name,
  '--model',
  base,
  '--data',
  data,
  '--out',
  out,
  ...method[name]!,
];

/** Everything of a run that must not depend on how it was run. */
function stateOf(out: string): Record<string, string> {
  const best = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).best.step as number;
  const places = ['final', 'checkpoints/step-40', `checkpoints/step-${best}`];
  const files = ['model.safetensors', 'adapter_model.safetensors', 'adapter_config.json', 'config.json', 'README.md']
    .concat('tokenizer_config.json', 'tokenizer.json')
    .concat('trainer/optimizer.safetensors', 'trainer/state.json');
  return hashes(
    out,
    places.flatMap((place) => files.map((file) => join(place, file))),
  );
}

describe('telar tune', () => {
  it.each(Object.keys(method))('%s: killed and resumed equals never stopped', async (name) => {
    const [whole, killed] = [at(`${name}-whole`), at(`${name}-killed`)];
    const { code, stderr } = await telar([...args(name, whole), '--threads', '2']);
    expect(stderr).not.toContain('bug');
    expect(code).toBe(0);
    const { process: child, outcome } = start([...args(name, killed), '--save-every', '3', '--threads', '1']);
    const checkpoints = join(killed, 'checkpoints');
    const reached = (): boolean =>
      existsSync(checkpoints) &&
      readdirSync(checkpoints).some((each) => /^step-\d+$/.test(each) && Number(each.slice(5)) >= 6);
    while (!reached() && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    expect((await outcome).code).toBeNull();
    writeFileSync(
      join(killed, 'metrics.jsonl'),
      `${readFileSync(join(killed, 'metrics.jsonl'), 'utf8')}{"step":39,"tok`,
    ); // torn
    const last = await telar(['tune', '--out', killed, '--resume']);
    expect(last.code).toBe(0);
    expect(last.stdout).toContain('going on from step');
    const state = stateOf(whole);
    expect(Object.keys(state).length).toBeGreaterThan(8);
    expect(stateOf(killed)).toEqual(state);
  });

  it('prints one JSON document, and a finished run is finished', async () => {
    const out = at('json');
    const { code, stdout } = await telar([...args('lora', out), '--steps', '4', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ out, finished: true, step: 4, method: 'lora', steps: 4 });
    const again = await telar(['tune', '--out', out, '--resume', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ finished: true, step: 4 });
    const over = await telar(args('lora', out));
    expect(over.code).toBe(2);
    expect(over.stderr).toContain('holds a run already');
    const other = await telar(['pretrain', '--out', out, '--resume']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('is of telar tune, not of telar pretrain');
  });

  it('refuses bad usage with one line and exit 2, and leaves nothing behind', async () => {
    const out = at('bad');
    const usual = ['--model', base, '--data', data, '--out', out];
    // What the library refuses is tested beside it; here one of each kind.
    const cases: [string[], string][] = [
      [['--model', base, '--data', data], '--out DIR'],
      [['--data', data, '--out', out], '--model DIR'],
      [[...usual, '--method', 'adapters'], '--method must be full or lora'],
      [[...usual, '--method', 'full', '--rank', '4'], '--rank is for --method lora, not for full'],
      [[...usual, '--batch-tokens', '2'], '--batch-tokens 2 is less than the longest example'],
      [['--model', base, '--data', at('nowhere.jsonl'), '--out', out], 'nowhere.jsonl'],
      [['--out', out, '--resume'], 'not a run directory'],
    ];
    const outcomes = [];
    for (const [flags] of cases) outcomes.push(await telar(['tune', ...flags]));
    for (const [i, { code, stderr }] of outcomes.entries()) {
      expect(stderr, String(cases[i]![0])).toContain(cases[i]![1]);
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(code, stderr).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});
