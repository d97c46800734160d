/** What a search for a prompt leaves: `winner.prompt.md`, `report.json`, `report.html`. */
import { join } from 'node:path';
import { writeAtomic } from '../io/files.js';
import { formatCount, formatDuration } from '../io/progress-format.js';
import {
  type BarRow,
  barTable,
  cardRow,
  commandBlock,
  escapeHtml as escape,
  notice,
  reportPage,
  shortTime,
  tablePanel,
} from '../report/index.js';
import type { Candidate } from './candidates.js';
import type { Comparison, Score } from './metric.js';
import type { OptimizeResult, Standing } from './optimize.js';
import { renderPrompt } from './render.js';
import type { MetricName } from './settings.js';
import type { Values } from './values.js';
import { exampleRow, formatPromptFile } from './write-prompt.js';

export interface SearchReport extends Omit<OptimizeResult, 'standings' | 'prompt' | 'winner'> {
  name: string;
  created: string;
  command: string;
  model: string;
  candidates: (Standing & { changes: string[]; why: string })[];
  winner: { name: string; isSeed: boolean; text: string };
}

/** Everything about a search as one document. */
export function searchReport(
  result: OptimizeResult,
  about: { name: string; created: string; command: string; model: string },
): SearchReport {
  const { standings, prompt: _, winner, ...rest } = result;
  const seed = standings[0]!.candidate;
  const text = promptText(result);
  return {
    ...about,
    ...rest,
    candidates: standings.map((standing, i) => ({
      ...standing,
      changes: changesOf(seed, standing.candidate),
      why: why(standing, result, i),
    })),
    winner: { name: standings[winner]!.name, isSeed: winner === 0, text },
  };
}

/** The winner as the text of a prompt file, which says where it comes from. */
function promptText({ prompt, metric, standings, winner, test, gain }: OptimizeResult): string {
  const { score, examples, name } = standings[winner]!;
  const notes = [
    `Found by telar prompt optimize: candidate ${name}${winner === 0 ? ', the seed itself' : ''}.`,
    ...(score
      ? [`${metric} ${interval(metric, score)} on the ${examples} development examples it was chosen on.`]
      : []),
    ...(test ? [`${metric} ${interval(metric, test.winner)} held out; the seed ${interval(metric, test.seed)}.`] : []),
    ...(test || gain ? [verdict({ metric, test, gain, winner })] : []),
  ];
  const dynamic = prompt.settings.examples.select !== 'fixed' && prompt.pool.length > 0;
  return formatPromptFile(prompt, { notes, ...(dynamic && { from: 'examples.jsonl' }) });
}

/** Writes the winner, its examples where they are chosen for each question, and both reports. */
export function writeSearch(out: string, result: OptimizeResult, report: SearchReport): void {
  const { prompt } = result;
  if (prompt.settings.examples.select !== 'fixed' && prompt.pool.length > 0)
    writeAtomic(
      join(out, 'examples.jsonl'),
      prompt.pool.map((example) => `${JSON.stringify(exampleRow(example, prompt.settings))}\n`).join(''),
    );
  writeAtomic(join(out, 'winner.prompt.md'), report.winner.text);
  writeAtomic(join(out, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  writeAtomic(join(out, 'report.html'), renderSearch(report, result));
}

/** In one sentence: whether the winner is better than the seed, and how sure that is. */
export function verdict({
  metric,
  test,
  gain,
  winner,
}: Pick<OptimizeResult, 'metric' | 'test' | 'gain' | 'winner'>): string {
  if (winner === 0) return 'No candidate did better than the seed.';
  if (!test)
    return gain
      ? `Nothing was held out: the gain of ${difference(metric, gain)} is on the examples the winner was chosen on, and too good.`
      : 'Nothing was held out.';
  const p = test.gain.p === null ? '' : `, McNemar p = ${Number(test.gain.p.toPrecision(2))}`;
  const figures = `${difference(metric, test.gain)}${p}`;
  if (!test.gain.significant) return `The gain on held-out examples is not significant: ${figures}.`;
  return test.gain.difference > 0
    ? `The winner is better on held-out examples: ${figures}.`
    : `The winner is worse on held-out examples: ${figures}. Keep the seed.`;
}

/** `83.1% [78.0%, 87.2%]` */
export function interval(metric: MetricName, { value, low, high }: Score): string {
  return `${figure(metric, value)} [${figure(metric, low)}, ${figure(metric, high)}]`;
}

function difference(metric: MetricName, { difference, low, high }: Comparison): string {
  const signed = (x: number): string => `${x > 0 ? '+' : ''}${figure(metric, x)}`;
  return `${signed(difference)} [${signed(low)}, ${signed(high)}]`;
}

function figure(metric: MetricName, value: number): string {
  return metric === 'likelihood' ? value.toFixed(3) : `${(100 * value).toFixed(1)}%`;
}

/** What a candidate has different from the seed. */
export function changesOf(seed: Candidate, candidate: Candidate): string[] {
  const quote = (text: string): string => JSON.stringify(text);
  const { count, select, seed: draw } = candidate.examples;
  const same = <K extends keyof Candidate>(key: K): boolean =>
    JSON.stringify(seed[key]) === JSON.stringify(candidate[key]);
  const words = Object.entries(candidate.labels ?? {}).map(([label, text]) => `${label} as ${quote(text)}`);
  return [
    same('instruction')
      ? ''
      : candidate.instruction === ''
        ? 'no instruction'
        : `instruction ${quote(candidate.instruction)}`,
    same('place') ? '' : `instruction ${candidate.place} the examples`,
    same('form') ? '' : `form ${quote(candidate.form)}`,
    same('separator') ? '' : `separator ${quote(candidate.separator)}`,
    same('labels') ? '' : words.join(', '),
    same('examples')
      ? ''
      : count === 0
        ? 'no examples'
        : `${count} examples, ${select}${draw === null ? '' : `, draw ${draw}`}`,
    same('calibrate') ? '' : candidate.calibrate === 'none' ? 'not calibrated' : 'calibrated without content',
  ].filter((change) => change !== '');
}

function why(
  { fell, behind, leader, examples }: Standing,
  { metric, rounds, winner }: OptimizeResult,
  i: number,
): string {
  if (i === winner) return 'winner';
  if (fell === null || !behind) return examples === 0 ? 'not scored' : 'the search stopped before it was decided';
  const { size } = rounds[fell - 1]!;
  const sure = behind.significant ? '' : ', which could be chance';
  return `fell in round ${fell}: ${leader} was better by ${difference(metric, behind)} on the same ${size} examples${sure}`;
}

function renderSearch(report: SearchReport, result: OptimizeResult): string {
  const { metric, test, spent, seconds, candidates, examples, rounds, created, name, model } = report;
  const winner = result.standings[result.winner]!;
  const cards = [
    {
      label: `${metric} of the winner, ${test ? 'held out' : 'development'}`,
      value: test ? figure(metric, test.winner.value) : winner.score ? figure(metric, winner.score.value) : '–',
    },
    {
      label: `${metric} of the seed`,
      value: test
        ? figure(metric, test.seed.value)
        : report.candidates[0]!.score
          ? figure(metric, report.candidates[0]!.score.value)
          : '–',
    },
    { label: 'candidates', value: String(candidates.length) },
    { label: 'tokens charged', value: formatCount(spent) },
    { label: 'scoring', value: formatDuration(seconds) },
  ];
  const sample = sampleOf(result);
  return reportPage({
    name,
    kind: 'prompt search',
    lead: escape(`${verdict(result)}${report.interrupted ? ' The search was stopped before its end.' : ''}`),
    when: `Begun ${shortTime(created)} · ${model}`,
    body: `${cardRow(cards, true)}
${test && !test.gain.significant && result.winner !== 0 ? notice('Not significant', [verdict(result)]) : ''}
${test ? `<h2>Held out</h2><p class="note">Both prompts on ${examples.test} examples that nothing was chosen on.</p><div class="panel scroll">${barTable(['Prompt', `${metric}, 95% interval`], [scoreRow('winner', metric, test.winner), scoreRow('seed', metric, test.seed)])}</div>` : ''}
<h2>The winner</h2>
<p class="note">${escape(changesLine(report))}</p>
${commandBlock(report.winner.text)}
${sample === '' ? '' : `<details><summary>As a model sees it</summary>${commandBlock(sample)}</details>`}
<h2>Candidates</h2>
<p class="note">Scored on the same growing sample; in each of ${rounds.length} rounds the worse half falls. Scores of different sizes of sample are not comparable.</p>
<div class="panel scroll">${barTable(['Candidate', metric, 'examples', 'tokens each'], candidateRows(report))}</div>
${tooLongNotice(result)}
<h2>Figures</h2>
<div class="grid tables">${tablePanel('Examples', examples)}${tablePanel('Cost', { budget: report.budget, charged: spent, seconds: Number(seconds.toFixed(1)) })}</div>
<h2>Make it again</h2>
${commandBlock(report.command)}`,
  });
}

function tooLongNotice({ tooLong, standings }: OptimizeResult): string {
  if (tooLong.length === 0) return '';
  const points = tooLong.map((candidate) => changesOf(standings[0]!.candidate, candidate).join('; '));
  return notice('Not tried: too long for the context, even without examples', points);
}

function changesLine({ candidates, winner }: SearchReport): string {
  const { changes } = candidates.find(({ name }) => name === winner.name)!;
  return changes.length === 0 ? 'The seed as it was.' : `Other than the seed: ${changes.join('; ')}.`;
}

/** The winner, then by how far a candidate came, then by its score. */
function candidateRows({ candidates, metric, winner }: SearchReport): BarRow[] {
  const order = candidates.toSorted(
    (a, b) =>
      Number(b.name === winner.name) - Number(a.name === winner.name) ||
      (b.fell ?? -1) - (a.fell ?? -1) ||
      (b.score?.value ?? -Infinity) - (a.score?.value ?? -Infinity),
  );
  return order.map(({ name, changes, why, score, examples, cost }) => ({
    label: `${name}${name === candidates[0]!.name ? ' (seed)' : ''}`,
    note: `${[...changes, why].join('; ')}`,
    segments: score
      ? [{ share: shareOf(metric, score.value), colour: name === winner.name ? '--accent' : '--held' }]
      : [],
    figures: [score ? interval(metric, score) : '–', String(examples), String(cost)],
    strong: name === winner.name,
  }));
}

function scoreRow(label: string, metric: MetricName, score: Score): BarRow {
  return {
    label,
    segments: [{ share: shareOf(metric, score.value), colour: label === 'winner' ? '--accent' : '--held' }],
    figures: [interval(metric, score)],
  };
}

/** A log-probability is shown as the probability it is the logarithm of. */
function shareOf(metric: MetricName, value: number): number {
  return metric === 'likelihood' ? Math.exp(value) : value;
}

/** The prompt with an example of its own asked as the question. */
function sampleOf({ prompt }: OptimizeResult): string {
  const [first, ...others] = prompt.pool;
  const values: Values =
    first?.values ?? new Map(Object.keys(prompt.settings.input).map((name) => [name, `(${name})`]));
  return renderPrompt(prompt, values, others.slice(0, prompt.settings.examples.count ?? others.length));
}
