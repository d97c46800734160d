/** Points of two numbers against each other, joined in the order of time, as SVG. */
import { axisLabel, ticks } from './axis.js';
import { escapeHtml as escape } from './html.js';

export interface ScatterSeries {
  label: string;
  /** CSS variable with the colour, such as `--train`. */
  colour: string;
  /** Joined by a line, with larger points. */
  joined: boolean;
  points: { x: number; y: number; name: string }[];
}

const [WIDTH, HEIGHT] = [990, 360];
const [LEFT, RIGHT, TOP, BOTTOM] = [64, 16, 12, 44];

/** The plot with its legend; nothing without points. Labels and names are escaped. */
export function scatterPanel(title: string, note: string, axes: [x: string, y: string], all: ScatterSeries[]): string {
  const series = all.filter(({ points }) => points.length > 0);
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const [left, right] = range(points.map(({ x }) => x));
  const [low, high] = range(points.map(({ y }) => y));
  const across = (x: number) => LEFT + ((x - left) / (right - left)) * (WIDTH - LEFT - RIGHT);
  const down = (y: number) => TOP + ((high - y) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const rows = ticks(low, high).map(
    (y) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(down(y))}" y2="${fixed(down(y))}"/>` +
      `<text x="${LEFT - 6}" y="${fixed(down(y) + 4)}" text-anchor="end">${axisLabel(y, 'number')}</text>`,
  );
  const columns = ticks(left, right).map(
    (x) => `<text x="${fixed(across(x))}" y="${HEIGHT - 24}" text-anchor="middle">${axisLabel(x, 'number')}</text>`,
  );
  const drawn = series.map(({ points, colour, joined }) => {
    const places = points.map(({ x, y }) => `${fixed(across(x))},${fixed(down(y))}`);
    const line = joined ? `<polyline style="stroke:var(${colour})" points="${places.join(' ')}"/>` : '';
    const dots = points.map(
      ({ x, y, name }) =>
        `<circle cx="${fixed(across(x))}" cy="${fixed(down(y))}" r="${joined ? 4 : 2.5}" style="fill:var(${colour})"${joined ? '' : ' opacity="0.4"'}><title>${escape(name)}</title></circle>`,
    );
    return line + dots.join('');
  });
  const legend = series.map(
    ({ label, colour, joined }) =>
      `<li class="${joined ? '' : 'faint'}"><i style="background:var(${colour})"></i>${escape(label)}</li>`,
  );
  const names =
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${escape(axes[0])}</text>` +
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(axes[1])}</text>`;
  return `<section class="panel wide"><h3>${escape(title)}</h3><p class="note">${escape(note)}</p>
<ul class="legend">${legend.join('')}</ul>
<div class="chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(`${title}: ${axes[1]} over ${axes[0]}`)}">${[...rows, ...columns, names, ...drawn].join('')}</svg></div>
</section>`;
}

/** From the lowest to the highest value, with a margin. */
function range(values: readonly number[]): [number, number] {
  const [low, high] = [
    values.reduce((least, value) => Math.min(least, value), Infinity),
    values.reduce((most, value) => Math.max(most, value), -Infinity),
  ];
  const margin = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.1 || 1;
  return [low - margin, high + margin];
}

const fixed = (value: number) => value.toFixed(1);
