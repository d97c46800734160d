import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { hashes, type Outcome, start, telar, temporaryFolder, writeProse } from './telar.js';

const folder = temporaryFolder();
const text = writeProse(join(folder, 'prose.txt'), 3000);
const sizes = ['--depth', '2', '--width', '32', '--heads', '2', '--context', '32', '--batch-tokens', '128'];
const steps = ['--steps', '60'];
const at = (name: string): string => join(folder, name);

/** Everything of a run that must not depend on how it was run. */
const STATE = ['final', 'checkpoints/step-60'].flatMap((place) =>
  [
    'model.safetensors',
    'config.json',
    'tokenizer.json',
    'README.md',
    'trainer/optimizer.safetensors',
    'trainer/state.json',
  ].map((file) => join(place, file)),
);

/** Starts a run and ends it with `signal` when a checkpoint of `step` or later exists. */
async function cut(args: string[], out: string, step: number, signal: NodeJS.Signals): Promise<Outcome> {
  const { process: child, outcome } = start(args);
  const checkpoints = join(out, 'checkpoints');
  const reached = (): boolean =>
    existsSync(checkpoints) &&
    readdirSync(checkpoints).some((name) => /^step-\d+$/.test(name) && Number(name.slice(5)) >= step);
  while (!reached() && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return outcome;
}

describe('telar pretrain', () => {
  let whole: Record<string, string>;

  beforeAll(async () => {
    const { code, stderr } = await telar([
      'pretrain',
      text,
      '--out',
      at('whole'),
      ...sizes,
      ...steps,
      '--threads',
      '2',
    ]);
    expect(stderr).not.toContain('bug');
    expect(code).toBe(0);
    whole = hashes(at('whole'), STATE);
    expect(Object.keys(whole)).toHaveLength(9);
  });

  it('leaves a run directory with everything in it', () => {
    const run = JSON.parse(readFileSync(join(at('whole'), 'run.json'), 'utf8'));
    expect(run).toMatchObject({ seed: 0, training: { steps: 60, tokens: 7680 }, result: { steps: 60 } });
    expect(run.data.inputs[0]).toMatchObject({ path: text });
    expect(run.result.bitsPerByte).toBeLessThan(6);
    for (const name of ['log.txt', 'metrics.jsonl', 'samples.jsonl', 'report.html', 'tokenizer/tokenizer.json'])
      expect(existsSync(join(at('whole'), name)), name).toBe(true);
    const lines = readFileSync(join(at('whole'), 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const losses = lines.filter((line) => line.loss !== undefined);
    expect(losses.map((line) => line.step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(losses.at(-1).loss).toBeLessThan(losses[0].loss - 1);
  });

  it('gives the same bytes on one thread', async () => {
    const { code } = await telar(['pretrain', text, '--out', at('one'), ...sizes, ...steps, '--threads', '1']);
    expect(code).toBe(0);
    expect(hashes(at('one'), STATE)).toEqual(whole);
  });

  it('gives other bytes for another seed', async () => {
    await telar(['pretrain', text, '--out', at('seed'), ...sizes, ...steps, '--seed', '1']);
    const other = hashes(at('seed'), STATE);
    expect(other['final/model.safetensors']).not.toBe(whole['final/model.safetensors']);
    expect(other['final/tokenizer.json']).toBe(whole['final/tokenizer.json']);
  });

  it('goes on after kill -9, again and again, to the same bytes', async () => {
    const out = at('killed');
    const first = await cut(
      ['pretrain', text, '--out', out, ...sizes, ...steps, '--save-every', '7'],
      out,
      7,
      'SIGKILL',
    );
    expect(first.code).toBeNull();
    const second = await cut(
      ['pretrain', '--out', out, '--resume', '--save-every', '5', '--threads', '1'],
      out,
      30,
      'SIGKILL',
    );
    expect(second.code).toBeNull();
    writeFileSync(join(out, 'metrics.jsonl'), `${readFileSync(join(out, 'metrics.jsonl'), 'utf8')}{"step":59,"tok`); // torn
    const last = await telar(['pretrain', '--out', out, '--resume']);
    expect(last.code).toBe(0);
    expect(last.stdout).toContain('going on from step');
    expect(hashes(out, STATE)).toEqual(whole);
    expect(readdirSync(join(out, 'checkpoints')).filter((name) => !/^step-\d+$/.test(name))).toEqual([]);
    const steps60 = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const trained = steps60.filter((line) => line.loss !== undefined).map((line) => line.step);
    expect(trained).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('saves on Ctrl-C, says how to go on, and goes on to the same bytes', async () => {
    const out = at('stopped');
    const stopped = await cut(
      ['pretrain', text, '--out', out, ...sizes, ...steps, '--save-every', '3'],
      out,
      3,
      'SIGINT',
    );
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain(`telar pretrain --out ${out} --resume`);
    expect((await telar(['pretrain', '--out', out, '--resume'])).code).toBe(0);
    expect(hashes(out, STATE)).toEqual(whole);
  });

  it('takes the checkpoint before one that is damaged', async () => {
    const out = at('damaged');
    await cut(['pretrain', text, '--out', out, ...sizes, ...steps, '--save-every', '6'], out, 12, 'SIGKILL');
    const newest = readdirSync(join(out, 'checkpoints'))
      .filter((name) => /^step-\d+$/.test(name))
      .toSorted((a, b) => Number(b.slice(5)) - Number(a.slice(5)))[0]!;
    truncateSync(join(out, 'checkpoints', newest, 'model.safetensors'), 1000);
    const { code, stdout } = await telar(['pretrain', '--out', out, '--resume']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/damaged: model.safetensors .* trying the one before/);
    expect(hashes(out, STATE)).toEqual(whole);
  });

  it('repeats a run by the clock from the tokens it wrote down', async () => {
    const [clock, again] = [at('clock'), at('again')];
    expect((await telar(['pretrain', text, '--out', clock, ...sizes, '--minutes', '0.12'])).code).toBe(0);
    const { training, result } = JSON.parse(readFileSync(join(clock, 'run.json'), 'utf8'));
    expect(training.tokens).toBe(training.steps * 128);
    expect(result.steps).toBe(training.steps);
    expect((await telar(['pretrain', text, '--out', again, ...sizes, '--tokens', String(training.tokens)])).code).toBe(
      0,
    );
    const final = ['final/model.safetensors', 'final/README.md'];
    expect(hashes(again, final)).toEqual(hashes(clock, final));
  });

  it('says that a finished run is finished, and never overwrites one', async () => {
    const again = await telar(['pretrain', '--out', at('whole'), '--resume', '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ finished: true, step: 60 });
    const over = await telar(['pretrain', text, '--out', at('whole'), ...steps]);
    expect(over.code).toBe(2);
    expect(over.stderr).toContain('holds a run already');
    expect(hashes(at('whole'), STATE)).toEqual(whole);
  });

  it('survives a disk that fills up: one line, exit 1, and the run goes on afterwards', async () => {
    const out = at('full');
    await cut(['pretrain', text, '--out', out, ...sizes, ...steps, '--save-every', '4'], out, 8, 'SIGKILL');
    // Files beyond 16 KiB cannot be written, as on a full disk: the next checkpoint fails.
    const full = await telar(['pretrain', '--out', out, '--resume', '--save-every', '4'], { shell: 'ulimit -f 32' });
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(/telar: cannot write .*/);
    expect(full.stderr).not.toContain('bug');
    expect((await telar(['pretrain', '--out', out, '--resume'])).code).toBe(0);
    expect(hashes(out, STATE)).toEqual(whole);
  });
});
