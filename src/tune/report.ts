/** `report.html` of a tuning run: what it answered before and after, the curves, the data, the configuration. */
import { basename, resolve } from 'node:path';
import { formatBytes, formatCount, formatDuration } from '../io/progress-format.js';
import {
  type Card,
  cardRow,
  commandBlock,
  curvePanels,
  escapeHtml as escape,
  group,
  reportPage,
  shortTime,
  tablePanel,
} from '../report/index.js';
import { chartsOf, metricsByStep, readSamples, samplesSection } from '../train/index.js';
import type { TuneRun } from './tune-run.js';

/** The page of the run in `out`, finished or not. */
export function renderTuneReport(out: string, run: TuneRun): string {
  const metrics = metricsByStep(out);
  const lastStep = run.best?.step ?? Infinity; // later weights were not kept
  const samples = readSamples(out).filter(({ step }) => step <= lastStep);
  const charts = chartsOf(metrics);
  const losses = metrics.flatMap(({ validationLoss }) => validationLoss ?? []);
  return reportPage({
    name: basename(resolve(out)),
    kind: 'tuning report',
    lead: summary(run, losses[0]),
    when: `Begun ${shortTime(run.created)} · ${run.machine.cpu}`,
    curves: charts,
    body: `${cards(run, losses[0])}
${samplesSection({ samples, metrics }, 'What it answers', 'A prompt it was not taught, in colour, and the answers before and after.')}
${
  charts.length > 0
    ? `<h2>How it learnt</h2>
<p class="note">Point at a curve for its values; drag to look closer, double-click to see all of it.</p>
${curvePanels(charts)}`
    : ''
}
<h2>Data</h2>
<div class="panel scroll">${dataTable(run)}</div>
<h2>Configuration</h2>
<p class="note">What was asked for, and on what it ran.</p>
<div class="grid tables">
${tablePanel('Base', run.base)}
${run.adapter ? tablePanel('Adapter', { ...run.adapter, ...run.start }) : ''}
${tablePanel('Training', { method: run.method, ...run.training, seed: run.seed })}
${tablePanel('Model', run.model)}
${tablePanel('Machine', { ...run.machine, 'threads used': run.threads })}
${run.result ? tablePanel('Result', run.result) : ''}
</div>
<h2>Make it again</h2>
<p class="note">With the files above and the same version of Telar.</p>
${commandBlock(run.command)}`,
  });
}

function summary({ method, data, result, best }: TuneRun, before: number | undefined): string {
  const how =
    method === 'full' ? 'All weights' : { lora: 'A LoRA', prompt: 'A soft prompt', prefix: 'A prefix' }[method];
  const seconds = Number(result?.['seconds'] ?? NaN);
  const time = Number.isFinite(seconds) ? ` in ${formatDuration(seconds)}` : '';
  const begun = `${how} learned from ${group(data.examples)} examples${time}.`;
  if (!best) return begun;
  const from = before !== undefined && before > best.value ? `, down from ${before.toFixed(3)}` : '';
  return `${begun} An answer it was not taught now costs it <b>${best.value.toFixed(3)} nats a token</b>${from}.`;
}

function cards({ best, result = {}, data }: TuneRun, before: number | undefined): string {
  const count = (name: string): string | undefined =>
    result[name] === undefined ? undefined : formatCount(Number(result[name]));
  const all: [string, string | undefined][] = [
    ['validation loss, nats a token', best?.value.toFixed(3)],
    ['before', before?.toFixed(3)],
    ['best step', best && group(best.step)],
    ['parameters trained', count('trainedParameters')],
    ['examples', group(data.examples)],
    ['tokens learned', count('tokens')],
    ['time', result['seconds'] === undefined ? undefined : formatDuration(Number(result['seconds']))],
  ];
  const items: Card[] = all.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
  return cardRow(items, best !== undefined);
}

function dataTable({ data }: TuneRun): string {
  const part = (label: string, examples: number, tokens: number): string =>
    `<tr><th scope="row">${label}</th><td class="number">${group(examples)}</td><td class="number">${group(tokens)}</td></tr>`;
  const files = [...data.inputs, ...data.validationInputs].map(
    ({ path, bytes, sha256 }) =>
      `<tr><td class="path">${escape(path)}</td><td class="number">${formatBytes(bytes)}</td><td><code>${escape(sha256.slice(0, 16))}</code></td></tr>`,
  );
  return `<table><thead><tr><th></th><th class="number">examples</th><th class="number">learned tokens</th></tr></thead>
<tbody>${part('learned from', data.examples, data.learnedTokens)}${part('held out', data.validationExamples, data.validationTokens)}</tbody></table>
<p class="note">${group(data.skipped)} left out, ${group(data.truncated)} cut to ${group(data.context)} tokens.</p>
<table><thead><tr><th>file</th><th class="number">size</th><th>SHA-256, beginning</th></tr></thead><tbody>${files.join('')}</tbody></table>`;
}
