import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bar, formatBytes, formatCount, formatDuration, formatPercent, sparkline, wrap } from './progress-format.js';
import { createProgress, type ProgressOptions } from './progress.js';

describe('numbers for people', () => {
  it.each([
    [0.0123, '12ms'],
    [0.9999, '1.0s'],
    [3.21, '3.2s'],
    [9.96, '10s'],
    [59.7, '1m 00s'],
    [252, '4m 12s'],
    [3599.6, '1h 00m'],
    [3725, '1h 02m'],
    [273_600, '3d 4h'],
    [NaN, '?'],
    [Infinity, '?'],
    [-1, '?'],
  ])('writes %d seconds as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it.each([
    [0, '0'],
    [950, '950'],
    [999.7, '1.00k'],
    [1234, '1.23k'],
    [45_600_000, '45.6M'],
    [999_600, '1.00M'],
    [2e9, '2.00G'],
    [0.123, '0.12'],
    [12.34, '12.3'],
    [-1500, '-1.50k'],
    [NaN, '?'],
  ])('writes %d as %s', (value, text) => expect(formatCount(value)).toBe(text));

  it('writes sizes and shares', () => {
    expect([0, 12, 1234, 45.6e6].map(formatBytes)).toEqual(['0 B', '12 B', '1.23 kB', '45.6 MB']);
    expect([0, 0.004, 0.118, 0.999, 1].map(formatPercent)).toEqual(['0%', '0.4%', '12%', '99%', '100%']);
  });
});

describe('small pictures', () => {
  it('draws a curve of means', () => {
    expect(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8)).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([8, 8, 1, 1], 2)).toBe('█▁');
    expect(sparkline([3, 3, NaN], 9)).toBe('▁▁');
    expect(sparkline([], 9)).toBe('');
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })),
        fc.integer({ min: 1, max: 50 }),
        (v, width) => {
          expect(sparkline(v, width)).toMatch(/^[▁▂▃▄▅▆▇█]*$/);
          expect(sparkline(v, width)).toHaveLength(Math.min(width, v.length));
        },
      ),
    );
  });

  it('draws a bar', () => {
    expect(bar(0.5, 4)).toEqual(['━━', '──']);
    expect(bar(7, 4)).toEqual(['━━━━', '']);
    expect(bar(-1, 2)).toEqual(['', '──']);
  });

  it('wraps text', () => {
    expect(wrap('one two\n\n\u001b[31mthree four', 9, 3)).toEqual(['one two', 'three', 'four']);
    expect(wrap('one two three four five', 9, 2)).toEqual(['one two', 'three fo…']);
    expect(wrap('漢字漢字漢字', 5, 2)).toEqual(['漢字', '漢…']);
    expect(wrap('', 9, 3)).toEqual([]);
  });
});

/** A display on a made-up stream, with a clock to set. */
const display = (options: Omit<ProgressOptions, 'stream' | 'now'> & { isTTY?: boolean; columns?: number } = {}) => {
  const clock = { now: 0 };
  const written: string[] = [];
  const { isTTY = false, columns = 100, ...rest } = options;
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const progress = createProgress({ env: {}, ...rest, stream, now: () => clock.now });
  return { progress, clock, written, text: () => stripVTControlCharacters(written.join('')) };
};

describe('where there is no terminal', () => {
  it('writes a line at the first, every ten seconds and at the last', () => {
    const { progress, clock, written } = display();
    for (let second = 0; second <= 34; second++) {
      clock.now = second * 1000;
      progress.update({ title: 'tokenize', done: second * 1e6, total: 34e6, unit: 'bytes' });
    }
    progress.done();
    progress.done();
    expect(written).toEqual([
      'tokenize: 0%, 0 B of 34.0 MB\n',
      'tokenize: 29%, 10.0 MB of 34.0 MB, 1.00 MB/s, 24s left\n',
      'tokenize: 59%, 20.0 MB of 34.0 MB, 1.00 MB/s, 14s left\n',
      'tokenize: 88%, 30.0 MB of 34.0 MB, 1.00 MB/s, 4.0s left\n',
      'tokenize: 100%, 34.0 MB of 34.0 MB, 1.00 MB/s, in 34s\n',
    ]);
  });

  it('shows facts, notes and every phase, without colour', () => {
    const { progress, clock, written } = display();
    progress.update({ title: 'read' });
    clock.now = 500;
    progress.update({ title: 'read', done: 12, unit: 'files' });
    progress.note('a warning');
    progress.update({
      title: 'train',
      done: 5,
      total: 10,
      unit: 'steps',
      rate: 2,
      facts: [{ label: 'loss', value: '3.1' }],
    });
    progress.done();
    expect(written).toEqual([
      'read: begun\n',
      'a warning\n',
      'read: 12 files, 24 steps/s\n'.replace('steps', 'files'),
      'train: 50%, 5 of 10 steps, loss 3.1, 2 steps/s, 2.5s left\n',
    ]);
  });
});

describe('on a terminal', () => {
  const state = (done: number) => ({
    title: 'pretrain',
    done,
    total: 2_000_000,
    unit: 'tokens',
    rate: 1702,
    facts: [
      { label: 'loss', value: '2.913' },
      { label: 'held-out', value: '1.634 bits/byte' },
      { label: 'FP32 peak', value: '69%' },
    ],
    series: { label: 'loss', values: [6, 5, 4, 3.5, 3.2, 3] },
    sample: 'The Congress of the United States '.repeat(20),
  });

  it('draws a panel that fits, at most once in 80 ms', () => {
    for (const columns of [40, 80, 200]) {
      const { progress, written, text } = display({ isTTY: true, columns });
      for (let i = 0; i < 50; i++) progress.update(state(1e6 + i));
      expect(written).toHaveLength(1);
      progress.done();
      expect(text()).toContain('1.00M of 2.00M tokens');
      expect(text()).toContain('1.634 bits/byte');
      expect(text()).toContain('█▆▃▂▁▁');
      for (const line of text().split('\n')) expect(line.length).toBeLessThan(columns);
    }
  });

  it('colours only where colour is wanted', () => {
    const escape = String.fromCodePoint(27);
    const colour = new RegExp(`${escape}\\[\\d+m`);
    const draw = (env: Record<string, string>) => {
      const { progress, written } = display({ isTTY: true, env });
      progress.update(state(5));
      progress.done();
      return written.join('');
    };
    expect(draw({})).toMatch(colour);
    expect(draw({ NO_COLOR: '1' })).not.toMatch(colour);
    expect(draw({ TERM: 'dumb' })).not.toContain(escape);
    expect(draw({ TERM: 'dumb' })).toMatch(/^pretrain: /);
  });

  it('writes plain lines where the terminal has no size', () => {
    const { progress, written } = display({ isTTY: true, columns: 0 });
    progress.update({ title: 'read' });
    expect(written).toEqual(['read: begun\n']);
  });

  it('leaves notes and finished phases above the panel', () => {
    const { progress, clock, text } = display({ isTTY: true });
    progress.update({ title: 'tokenize', done: 3e6, total: 3e6, unit: 'bytes' });
    clock.now = 2500;
    progress.update({ title: 'tokenize', done: 3e6, total: 3e6, unit: 'bytes' });
    progress.update(state(10));
    progress.note('checkpoint saved');
    progress.done();
    expect(text()).toContain('✓ tokenize  3.00 MB · 2.5s\n');
    expect(text()).toMatch(/checkpoint saved\n● pretrain/);
    expect(text().endsWith('\n')).toBe(true);
  });
});
