import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeTinyModel } from '../../src/tune/fixtures.js';
import { hashes, start, telar, temporaryFolder } from './telar.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const lines = (name: string, records: readonly object[]): string => {
  writeFileSync(at(name), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return at(name);
};
let base: string;
let pairs: string;
let prompts: string;
let reward: string;
beforeAll(() => {
  base = writeTinyModel(folder);
  pairs = lines(
    'pairs.jsonl',
    Array.from({ length: 60 }, (_, i) => ({
      prompt: `${'ab'.repeat(1 + (i % 4))}${i}=`,
      chosen: 'e'.repeat(3 + (i % 4)),
      rejected: 'ab'.repeat(2 + (i % 3)),
    })),
  );
  prompts = lines(
    'prompts.jsonl',
    Array.from({ length: 40 }, (_, i) => ({ prompt: `${'ab'.repeat(1 + (i % 4))}${i}=` })),
  );
  reward = at('letters.mjs');
  writeFileSync(reward, 'export default ({ completion }) => [...completion].filter((c) => c < "f").length;\n');
});

const STEPS = 24;
const args = (method: string, out: string): string[] => [
  ...`align --method ${method} --steps ${STEPS} --model`.split(' '),
  base,
  '--out',
  out,
  ...(method === 'ppo' || method === 'grpo'
    ? ['--data', prompts, '--reward', reward, '--check', 'length:max=9', '--best', 'heldOutReward']
        .concat('--max-new-tokens 10 --rollout-prompts 6 --minibatches 2 --rollout-epochs 2'.split(' '))
        .concat(method === 'grpo' ? ['--group-size', '3'] : ['--kl-target', '2'])
    : ['--data', pairs, '--batch-size', '4']),
];

/** Everything of a run that must not depend on how it was run. */
function stateOf(out: string): Record<string, string> {
  const best = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).best.step as number;
  const places = ['final', `checkpoints/step-${STEPS}`, `checkpoints/step-${best}`];
  const files = ['adapter_model.safetensors', 'adapter_config.json', 'README.md', 'tokenizer_config.json']
    .concat('trainer/optimizer.safetensors', 'trainer/state.json')
    .concat('tokenizer.json');
  return hashes(
    out,
    places.flatMap((place) => files.map((file) => join(place, file))),
  );
}

const newest = (out: string): number => {
  const folder = join(out, 'checkpoints');
  if (!existsSync(folder)) return -1;
  return Math.max(-1, ...readdirSync(folder).flatMap((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1)));
};

describe('telar align', () => {
  it.each(['dpo', 'ppo', 'grpo'])('%s: killed and resumed equals never stopped', async (method) => {
    const [whole, killed] = [at(`${method}-whole`), at(`${method}-killed`)];
    const running = telar([...args(method, whole), '--threads', '2']);
    const { process: child, outcome } = start([...args(method, killed), '--save-every', '1', '--threads', '1']);
    while (newest(killed) < 5 && child.exitCode === null) await sleep(5);
    child.kill('SIGKILL');
    expect((await outcome).code).toBeNull();
    const { code, stderr } = await running;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const last = await telar(['align', '--out', killed, '--resume']);
    expect(last.code).toBe(0);
    expect(last.stdout).toContain('going on from step');
    const state = stateOf(whole);
    expect(Object.keys(state).length).toBeGreaterThan(8);
    expect(stateOf(killed)).toEqual(state);
  });

  it('a reward that throws, gives NaN or never answers: says so, loses nothing, and can go on', async () => {
    // Good until the third rollout and its evaluations, and then as the file says; `cured` makes all good.
    const cases: [name: string, last: string, message: RegExp][] = [
      ['throws', 'throw new Error("no such word")', /throws.*no such word/s],
      ['nan', 'return NaN', /nan.*NaN/s],
      ['hangs', 'return new Promise(() => {})', /hangs.*(?:time|seconds|ms)/s],
    ];
    for (const [name, last, message] of cases) {
      const file = at(`${name}.mjs`);
      writeFileSync(
        file,
        `import { existsSync } from 'node:fs';
let calls = 0;
export default async ({ completion }) => {
  if (++calls > 30 && !existsSync(${JSON.stringify(at('cured'))})) ${last};
  return completion.length;
};
`,
      );
      const out = at(`run-${name}`);
      const flags = args('grpo', out).map((flag) => (flag === reward ? `${file}:timeout=1` : flag));
      const { code, stderr } = await telar([...flags, '--held-out-fraction', '0', '--threads', '1'].filter((flag, i, all) => !['--check', '--best'].includes(flag) && !['--check', '--best'].includes(all[i - 1]!))); // prettier-ignore
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n'), stderr).toHaveLength(1);
      expect(newest(out)).toBeGreaterThan(0);
    }
    writeFileSync(at('cured'), '');
    appendFileSync(at('throws.mjs'), '// mended\n');
    const refused = await telar(['align', '--out', at('run-throws'), '--resume']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('throws.mjs has changed since the run began');
    const accepted = await telar(['align', '--out', at('run-throws'), '--resume', '--accept-rewards', '--json']);
    expect(accepted.code, accepted.stderr).toBe(0);
    const { code, stdout } = await telar(['align', '--out', at('run-nan'), '--resume', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ finished: true, step: STEPS });
  });

  it('a run that explodes is stopped by an alarm and leaves what was best before', async () => {
    const out = at('explodes');
    const { code, stdout } = await telar([
      ...args('grpo', out),
      '--weights',
      'full',
      '--learning-rate',
      '0.3',
      '--alarm',
      'kl=5',
      '--json',
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({ finished: true, stopped: 'kl', stoppedBecause: expect.stringMatching(/nats/) as unknown }); // prettier-ignore
    expect(Number(result['steps'])).toBeLessThan(STEPS);
    expect(Number(result['bestStep'])).toBeLessThan(Number(result['steps']));
    expect(existsSync(join(out, 'final/model.safetensors'))).toBe(true);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Stopped by an alarm: kl');
    const again = await telar(['align', '--out', out, '--resume', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ stopped: 'kl' });
  });

  it('a reward model is made, and judges in another run', async () => {
    const made = await telar([...args('reward', at('judge')).filter((flag, i, all) => flag !== '--batch-size' && all[i - 1] !== '--batch-size'), '--json']); // prettier-ignore
    expect(JSON.parse(made.stdout)).toMatchObject({ finished: true, heldOutAccuracy: 1 });
    const flags = args('grpo', at('judged')).map((flag) => (flag === reward ? `model:${at('judge/final')}` : flag));
    const { code, stderr, stdout } = await telar([...flags, '--steps', '4', '--json']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty('heldOutReward');
  });

  it('refuses bad usage and bad data with exit 2, and leaves nothing behind', async () => {
    const out = at('bad');
    const usual = ['--model', base, '--out', out];
    const dpo = [...usual, '--method', 'dpo', '--data'];
    const grpo = [...usual, '--method', 'grpo', '--data'];
    const same = lines('same.jsonl', [{ prompt: 'a', chosen: 'b', rejected: 'b' }]);
    const empty = lines('empty.jsonl', [{ prompt: '' }]);
    const cases: [string[], string][] = [
      [[...dpo, pairs, '--out', out].slice(0, 2), '--out DIR'],
      [usual, '--method'],
      [[...usual, '--method', 'dpo'], '--data FILE'],
      [[...dpo, same], 'same.jsonl:1'],
      [[...grpo, empty, '--reward', 'toxicity', '--max-new-tokens', '8'], 'empty.jsonl:1'],
      [[...grpo, prompts], 'give at least one --reward'],
      [[...dpo, pairs, '--reward', 'toxicity'], '--reward is for --method ppo, grpo, not for dpo'],
      [[...dpo, pairs, '--group-size', '4'], '--group-size is for --method grpo, not for dpo'],
      [[...dpo, pairs, '--label-smoothing', '0.9'], '--label-smoothing'],
      [[...grpo, prompts, '--reward', 'wisdom'], 'there is no reward "wisdom"'],
      [[...grpo, prompts, '--reward', 'toxicity', '--alarm', 'kl=no'], '--alarm kl=no'],
      [[...grpo, prompts, '--reward', 'toxicity', '--max-new-tokens', '63'], 'no room for a prompt'],
      [['--out', out, '--resume'], 'not a run directory'],
    ];
    const outcomes = await Promise.all(cases.map(([flags]) => telar(['align', ...flags])));
    for (const [i, { code, stderr }] of outcomes.entries()) {
      expect(stderr, String(cases[i]![0])).toContain(cases[i]![1]);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(code, stderr).toBe(2);
    }
    expect(existsSync(out)).toBe(false);
  });
});
