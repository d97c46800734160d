/** The script of a report: live charts in place of the SVG, the choice of the x axis, the copy button. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { axisLabel } from './report-charts.js';

const script = `
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
  let axis = 'tokens';
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
  root.classList.add('js');
  const buttons = [...document.querySelectorAll('.axes button')];
  for (const button of buttons) button.onclick = () => {
    axis = button.dataset.axis;
    for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
    draw();
  };
  const copy = document.querySelector('.copy');
  if (copy) copy.onclick = () => navigator.clipboard.writeText(copy.parentElement.querySelector('code').textContent)
    .then(() => { copy.textContent = 'Copied'; }, () => { copy.textContent = 'Select and copy'; });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
  draw();
})();
`;

/** uPlot and the page's own script, to be put into a page. */
export function reportScripts(): string {
  const code = inlined('uplot/dist/uPlot.iife.min.js') + script;
  return `<script>${code.replaceAll('</script', '<\\/script')}</script>`;
}

/** uPlot's style sheet. */
export function chartStyle(): string {
  return inlined('uplot/dist/uPlot.min.css');
}

function inlined(file: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(file), 'utf8');
}
