/**
 * Curves over the course of a run. Each chart is drawn twice: as SVG in the page, which needs no script, and from the same
 * numbers by uPlot, which takes the SVG's place where scripts run.
 */
import { axisLabel, ticks, type AxisFormat } from './axis.js';

export interface ChartSeries {
  label: string;
  /** CSS variable with the colour, such as `--train`. */
  colour: string;
  style: 'line' | 'faint' | 'dots';
  /** One for each x; null where there is none. */
  values: (number | null)[];
}

export interface Chart {
  id: string;
  title: string;
  /** A sentence for someone who has not seen such a chart. */
  note: string;
  format: AxisFormat;
  wide: boolean;
  /** Lowest and highest value shown. */
  range: [low: number, high: number];
  /** Tokens (where they are counted), minutes and steps at each point: the reader chooses which is x. */
  x: { tokens?: number[]; minutes: number[]; steps: number[] };
  series: ChartSeries[];
}

const [LEFT, RIGHT, TOP, BOTTOM] = [52, 12, 10, 26];

/** The chart as SVG over tokens, or over steps where tokens are not counted, for a page without scripts. */
export function chartSvg(chart: Chart): string {
  const [width, height] = chart.wide ? [990, 320] : [470, 220];
  const [low, high] = chart.range;
  const points = chart.x.tokens ?? chart.x.steps;
  const end = Math.max(1, points.at(-1) ?? 1);
  const across = (at: number) => LEFT + (at / end) * (width - LEFT - RIGHT);
  const down = (value: number) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const grid = ticks(low, high).map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${fixed(down(value))}" y2="${fixed(down(value))}"/>` +
      `<text x="${LEFT - 6}" y="${fixed(down(value) + 4)}" text-anchor="end">${axisLabel(value, chart.format)}</text>`,
  );
  const below = ticks(0, end).map(
    (at) => `<text x="${fixed(across(at))}" y="${height - 6}" text-anchor="middle">${axisLabel(at, 'count')}</text>`,
  );
  const curves = chart.series.map(({ values, colour, style }) => {
    const places = values.flatMap((value, i) =>
      value === null ? [] : [[fixed(across(points[i]!)), fixed(down(value))] as const],
    );
    const line = `<polyline class="${style}" style="stroke:var(${colour})" points="${places.map((p) => p.join()).join(' ')}"/>`;
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" style="fill:var(${colour})"/>`);
    return style === 'dots' ? line + dots.join('') : line;
  });
  const frame = `<clipPath id="frame-${chart.id}"><rect x="${LEFT}" y="0" width="${width - LEFT}" height="${height - BOTTOM + 3}"/></clipPath>`;
  const parts = [frame, ...grid, ...below, `<g clip-path="url(#frame-${chart.id})">`, ...curves, '</g>'].join('');
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${chart.title} over ${chart.x.tokens ? 'tokens' : 'steps'}">${parts}</svg>`;
}

/** The charts with their legends, titles and the choice of the x axis. Titles, notes and labels are taken as HTML. */
export function curvePanels(charts: readonly Chart[]): string {
  const axis = (name: string, label: string, pressed: boolean) =>
    `<button type="button" data-axis="${name}" aria-pressed="${pressed}">${label}</button>`;
  const counted = charts.some(({ x }) => x.tokens);
  const axes = counted
    ? `${axis('tokens', 'tokens', true)}${axis('minutes', 'time', false)}${axis('steps', 'steps', false)}`
    : `${axis('steps', 'steps', true)}${axis('minutes', 'time', false)}`;
  return `<div class="axes">Over&nbsp; ${axes}</div>
<div class="grid">${charts.map(curvePanel).join('\n')}</div>`;
}

function curvePanel(chart: Chart): string {
  const legend = chart.series.map(
    ({ label, colour, style }) => `<li class="${style}"><i style="background:var(${colour})"></i>${label} <b></b></li>`,
  );
  return `<section class="panel${chart.wide ? ' wide' : ''}">
<h3>${chart.title}</h3><p class="note">${chart.note}</p>
<ul class="legend" id="legend-${chart.id}">${legend.join('')}</ul>
<div class="chart" id="chart-${chart.id}">${chartSvg(chart)}</div>
</section>`;
}

const fixed = (value: number) => value.toFixed(1);
