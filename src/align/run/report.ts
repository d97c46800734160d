/** `report.html` of an alignment: what changed in its answers, what it cost, the curves, alarms, data, configuration. */
import { basename, resolve } from 'node:path';
import { formatBytes, formatCount, formatDuration } from '../../io/progress-format.js';
import {
  type Card,
  cardRow,
  commandBlock,
  curvePanels,
  escapeHtml as escape,
  group,
  notice,
  reportPage,
  scatterPanel,
  shortTime,
  tablePanel,
} from '../../report/index.js';
import { type MetricsLine, metricsByStep, readSamples, samplesSection } from '../../train/index.js';
import type { AlignRun } from './align-run.js';
import { feedbackKind } from './feedback.js';
import { methodNames } from './card.js';
import { alignCharts, rewardAgainstKl } from './report-charts.js';

/**
 * The page of the run in `out`, finished or not.
 * @param section what the method has to say of what was made, HTML
 */
export function renderAlignReport(out: string, run: AlignRun, section = ''): string {
  const metrics = metricsByStep(out);
  const lastStep = run.best?.step ?? Infinity; // later weights were not kept
  const samples = readSamples(out).filter(({ step }) => step <= lastStep);
  const charts = alignCharts(metrics);
  const looks = metrics.filter(({ step }) => step === 0 || step === (run.best?.step ?? metrics.at(-1)?.step));
  return reportPage({
    name: basename(resolve(out)),
    kind: 'alignment report',
    lead: summary(run, metrics),
    when: `Begun ${shortTime(run.created)} · ${run.machine.cpu}`,
    curves: charts,
    body: `${cards(run, metrics)}
${alarmNotice(run)}
${section}
${samplesSection({ samples, metrics }, 'What it answers', 'A prompt it does not learn from, in colour, and the answers before and after.')}
${scatterSection(metrics)}
${
  charts.length > 0
    ? `<h2>How it learnt</h2>
<p class="note">Point at a curve for its values; drag to look closer, double-click to see all of it.</p>
${curvePanels(charts)}`
    : ''
}
${beforeAfter(looks)}
${timeSection(run)}
<h2>Data</h2>
<div class="panel scroll">${dataTable(run)}</div>
<h2>Configuration</h2>
<p class="note">What was asked for, and on what it ran.</p>
<div class="grid tables">
${tablePanel('Base', run.base)}
${run.adapter ? tablePanel('Adapter', run.adapter) : ''}
${tablePanel('Method', { method: run.method, ...run.settings })}
${run.rewards.rewards.length > 0 ? tablePanel('Rewards', { rewards: run.rewards.rewards.join(', '), checks: run.rewards.checks.join(', ') || 'none', alarms: run.alarms }) : ''}
${tablePanel('Training', { ...run.training, seed: run.seed })}
${tablePanel('Model', run.model)}
${tablePanel('Machine', { ...run.machine, 'threads used': run.threads })}
${run.result ? tablePanel('Result', run.result) : ''}
</div>
<h2>Make it again</h2>
<p class="note">With the files above and the same version of Telar.</p>
${commandBlock(run.command)}`,
  });
}

function summary({ method, data, result, best, adapter }: AlignRun, metrics: readonly MetricsLine[]): string {
  const what = adapter ? 'A LoRA' : 'All weights';
  const units = { pairs: 'pairs of answers', thumbs: 'judged answers', prompts: 'prompts' }[feedbackKind(method)];
  const seconds = Number(result?.['seconds'] ?? NaN);
  const time = Number.isFinite(seconds) ? ` in ${formatDuration(seconds)}` : '';
  const begun = `${what} learned ${method === 'reward' ? 'to tell the better answer' : `by ${methodNames[method]}`} from ${group(data.examples)} ${units}${time}.`;
  if (!best) return begun;
  const before = metrics.find((line) => line[best.metric] !== undefined)?.[best.metric];
  const from = before === undefined ? '' : `, ${before.toFixed(3)} at the start`;
  return `${begun} Best ${escape(metricWords(best.metric))}: <b>${best.value.toFixed(3)}</b>${from}.`;
}

function cards({ best, result = {}, data }: AlignRun, metrics: readonly MetricsLine[]): string {
  const before = best && metrics.find((line) => line[best.metric] !== undefined)?.[best.metric];
  const at = (name: string): number | undefined =>
    (best ? metrics.find((line) => line.step === best.step) : metrics.at(-1))?.[name];
  const all: [string, string | undefined][] = [
    [best ? metricWords(best.metric) : '', best?.value.toFixed(3)],
    ['at the start', before?.toFixed(3)],
    ['nats from the base, held out', at('heldOutKl')?.toFixed(2)],
    ['best step', best && group(best.step)],
    [
      'parameters trained',
      result['trainedParameters'] === undefined ? undefined : formatCount(Number(result['trainedParameters'])),
    ],
    ['examples', group(data.examples)],
    ['time', result['seconds'] === undefined ? undefined : formatDuration(Number(result['seconds']))],
  ];
  const items: Card[] = all.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
  return cardRow(items, best !== undefined);
}

function alarmNotice({ result, best }: AlignRun): string {
  const name = result?.['stopped'];
  if (name === undefined) return '';
  const kept = best ? [`final/ holds the weights of step ${best.step}, the best before.`] : [];
  return notice(`Stopped by an alarm: ${name}`, [`${sentence(String(result?.['stoppedBecause']))}.`, ...kept]);
}

function scatterSection(metrics: readonly MetricsLine[]): string {
  const plot = scatterPanel(
    'Reward against KL',
    'What was gained for each nat that the model has moved away from its base. Up and to the left is better.',
    ['KL from the base, nats a sample', 'reward'],
    rewardAgainstKl(metrics),
  );
  return plot === '' ? '' : `<h2>What it cost</h2>\n${plot}`;
}

/** Everything that is measured on held-out data, at the start and at the step that was kept. */
function beforeAfter(looks: readonly MetricsLine[]): string {
  const [first, last] = [looks[0], looks.at(-1)];
  if (!first || !last || first === last) return '';
  const names = Object.keys(last).filter(
    (name) => /^(?:heldOut|check)/.test(name) && first[name] !== undefined && last[name] !== undefined,
  );
  if (names.length === 0) return '';
  const rows = names.map(
    (name) =>
      `<tr><th scope="row">${escape(metricWords(name))}</th><td class="number">${digits(first[name]!)}</td><td class="number">${digits(last[name]!)}</td></tr>`,
  );
  return `<h2>Before and after</h2>
<p class="note">On held-out data, at the start and at step ${group(last.step)}, which was kept.</p>
<div class="panel scroll"><table><thead><tr><th></th><th class="number">before</th><th class="number">after</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Where the time went, as the method has counted it: its results whose names end in `Seconds`. */
function timeSection({ result = {} }: AlignRun): string {
  const parts = Object.entries(result).flatMap(([name, value]) =>
    name.endsWith('Seconds') ? [[name.slice(0, -'Seconds'.length), Number(value)] as const] : [],
  );
  const total = Number(result['seconds'] ?? NaN);
  if (parts.length === 0 || !(total > 0)) return '';
  const rest = total - parts.reduce((sum, [, seconds]) => sum + seconds, 0);
  const rows = [...parts, ['other work', Math.max(0, rest)] as const].map(
    ([name, seconds]) =>
      `<tr><th scope="row">${escape(metricWords(name))}</th><td class="number">${formatDuration(seconds)}</td><td class="number">${Math.round((100 * seconds) / total)}%</td></tr>`,
  );
  return `<h2>Where the time went</h2>
<div class="panel scroll"><table><tbody>${rows.join('')}</tbody></table></div>`;
}

function dataTable({ data, rewards, method }: AlignRun): string {
  const files = [
    ...[...data.inputs, ...data.heldOutInputs].map(({ path, bytes, sha256 }) => [path, formatBytes(bytes), sha256]),
    ...rewards.files.map(({ path, sha256 }) => [path, 'of a reward', sha256]),
  ].map(
    ([path, size, hash]) =>
      `<tr><td class="path">${escape(path!)}</td><td class="number">${size}</td><td><code>${escape(hash!.slice(0, 16))}</code></td></tr>`,
  );
  return `<table><thead><tr><th></th><th class="number">${feedbackKind(method)}</th></tr></thead>
<tbody><tr><th scope="row">learned from</th><td class="number">${group(data.examples)}</td></tr>
<tr><th scope="row">held out</th><td class="number">${group(data.heldOutExamples)}</td></tr></tbody></table>
<p class="note">${group(data.skipped)} left out, ${group(data.truncated)} cut to ${group(data.context)} tokens.</p>
<table><thead><tr><th>file</th><th class="number">size</th><th>SHA-256, beginning</th></tr></thead><tbody>${files.join('')}</tbody></table>`;
}

/** `heldOutReward` becomes `held-out reward`. */
function metricWords(name: string): string {
  return name
    .replace(/^heldOut([A-Z])/, (_, letter: string) => `held-out ${letter.toLowerCase()}`)
    .replaceAll(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const digits = (value: number): string => String(Number(value.toPrecision(4)));
