/** The charts of a training report: which there are, and from which metrics they are drawn. */
import type { Chart, ChartSeries } from '../report/index.js';
import type { MetricsLine } from './metrics.js';

/** Points of a series that are kept; more are not seen on a screen. */
const MAX_POINTS = 1500;

/** A series with fewer points is shown whole. */
const ENOUGH_POINTS = 8;

/** Names of what is measured at evaluations. */
const OF_AN_EVALUATION = /^(?:heldOut|check|validation|bitsPerByte)/;

type Metric = Exclude<keyof MetricsLine, 'step' | 'tokens' | 'time'> & string;

/** What a chart shows besides its series. */
export type ChartFrame = Pick<Chart, 'id' | 'title' | 'note' | 'format'> & {
  wide?: boolean;
  /** Whether it falls from far above what matters, as a loss does; see {@link rangeOf}. */
  falling?: boolean;
};

/** Series and charts of a run's metrics; series without a value are left out, and charts without a series are null. */
export class ChartMaker {
  private readonly lines: readonly MetricsLine[];
  private readonly x: Chart['x'];

  /** @param overTokens whether the steps are counted in tokens too, which the reader may choose to see them over */
  constructor(metrics: readonly MetricsLine[], overTokens: boolean) {
    const lines = thinned(metrics);
    this.lines = lines;
    this.x = {
      ...(overTokens && { tokens: lines.map(({ tokens }) => tokens) }),
      minutes: lines.map(({ time }) => round(time / 60)),
      steps: lines.map(({ step }) => step),
    };
  }

  values(name: Metric): (number | null)[] {
    return this.lines.map((line) => (line[name] === undefined ? null : round(line[name]!)));
  }

  dots(label: string, name: Metric, colour = '--held'): ChartSeries {
    return { label, colour, style: 'dots', values: this.values(name) };
  }

  line(label: string, name: Metric, colour: string): ChartSeries {
    return { label, colour, style: 'line', values: this.values(name) };
  }

  smoothed(label: string, name: Metric, colour: string): ChartSeries {
    return { label, colour, style: 'line', values: smoothed(this.values(name)) };
  }

  noisy(label: string, colour: string, name: Metric): ChartSeries[] {
    return [
      { label: `${label}each step`, colour, style: 'faint', values: this.values(name) },
      this.smoothed(`${label}smoothed`, name, colour),
    ];
  }

  chart({ wide = false, falling = false, ...frame }: ChartFrame, all: readonly ChartSeries[]): Chart | null {
    const series = all.filter((one) => one.values.some((value) => value !== null));
    if (series.length === 0) return null;
    const { x } = this;
    return { ...frame, wide, x, range: rangeOf(series, x.tokens ?? x.steps, falling), series };
  }
}

/** The charts for which the metrics have numbers. */
export function chartsOf(metrics: readonly MetricsLine[]): Chart[] {
  const maker = new ChartMaker(metrics, true);
  return [
    maker.chart(
      {
        id: 'loss',
        title: 'Loss',
        note: 'How surprised the model is by each next token, in nats; less is better. The first steps may lie above the frame. Where the held-out curve stays above the other, the model learns by heart.',
        format: 'number',
        wide: true,
        falling: true,
      },
      [
        ...maker.noisy('training, ', '--train', 'loss'),
        maker.dots('held out', 'heldOutLoss'),
        maker.dots('validation', 'validationLoss'),
      ],
    ),
    maker.chart(
      {
        id: 'bits',
        title: 'Bits per byte of held-out text',
        note: 'What a byte of text it never saw costs to write down; stored as it is, it takes 8.',
        format: 'number',
        falling: true,
      },
      [maker.dots('held out', 'bitsPerByte')],
    ),
    rateChart(maker),
    maker.chart(
      {
        id: 'speed',
        title: 'Tokens a second',
        note: 'How fast text was read, pauses to evaluate left out.',
        format: 'count',
      },
      maker.noisy('', '--speed', 'tokensPerSecond'),
    ),
    maker.chart(
      {
        id: 'peak',
        title: 'Share of the FP32 peak',
        note: 'Arithmetic done, as a share of the most this processor can do.',
        format: 'percent',
      },
      maker.noisy('', '--speed', 'fractionOfPeak'),
    ),
    gradientChart(maker),
  ].filter((chart) => chart !== null);
}

export function rateChart(maker: ChartMaker): Chart | null {
  return maker.chart({ id: 'rate', title: 'Learning rate', note: 'How far each step goes.', format: 'scientific' }, [
    maker.line('learning rate', 'learningRate', '--rate'),
  ]);
}

export function gradientChart(maker: ChartMaker): Chart | null {
  return maker.chart(
    {
      id: 'gradient',
      title: 'Gradient norm',
      note: 'Length of the gradient before it is clipped. Spikes are steps that shook the model.',
      format: 'number',
    },
    maker.noisy('', '--gradient', 'gradNorm'),
  );
}

/**
 * What a chart shows: from 0 to the highest value; or, for a `falling` curve, from the lowest to what is highest after
 * the first twentieth of the run, for in a run of any length the fall of the first steps would flatten the rest.
 */
function rangeOf(series: readonly ChartSeries[], across: readonly number[], falling: boolean): [number, number] {
  const settled = falling ? (across.at(-1) ?? 0) / 20 : 0;
  const all = series.flatMap(({ values }) => {
    const points = values.flatMap((value, i) => (value === null ? [] : [{ value, early: across[i]! < settled }]));
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
    const evaluated = Object.keys(line).some((name) => OF_AN_EVALUATION.test(name));
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
