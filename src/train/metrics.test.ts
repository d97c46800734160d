import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError, RunError } from '../io/errors.js';
import { readMetrics, readSamples, RunLog } from './metrics.js';

let run: string;
beforeEach(() => (run = join(mkdtempSync(join(tmpdir(), 'telar-metrics-')), 'run')));
afterEach(() => rmSync(join(run, '..'), { recursive: true }));

const write = (log: RunLog, from: number, to: number) => {
  for (let step = from; step <= to; step++) {
    log.metrics({ step, tokens: step * 100, time: step / 2, loss: 5 / step });
    log.sample({ step, prompt: 'The', text: ` sample\n${step}` });
    log.log(`step ${step}`);
  }
};

describe('RunLog', () => {
  it('writes what is read', () => {
    const log = new RunLog(run);
    write(log, 1, 3);
    log.metrics({ step: 4, tokens: 400, time: 2, loss: NaN, gradNorm: Infinity, momentum: 0.9 });
    log.close();
    expect(readMetrics(run).at(-1)).toEqual({ step: 4, tokens: 400, time: 2, momentum: 0.9 });
    expect(
      readMetrics(run)
        .slice(0, 3)
        .map(({ step }) => step),
    ).toEqual([1, 2, 3]);
    expect(readSamples(run)[1]).toEqual({ step: 2, prompt: 'The', text: ' sample\n2' });
    expect(readFileSync(join(run, 'log.txt'), 'utf8')).toMatch(/^\d{4}-.*Z step 1\n/);
  });

  it('is read up to a torn line, and resumed from a checkpoint before it', () => {
    const whole = new RunLog(run);
    write(whole, 1, 9);
    whole.close();
    const expected = readFileSync(join(run, 'metrics.jsonl'), 'utf8');
    for (const name of ['metrics.jsonl', 'samples.jsonl', 'log.txt']) appendFileSync(join(run, name), '{"step":10,"to');
    expect(readMetrics(run)).toHaveLength(9);
    const resumed = new RunLog(run, 6);
    write(resumed, 7, 9);
    resumed.close();
    expect(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).toBe(expected);
    expect(readSamples(run).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(readFileSync(join(run, 'log.txt'), 'utf8').split('\n')).toHaveLength(9 + 3 + 1);
  });

  it('has no lines where there are no files', () => {
    expect(readMetrics(run)).toEqual([]);
    expect(existsSync(run)).toBe(false);
    new RunLog(run, 5).close();
    expect(readSamples(run)).toEqual([]);
  });

  it.each([
    ['{"step":1,"tokens":1,"time":0}\n{"step":}\n', /metrics\.jsonl:2 is not JSON/],
    ['{"step":1,"tokens":1,"time":0}\n{"step":-1,"tokens":1,"time":0}\n', /metrics\.jsonl:2: .*step/],
    ['{"step":1,"tokens":1,"time":0,"loss":"low"}\n', /metrics\.jsonl:1: .*loss/],
    ['[]\n', /metrics\.jsonl:1: /],
  ])('names the line that is wrong in %j', (content, message) => {
    new RunLog(run).close();
    writeFileSync(join(run, 'metrics.jsonl'), content);
    expect(() => readMetrics(run)).toThrow(message);
    expect(() => readMetrics(run)).toThrow(InputError);
  });

  it('says in one line that the directory cannot be written', () => {
    writeFileSync(run, 'a file');
    expect(() => new RunLog(run)).toThrow(RunError);
  });
});
