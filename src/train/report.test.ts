import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../io/errors.js';
import { newModelConfig } from '../model/index.js';
import { chartSvg } from '../report/index.js';
import { RunLog, type MetricsLine } from './metrics.js';
import { chartsOf, smoothed } from './report-charts.js';
import { headline, readRunReport, type RunRecord, type RunReport } from './report-data.js';
import { renderReport } from './report.js';

const hostile = `</script><script>alert("1")</script><!--<img src=x onerror='a()'>&\u2028`;

const run: RunRecord = {
  version: 1,
  command: 'telar pretrain books --out runs/books',
  created: '2026-01-02T03:04:05.678Z',
  seed: 1,
  threads: 2,
  model: newModelConfig('llama', { vocabSize: 512, context: 64, layers: 2, width: 64, heads: 4 }),
  tokenizer: { kind: 'bpe', vocabSize: 512, hash: 'ab'.repeat(32) },
  data: {
    inputs: [{ path: 'books/one.txt', bytes: 12_345, sha256: 'cd'.repeat(32) }],
    documents: 1,
    trainTokens: 4000,
    trainBytes: 11_700,
    heldOutTokens: 200,
    heldOutBytes: 645,
  },
  training: { optimizer: 'muon', schedule: { shape: 'wsd', warmupSteps: 10 }, learningRate: 0.0123456789 },
  machine: { cpu: 'a processor', threads: 2, peakGflops: 196.4, isa: 'avx2' },
};
const metricsOf = (steps: number): MetricsLine[] =>
  Array.from({ length: steps }, (_, step) => ({
    step,
    tokens: step * 100,
    time: step * 0.5,
    loss: 6 - step / steps,
    learningRate: 0.01,
    gradNorm: 1,
    tokensPerSecond: 200 + step,
    fractionOfPeak: 0.5,
    ...(step % 10 === 0 && { heldOutLoss: 6.1 - step / steps, bitsPerByte: 3 - step / steps }),
  }));
const report = (changes: Partial<RunReport> = {}): RunReport => ({
  name: 'books',
  run,
  metrics: metricsOf(101),
  samples: [0, 50, 100].map((step) => ({ step, prompt: 'The', text: ` text of step ${step}` })),
  ...changes,
});

const withoutScripts = (html: string) => html.slice(0, html.indexOf('</main>'));

describe('renderReport', () => {
  it('shows the figures, the texts, the data, the configuration and the command', () => {
    const html = renderReport(report());
    for (const text of ['2.010 bits', 'down from 3.00', '140k parameters', '10.0k tokens', 'in 50s', '250', '50%'])
      expect(html).toContain(text);
    expect(html.indexOf('text of step 0<')).toBeLessThan(html.indexOf('text of step 100<'));
    expect(html).toContain('On the way (1)');
    for (const text of ['books/one.txt', '12.3 kB', '4,000', 'rope scaling', 'schedule warmup steps', '0.0123457'])
      expect(html).toContain(text);
    expect(html).toContain('<code>telar pretrain books --out runs/books</code>');
    expect(html.match(/<svg/g)).toHaveLength(6);
    expect(withoutScripts(html)).not.toMatch(/NaN|undefined|\[object/);
  });

  it('loads nothing from anywhere', () => {
    const html = renderReport(report());
    expect(html).not.toMatch(/<(?:link|img|iframe|object|embed)\b|\bsrc=|@import|url\((?!#)/i);
    expect(html).toContain("default-src 'none'");
  });

  it('keeps hostile text harmless wherever it comes from', () => {
    const data = { ...run.data, inputs: [{ path: hostile, bytes: 1, sha256: hostile }] };
    const evil: RunRecord = {
      ...run,
      command: hostile,
      created: hostile,
      data,
      model: { [hostile]: hostile, list: [hostile] },
      machine: { ...run.machine, cpu: hostile },
      result: { [hostile]: hostile },
    };
    const samples = [0, 5, 9].map((step) => ({ step, prompt: hostile, text: `${hostile}\u0000\ud800` }));
    const metrics = metricsOf(20).map((line) => ({ ...line, [hostile]: 1 }));
    const html = renderReport({ name: hostile, run: evil, metrics, samples });
    const plain = renderReport(report({ metrics: metricsOf(20) }));
    expect(html).not.toContain('alert("1")');
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<!--');
    const count = (text: string, tag: RegExp) => text.match(tag)?.length;
    for (const tag of [/<script/gi, /<\/script/gi]) expect(count(html, tag)).toBe(count(plain, tag));
    expect(html).not.toContain('\0');
    expect(Buffer.from(html).toString()).toBe(html);
  });

  it('holds scripts that parse, and data that is what was given', () => {
    const html = renderReport(report());
    const scripts = [...html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)].map(([, kind, code]) => ({
      kind,
      code: code!,
    }));
    expect(scripts).toHaveLength(2);
    expect(JSON.parse(scripts[0]!.code)).toEqual(chartsOf(metricsOf(101)));
    expect(() => new vm.Script(scripts[1]!.code)).not.toThrow();
  });

  it('shows a run that has only begun, and one of a single step', () => {
    const empty = renderReport(report({ metrics: [], samples: [] }));
    expect(empty).toContain('has not begun to train');
    expect(empty).not.toContain('<svg');
    const single = renderReport(report({ metrics: metricsOf(1), samples: [{ step: 0, prompt: '', text: 'x' }] }));
    for (const html of [empty, single]) expect(withoutScripts(html)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('sums up long lists and cuts long texts', () => {
    const inputs = Array.from({ length: 5000 }, (_, i) => ({ path: `f${i}`, bytes: 10, sha256: 'ab' }));
    const samples = Array.from({ length: 900 }, (_, step) => ({ step, prompt: 'p', text: '漢'.repeat(50_000) }));
    const html = renderReport(
      report({ run: { ...run, data: { ...run.data, inputs } }, metrics: metricsOf(30_000), samples }),
    );
    expect(html).toContain('and 4,961 more files');
    expect(html).toContain('On the way (12)');
    expect(html.length).toBeLessThan(1_500_000);
  });
});

describe('the charts', () => {
  it('leave out what was not measured', () => {
    const metrics = metricsOf(30).map(({ step, tokens, time, loss }) => ({ step, tokens, time, loss: loss! }));
    expect(chartsOf(metrics).map(({ id }) => id)).toEqual(['loss']);
    expect(chartsOf(metrics)[0]!.series).toHaveLength(2);
  });

  it('keep every evaluation of a long run, and its end', () => {
    const metrics = metricsOf(30_001);
    const loss = chartsOf(metrics)[0]!;
    expect(loss.x.steps.length).toBeLessThan(6000);
    expect(loss.x.steps.at(-1)).toBe(30_000);
    expect(loss.series.at(-1)!.values.filter((value) => value !== null)).toHaveLength(3001);
  });

  it('draw what fits, and frame a falling curve without its first steps', () => {
    const metrics = metricsOf(100).map((line) => ({ ...line, loss: 2 + 8 * Math.exp(-line.step) }));
    const [loss] = chartsOf(metrics);
    expect(loss!.range[1]).toBeLessThan(7);
    expect(chartSvg(loss!)).toMatch(/^<svg viewBox="0 0 990 320"/);
    expect(chartSvg(loss!)).not.toMatch(/NaN|Infinity/);
  });

  it('have a curve that follows', () => {
    expect(smoothed([5, null, 5, 5])).toEqual([5, null, 5, 5]);
  });
});

describe('headline', () => {
  it('prefers the result of the run to its last lines', () => {
    const figures = headline(report({ run: { ...run, result: { bitsPerByte: 1.5, seconds: 99 } } }));
    expect(figures).toMatchObject({
      bitsPerByte: 1.5,
      seconds: 99,
      tokens: 10_000,
      firstBitsPerByte: 3,
      tokensPerSecond: 250,
    });
  });
});

describe('readRunReport', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'telar-report-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('reads a run directory', () => {
    const path = join(directory, 'books');
    mkdirSync(path);
    const log = new RunLog(path);
    for (const { heldOutLoss, bitsPerByte, ...line } of report().metrics) {
      log.metrics(line);
      const { step, tokens, time } = line;
      if (bitsPerByte !== undefined) log.metrics({ step, tokens, time, heldOutLoss, bitsPerByte });
    }
    for (const line of report().samples) log.sample(line);
    log.close();
    writeFileSync(join(path, 'run.json'), JSON.stringify(run));
    expect(readRunReport(path)).toEqual(report());
  });

  it('refuses what is no run directory', () => {
    expect(() => readRunReport(directory)).toThrow(/is no run directory/);
    writeFileSync(join(directory, 'run.json'), '{"version":');
    expect(() => readRunReport(directory)).toThrow(InputError);
    writeFileSync(join(directory, 'run.json'), JSON.stringify({ ...run, seed: 'one' }));
    expect(() => readRunReport(directory)).toThrow(/run\.json is damaged: .*seed/);
  });
});
