import { describe, expect, it } from 'vitest';
import { barTable, track } from './bars.js';
import { histogram } from './histogram.js';

const hostile = `"><script>alert("1")</script>`;

describe('bars', () => {
  it('are as wide as their share, and never wider than their track', () => {
    expect(track([{ share: 0.25, colour: '--kept' }])).toContain('width:25%');
    expect(track([{ share: 7, colour: '--kept' }])).toContain('width:100%');
    expect(track([{ share: 0, colour: '--kept' }])).toBe('<span class="track"></span>');
  });

  it('name every figure for a page too narrow for a head', () => {
    const rows = [{ label: 'a', segments: [], figures: ['1', '2'], note: 'small' }];
    const html = barTable(['what', 'documents', 'text'], rows);
    expect(html).toContain(
      '<td class="number" data-label="documents">1</td><td class="number" data-label="text">2</td>',
    );
    expect(html).toContain('a<small>small</small>');
  });

  it('escape what they are given', () => {
    const row = { label: hostile, note: hostile, segments: [], figures: [hostile] };
    expect(barTable([hostile, hostile], [row])).not.toContain('<script');
  });
});

describe('a histogram', () => {
  const heights = (html: string) => [...html.matchAll(/height:([\d.]+)%/g)].map(([, height]) => Number(height));
  const of = (counts: number[], scale?: 'log') =>
    histogram({
      title: 'sizes',
      bins: counts.map((_, i) => `bin ${i}`),
      labels: counts.map(String),
      series: [{ label: 'all', colour: '--kept', counts }],
      ...(scale && { scale }),
    });

  it('draws columns in proportion, or by logarithm', () => {
    expect(heights(of([0, 5, 10]))).toEqual([0, 50, 100]);
    const [none, few, many] = heights(of([0, 9, 9999], 'log'));
    expect([none, few, many]).toEqual([0, 25, 100]);
  });

  it('has lines at whole numbers within it', () => {
    const lines = (html: string) => [...html.matchAll(/class="level"[^>]*><span>([^<]*)/g)].map(([, text]) => text);
    expect(lines(of([2, 1]))).toEqual(['1', '2']);
    expect(lines(of([20, 30_000]))).toEqual(['10k', '20k', '30k']);
    expect(lines(of([20, 30_000], 'log'))).toEqual(['1', '10', '100', '1000', '10k']);
    expect(lines(of([0, 2 ** 52], 'log')).length).toBeLessThanOrEqual(6);
  });

  it('stays whole when it is empty or hostile', () => {
    expect(of([0, 0])).not.toMatch(/NaN|Infinity/);
    expect(of([])).not.toMatch(/NaN|Infinity/);
    const html = histogram({
      title: hostile,
      bins: [hostile],
      labels: [hostile],
      series: [
        { label: hostile, colour: '--kept', counts: [1] },
        { label: hostile, colour: '--gone', counts: [] },
      ],
      mark: { at: 0.5, label: hostile },
    });
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/="[^"]*"[^\s>/]/);
  });
});
