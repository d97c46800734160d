/** The curves of an alignment's report. */
import type { Chart, ChartSeries, ScatterSeries } from '../../report/index.js';
import { type ChartFrame, ChartMaker, gradientChart, type MetricsLine, rateChart } from '../../train/index.js';

/** Colours of the components of a reward, again from the first when there are more. */
const COLOURS = ['--train', '--held', '--speed', '--rate', '--gradient', '--accent'];

/** The charts for which the metrics have numbers, whatever the method. */
export function alignCharts(metrics: readonly MetricsLine[]): Chart[] {
  const maker = new ChartMaker(metrics, false);
  const chart = (frame: ChartFrame, ...series: ChartSeries[]): Chart | null => maker.chart(frame, series);
  const names = [...new Set(metrics.flatMap((line) => Object.keys(line)))];
  const components = (prefix: string): ChartSeries[] => {
    const found = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    return found.map((name, i) => maker.smoothed(name, `${prefix}${name}`, COLOURS[i % COLOURS.length]!));
  };
  const heldOutComponents = (prefix: string): ChartSeries[] => {
    const found = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    return found.map((name, i) => maker.dots(name, `${prefix}${name}`, COLOURS[i % COLOURS.length]!));
  };
  const several = (series: ChartSeries[]): ChartSeries[] => (series.length > 1 ? series : []);
  return [
    chart(
      {
        id: 'reward',
        title: 'Reward',
        note: 'What answers are worth. Where the reward rises and a check falls, the reward is served and not what it stands for.',
        format: 'number',
        wide: true,
      },
      ...maker.noisy('training, ', '--train', 'reward'),
      maker.dots('held out', 'heldOutReward'),
      maker.dots('check', 'check', '--rate'),
    ),
    chart(
      {
        id: 'components',
        title: 'Parts of the reward',
        note: 'In training, smoothed, without their weights.',
        format: 'number',
      },
      ...several(components('reward.')),
    ),
    chart(
      {
        id: 'held-components',
        title: 'Parts of the held-out reward',
        note: 'Without their weights.',
        format: 'number',
      },
      ...several(heldOutComponents('heldOutReward.')),
    ),
    chart(
      { id: 'checks', title: 'Checks', note: 'Measured on held-out prompts, never learned from.', format: 'number' },
      ...several(heldOutComponents('check.')),
    ),
    chart(
      {
        id: 'kl',
        title: 'Distance from the base',
        note: 'KL divergence from the model as it was, in nats a sample.',
        format: 'number',
      },
      ...maker.noisy('training, ', '--train', 'kl'),
      maker.dots('held out', 'heldOutKl'),
    ),
    chart(
      {
        id: 'entropy',
        title: 'Entropy',
        note: 'How open each next token is, in nats. At zero it always says the same.',
        format: 'number',
      },
      ...maker.noisy('', '--speed', 'entropy'),
    ),
    chart(
      { id: 'length', title: 'Length', note: 'Tokens of an answer.', format: 'number' },
      ...maker.noisy('training, ', '--train', 'length'),
      maker.dots('held out', 'heldOutLength'),
    ),
    chart(
      {
        id: 'shares',
        title: 'Cut and repeated',
        note: 'Answers cut at the limit, and 4-grams of an answer that are there more than once.',
        format: 'percent',
      },
      maker.smoothed('cut', 'truncated', '--train'),
      maker.dots('cut, held out', 'heldOutTruncated', '--train'),
      maker.smoothed('repeated', 'repetition', '--held'),
      maker.dots('repeated, held out', 'heldOutRepetition', '--held'),
    ),
    chart(
      {
        id: 'loss',
        title: 'Loss',
        note: 'Of the method; less is better where the method has one to lower.',
        format: 'number',
        wide: !names.includes('reward'),
        falling: true,
      },
      ...maker.noisy('training, ', '--train', 'loss'),
      maker.dots('held out', 'heldOutLoss'),
    ),
    chart(
      { id: 'accuracy', title: 'Accuracy', note: 'Pairs whose better answer is found better.', format: 'percent' },
      ...maker.noisy('training, ', '--train', 'accuracy'),
      maker.dots('held out', 'heldOutAccuracy'),
    ),
    chart(
      {
        id: 'margin',
        title: 'Margin',
        note: 'By how much the better answer is found better, in the units of the method.',
        format: 'number',
      },
      ...maker.noisy('training, ', '--train', 'margin'),
      maker.dots('held out', 'heldOutMargin'),
    ),
    chart(
      {
        id: 'log-probs',
        title: 'Log-probabilities',
        note: 'Of the answers, in nats a token. Both may fall; the better one should fall less.',
        format: 'number',
      },
      maker.smoothed('chosen', 'chosenLogProb', '--speed'),
      maker.smoothed('rejected', 'rejectedLogProb', '--train'),
    ),
    chart(
      {
        id: 'value',
        title: 'Value head',
        note: 'Its loss, and the share of the variance of returns that it explains.',
        format: 'number',
      },
      maker.smoothed('loss', 'valueLoss', '--train'),
      maker.smoothed('explained variance', 'explainedVariance', '--held'),
    ),
    chart(
      { id: 'clipped', title: 'Clipped', note: 'Tokens whose probability moved beyond the clip.', format: 'percent' },
      ...maker.noisy('', '--train', 'ratioClipped'),
    ),
    chart(
      { id: 'controller', title: 'KL coefficient', note: 'What a nat costs.', format: 'number' },
      maker.line('coefficient', 'klCoefficient', '--rate'),
    ),
    rateChart(maker),
    gradientChart(maker),
  ].filter((one) => one !== null);
}

/** Reward against KL: of each step, and of each evaluation in turn. */
export function rewardAgainstKl(metrics: readonly MetricsLine[]): ScatterSeries[] {
  const points = (kl: string, reward: string): ScatterSeries['points'] =>
    metrics.flatMap((line) => {
      const [x, y] = [line[kl], line[reward]];
      return x === undefined || y === undefined ? [] : [{ x, y, name: `step ${line.step}: ${digits(y)} at ${digits(x)} nats` }]; // prettier-ignore
    });
  return [
    { label: 'each step', colour: '--train', joined: false, points: thin(points('kl', 'reward')) },
    { label: 'held out', colour: '--held', joined: true, points: points('heldOutKl', 'heldOutReward') },
    { label: 'check', colour: '--rate', joined: true, points: points('heldOutKl', 'check') },
  ];
}

/** Points of a plot that can be told apart. */
const MOST_POINTS = 600;

function thin<T>(points: readonly T[]): T[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % Math.max(1, stride) === 0);
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));
