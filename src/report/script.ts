/** The scripts of a report: the copy button, and live curves in place of the SVG with the choice of the x axis. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { axisLabel } from './axis.js';
import type { Chart } from './curves.js';
import { jsonScript } from './html.js';

const pageScript = `
(() => {
  document.documentElement.classList.add('js');
  for (const button of document.querySelectorAll('.copy')) button.onclick = () => {
    const { textContent } = button.parentElement.querySelector('code');
    navigator.clipboard.writeText(textContent)
      .then(() => { button.textContent = 'Copied'; }, () => { button.textContent = 'Select and copy'; });
  };
})();
`;

const curveScript = `
(() => {
  const axisLabel = ${axisLabel.toString()};
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const fade = (hex) => hex + '59';
  const exact = (value, format) => value == null ? '–'
    : format === 'percent' ? (value * 100).toFixed(1) + '%'
    : format === 'scientific' ? value.toExponential(2).replace('-', '−')
    : value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(4)));
  let axis = document.querySelector('.axes button').dataset.axis;
  let drawn = [];
  const draw = () => {
    for (const plot of drawn) plot.destroy();
    drawn = charts.map((chart) => {
      const place = document.getElementById('chart-' + chart.id);
      place.replaceChildren();
      const values = [...document.querySelectorAll('#legend-' + chart.id + ' b')];
      const last = chart.series.map((s) => s.values.findLast((value) => value != null));
      const grid = { stroke: colour('--line'), width: 1 };
      const common = { stroke: colour('--soft'), grid, ticks: { show: false }, font: '12px system-ui, sans-serif' };
      const format = axis === 'minutes' ? 'number' : 'count';
      return new uPlot({
        width: place.clientWidth, height: chart.wide ? 320 : 220, legend: { show: false }, padding: [8, 8, 0, 0],
        cursor: { sync: { key: 'run' }, points: { size: 7 }, drag: { x: true, y: false } },
        scales: { x: { time: false }, y: { range: chart.range } },
        axes: [
          { ...common, size: 32, values: (_, ticks) => ticks.map((tick) => axisLabel(tick, format) + (axis === 'minutes' ? ' min' : '')) },
          { ...common, size: 58, values: (_, ticks) => ticks.map((tick) => axisLabel(tick, chart.format)) },
        ],
        series: [{}, ...chart.series.map((s) => ({
          label: s.label, spanGaps: true, width: s.style === 'faint' ? 1 : 2,
          stroke: s.style === 'faint' ? fade(colour(s.colour)) : colour(s.colour),
          points: { show: s.style === 'dots', size: 7, fill: colour(s.colour) },
        }))],
        hooks: { setCursor: [(plot) => {
          const at = plot.cursor.idx;
          chart.series.forEach((s, i) => {
            const value = at == null ? last[i] : s.values[at];
            if (values[i] && (value != null || at == null)) values[i].textContent = exact(value, chart.format);
          });
        }] },
      }, [chart.x[axis], ...chart.series.map((s) => s.values)], place);
    });
  };
  const buttons = [...document.querySelectorAll('.axes button')];
  for (const button of buttons) button.onclick = () => {
    axis = button.dataset.axis;
    for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
    draw();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
  draw();
})();
`;

/** The data and scripts of a page with these curves, which may be none. */
export function pageScripts(curves: readonly Chart[]): string {
  if (curves.length === 0) return inlineScript(pageScript);
  const uPlot = inlined('uplot/dist/uPlot.iife.min.js');
  return jsonScript('charts', curves) + inlineScript(uPlot + pageScript + curveScript);
}

/** uPlot's style sheet. */
export function curveStyle(): string {
  return inlined('uplot/dist/uPlot.min.css');
}

function inlineScript(code: string): string {
  return `<script>${code.replaceAll('</script', '<\\/script')}</script>`;
}

function inlined(file: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(file), 'utf8');
}
