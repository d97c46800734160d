/** The charts of a training report: which there are, and from which metrics they are drawn. */
import type { AxisFormat, Chart, ChartSeries } from '../report/index.js';
import type { MetricsLine } from './metrics.js';

/** Points of a series that are kept; more are not seen on a screen. */
const MAX_POINTS = 1500;

/** A series with fewer points is shown whole. */
const ENOUGH_POINTS = 8;

type Metric = Exclude<keyof MetricsLine, 'step' | 'tokens' | 'time'> & string;

/** The charts for which the metrics have numbers. */
export function chartsOf(metrics: readonly MetricsLine[]): Chart[] {
  const lines = thinned(metrics);
  const x = {
    tokens: lines.map(({ tokens }) => tokens),
    minutes: lines.map(({ time }) => round(time / 60)),
    steps: lines.map(({ step }) => step),
  };
  const values = (name: Metric) => lines.map((line) => (line[name] === undefined ? null : round(line[name]!)));
  const dots = (label: string, name: Metric): ChartSeries => {
    return { label, colour: '--held', style: 'dots', values: values(name) };
  };
  const noisy = (label: string, colour: string, name: Metric): ChartSeries[] => [
    { label: `${label}each step`, colour, style: 'faint', values: values(name) },
    { label: `${label}smoothed`, colour, style: 'line', values: smoothed(values(name)) },
  ];
  const chart = (id: string, title: string, note: string, format: AxisFormat, all: ChartSeries[]): Chart => {
    const series = all.filter((one) => one.values.some((value) => value !== null));
    const range = rangeOf(series, x.tokens, id === 'loss' || id === 'bits');
    return { id, title, note, format, wide: id === 'loss', x, range, series };
  };
  const rate: ChartSeries = { label: 'learning rate', colour: '--rate', style: 'line', values: values('learningRate') };
  return [
    chart(
      'loss',
      'Loss',
      'How surprised the model is by each next token, in nats; less is better. The first steps may lie above the frame. Where the held-out curve stays above the other, the model learns by heart.',
      'number',
      [
        ...noisy('training, ', '--train', 'loss'),
        dots('held out', 'heldOutLoss'),
        dots('validation', 'validationLoss'),
      ],
    ),
    chart(
      'bits',
      'Bits per byte of held-out text',
      'What a byte of text it never saw costs to write down; stored as it is, it takes 8.',
      'number',
      [dots('held out', 'bitsPerByte')],
    ),
    chart('rate', 'Learning rate', 'How far each step goes.', 'scientific', [rate]),
    chart(
      'speed',
      'Tokens a second',
      'How fast text was read, pauses to evaluate left out.',
      'count',
      noisy('', '--speed', 'tokensPerSecond'),
    ),
    chart(
      'peak',
      'Share of the FP32 peak',
      'Arithmetic done, as a share of the most this processor can do.',
      'percent',
      noisy('', '--speed', 'fractionOfPeak'),
    ),
    chart(
      'gradient',
      'Gradient norm',
      'Length of the gradient before it is clipped. Spikes are steps that shook the model.',
      'number',
      noisy('', '--gradient', 'gradNorm'),
    ),
  ].filter(({ series }) => series.length > 0);
}

/**
 * What a chart shows: from 0 to the highest value; or, for a `falling` curve, from the lowest to what is highest after
 * the first twentieth of the run, for in a run of any length the fall of the first steps would flatten the rest.
 */
function rangeOf(series: readonly ChartSeries[], tokens: readonly number[], falling: boolean): [number, number] {
  const settled = falling ? (tokens.at(-1) ?? 0) / 20 : 0;
  const all = series.flatMap(({ values }) => {
    const points = values.flatMap((value, i) => (value === null ? [] : [{ value, early: tokens[i]! < settled }]));
    const late = points.filter(({ early }) => !early);
    return (late.length >= ENOUGH_POINTS ? late : points).map(({ value }) => value);
  });
  const [low, high] = [falling ? smallest(all) : Math.min(0, smallest(all)), -smallest(all.map((value) => -value))];
  const margin = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return [low === 0 ? 0 : low - margin, high + margin];
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

/** Fewer lines, each the mean of a stretch, with its last step. A stretch ends at every evaluation, so none is blurred. */
function thinned(metrics: readonly MetricsLine[]): MetricsLine[] {
  const stride = Math.ceil(metrics.length / MAX_POINTS);
  if (stride <= 1) return [...metrics];
  const lines: MetricsLine[] = [];
  let stretch: MetricsLine[] = [];
  for (const [i, line] of metrics.entries()) {
    stretch.push(line);
    const evaluated = ['heldOutLoss', 'bitsPerByte', 'validationLoss'].some((name) => line[name] !== undefined);
    if (stretch.length < stride && !evaluated && i + 1 < metrics.length) continue;
    const mean = (name: Metric) => {
      const values = stretch.flatMap((one) => one[name] ?? []);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const { step, tokens, time } = line;
    const names = new Set(stretch.flatMap((one) => Object.keys(one)));
    const means = Object.fromEntries([...names].map((name) => [name, mean(name)]));
    lines.push({ ...means, step, tokens, time });
    stretch = [];
  }
  return lines;
}

/** Moving average over about a fiftieth of the series, less at its beginning, where it falls fast. */
export function smoothed(values: readonly (number | null)[]): (number | null)[] {
  let [average, seen] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    const span = Math.max(1, Math.min(seen++ / 8, values.length / 50));
    average += (value - average) / span;
    return round(average);
  });
}

/** Five digits that matter: what a screen can show. */
function round(value: number): number {
  return Number(value.toPrecision(5));
}
