/** Histograms with upright columns. Drawn by styles alone, so that their text keeps its size on a phone. */
import { axisLabel, ticks } from './axis.js';
import { legend } from './bars.js';
import { escapeHtml as escape, group } from './html.js';

export interface HistogramSeries {
  label: string;
  /** CSS variable with the colour, such as `--kept`. */
  colour: string;
  /** Pale and behind the others, for what is only compared with. */
  faint?: boolean;
  /** One count for each bin. */
  counts: readonly number[];
}

export interface Histogram {
  /** What it shows, for those who cannot see it. */
  title: string;
  /** What each bin holds, shown when pointed at. */
  bins: readonly string[];
  /** Under the left edge of a bin; the empty string for none. */
  labels: readonly string[];
  series: readonly HistogramSeries[];
  /** Logarithmic where few large columns would hide all others. */
  scale?: 'linear' | 'log';
  /** A line across, at a share of the width. */
  mark?: { at: number; label: string };
}

/** A histogram, with a legend where it has several series. */
export function histogram({ title, bins, labels, series, scale = 'linear', mark }: Histogram): string {
  const top = series.reduce((most, { counts }) => counts.reduce((a, b) => Math.max(a, b), most), 0);
  const height = (count: number) => {
    if (top === 0) return '0%';
    const share = scale === 'log' ? Math.log1p(count) / Math.log1p(top) : count / top;
    return `${(share * 100).toFixed(2)}%`;
  };
  const lines = levels(top, scale).map(
    (count) => `<div class="level" style="bottom:${height(count)}"><span>${axisLabel(count, 'count')}</span></div>`,
  );
  const columns = bins.map((bin, i) => {
    const counts = series.map(({ label, counts }) => `${series.length > 1 ? `${label} ` : ''}${group(counts[i] ?? 0)}`);
    const parts = series.map(
      ({ colour, faint, counts }) =>
        `<i${faint ? ' class="faint"' : ''} style="height:${height(counts[i] ?? 0)};background:var(${colour})"></i>`,
    );
    return `<div class="column" title="${escape(`${bin}: ${counts.join(', ')}`)}">${parts.join('')}</div>`;
  });
  const below = labels.flatMap((label, i) =>
    label === '' ? [] : [`<span style="${edge(i / bins.length)}">${escape(label)}</span>`],
  );
  const line = mark
    ? `<div class="mark${mark.at > 0.5 ? ' late' : ''}" style="left:${(mark.at * 100).toFixed(2)}%"><span>${escape(mark.label)}</span></div>`
    : '';
  return (
    (series.length > 1 ? legend(series) : '') +
    `<div class="histogram" role="img" aria-label="${escape(title)}"><div class="plot">${lines.join('')}` +
    `<div class="columns">${columns.join('')}</div>${line}</div><div class="below">${below.join('')}</div></div>`
  );
}

/** Where a label stands; close to the right it would run out of the chart. */
function edge(at: number): string {
  return at > 0.93 ? 'right:0' : `left:${(at * 100).toFixed(2)}%`;
}

/** Heights that get a line: round numbers, or powers of ten. */
function levels(top: number, scale: 'linear' | 'log'): number[] {
  if (top === 0) return [];
  if (scale === 'linear') return ticks(0, top).filter((count) => count > 0 && Number.isInteger(count));
  const powers = Array.from({ length: Math.floor(Math.log10(top)) + 1 }, (_, i) => 10 ** i);
  const stride = Math.ceil(powers.length / 6);
  return powers.filter((_, i) => i % stride === 0);
}
