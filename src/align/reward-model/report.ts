/** What an evaluation of a reward model says, as a part of a report page and as a table of a model card. */
import { barTable, cardRow, escapeHtml as escape, legend, markdownTable } from '../../report/index.js';
import type { Accuracy, RewardEvaluation } from './evaluate.js';

/** A part of a report page: figures, calibration, and what length has to do with it. HTML. */
export function rewardSection(evaluation: RewardEvaluation): string {
  const { calibration, lengthOnly, loss, margin } = evaluation;
  const cards = [
    { label: `of ${evaluation.pairs} held-out pairs right`, value: percent(evaluation.accuracy) },
    ...(lengthOnly ? [{ label: 'right by length alone', value: percent(lengthOnly.accuracy) }] : []),
    { label: 'calibration error', value: percent(calibration.error) },
    { label: 'nats a pair (0.693 without knowledge)', value: loss.toFixed(3) },
    { label: 'chosen less rejected, mean', value: margin.toFixed(3) },
  ];
  const right = evaluation.accuracy > (lengthOnly?.accuracy ?? 0.5);
  return `<h2>How well it tells the better answer</h2>
<p class="note">On pairs that it did not learn from. The interval is 95%: ${range(evaluation)}.${right ? '' : ' It is no better than its baseline.'}</p>
${cardRow(cards, true)}
<div class="grid">
<section class="panel"><h3>Calibration</h3><p class="note">How often it is right where it is so sure: σ of the difference of the rewards.</p>
${legend([
  { label: 'right', colour: '--kept' },
  { label: 'expected', colour: '--kept', faint: true },
])}
${barTable(
  ['sure', 'pairs', 'expected', 'right'],
  calibration.bins.map(({ from, to, count, predicted, observed }) => ({
    label: `${percent(from)} to ${percent(to)}`,
    segments: [
      { share: observed, colour: '--kept' },
      { share: Math.max(0, predicted - observed), colour: '--kept', faint: true },
    ],
    figures: [String(count), percent(predicted), percent(observed)],
  })),
)}</section>
<section class="panel"><h3>Length</h3><p class="note">${escape(lengthSentence(evaluation))}</p>
${barTable(
  ['pairs', 'number', 'right'],
  lengthRows(evaluation).map(([label, accuracy]) => ({
    label,
    segments: [{ share: accuracy.pairs > 0 ? accuracy.accuracy : 0, colour: '--kept' }],
    figures: [String(accuracy.pairs), accuracy.pairs > 0 ? percent(accuracy.accuracy) : '—'],
  })),
)}</section>
</div>`;
}

/** The same figures as a Markdown table. */
export function rewardMarkdown(evaluation: RewardEvaluation): string {
  const rows = lengthRows(evaluation).map(([label, accuracy]) => [
    label,
    String(accuracy.pairs),
    ...(accuracy.pairs > 0 ? [accuracy.accuracy.toFixed(3), range(accuracy)] : ['', '']),
  ]);
  const { calibration, loss } = evaluation;
  return `${markdownTable(['held-out pairs', '>pairs', '>right', '>95%'], rows)}

${lengthSentence(evaluation)} Calibration error: ${calibration.error.toFixed(3)}; loss: ${loss.toFixed(3)} nats a pair.
`;
}

function lengthRows(evaluation: RewardEvaluation): [string, Accuracy][] {
  const { length, lengthOnly } = evaluation;
  return [
    ['all', evaluation],
    ['the better answer is shorter', length.chosenShorter],
    ['the better answer is longer', length.chosenLonger],
    ...(lengthOnly ? [['length alone', lengthOnly] as [string, Accuracy]] : []),
  ];
}

function lengthSentence({ length }: RewardEvaluation): string {
  const { correlation, correlationWithinPairs: within } = length;
  return `Correlation of reward and length: ${correlation.toFixed(2)}; of their differences within pairs: ${within.toFixed(2)}.`;
}

function range({ interval }: Accuracy): string {
  return `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
