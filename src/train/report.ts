/** `report.html`: one page that shows a run, complete in itself: it loads nothing and can be sent by mail. */
import { formatBytes, formatCount, formatDuration, formatPercent } from '../io/progress-format.js';
import type { SampleLine } from './metrics.js';
import { chartsOf, chartSvg, type Chart } from './report-charts.js';
import { headline, type Headline, type RunReport } from './report-data.js';
import { escapeHtml as escape, group, jsonScript, valueTable } from './report-html.js';
import { chartStyle, reportScripts } from './report-script.js';
import { reportStyle } from './report-style.js';

/** Longest generated text that is shown, in characters. */
const MAX_TEXT = 1200;

/** Files listed one by one. */
const MAX_INPUTS = 40;

/** Samples of one prompt shown in its timeline. */
const MAX_STAGES = 12;

/** The whole page. Its charts are SVG where scripts do not run. */
export function renderReport(report: RunReport): string {
  const { name, run } = report;
  const figures = headline(report);
  const charts = chartsOf(report.metrics);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${escape(name)} · Telar</title>
<style>${chartStyle()}${reportStyle}</style>
</head>
<body>
<main>
<header>
<p class="eyebrow">Telar · training report</p>
<h1>${escape(name)}</h1>
<p class="lead">${summary(figures)}</p>
<p class="when">Begun ${escape(run.created.slice(0, 16).replace('T', ' '))} UTC · ${escape(run.machine.cpu)}</p>
</header>
${cards(figures)}
${samplesSection(report)}
${charts.length > 0 ? chartsSection(charts) : ''}
<h2>Data</h2>
<p class="note">The held-out text was never trained on; it is chosen by the hash of its content.</p>
<div class="panel scroll">${dataTable(report)}</div>
<h2>Configuration</h2>
<p class="note">What was asked for, and on what it ran.</p>
<div class="grid tables">
${tablePanel('Model', run.model)}
${tablePanel('Training', { ...run.training, seed: run.seed })}
${tablePanel('Tokenizer', run.tokenizer)}
${tablePanel('Machine', { ...run.machine, 'threads used': run.threads })}
${run.result ? tablePanel('Result', run.result) : ''}
</div>
<h2>Make it again</h2>
<p class="note">With the files above and the same version of Telar.</p>
<pre class="command"><code>${escape(run.command)}</code><button class="copy" type="button">Copy</button></pre>
<footer>Made by Telar. This page is complete in itself: it loads nothing.</footer>
</main>
${charts.length > 0 ? jsonScript('charts', charts) + reportScripts() : ''}
</body>
</html>
`;
}

/** What happened, in a sentence or two. */
function summary(figures: Headline): string {
  const { parameters, tokens, seconds, bitsPerByte, firstBitsPerByte } = figures;
  const subject = parameters === undefined ? 'A model' : `A model of ${formatCount(parameters)} parameters`;
  const read = tokens === undefined ? 'has not begun to train' : `trained on ${formatCount(tokens)} tokens`;
  const time = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  if (bitsPerByte === undefined) return `${subject} ${read}${time}.`;
  const before =
    firstBitsPerByte !== undefined && firstBitsPerByte > bitsPerByte
      ? `, down from ${firstBitsPerByte.toFixed(2)}`
      : '';
  return `${subject} ${read}${time}. A byte of text it has never seen now costs it <b>${bitsPerByte.toFixed(3)} bits</b>${before}.`;
}

function cards(figures: Headline): string {
  const { bitsPerByte, loss, tokens, seconds, tokensPerSecond, fractionOfPeak, parameters } = figures;
  const all: [string, string | undefined][] = [
    ['bits per byte of held-out text', bitsPerByte?.toFixed(3)],
    ['nats per token, held out', loss?.toFixed(3)],
    ['tokens trained on', tokens === undefined ? undefined : formatCount(tokens)],
    ['training time', seconds === undefined ? undefined : formatDuration(seconds)],
    ['tokens a second', tokensPerSecond === undefined ? undefined : group(Math.round(tokensPerSecond))],
    ['of the FP32 peak', fractionOfPeak === undefined ? undefined : formatPercent(fractionOfPeak)],
    ['parameters', parameters === undefined ? undefined : formatCount(parameters)],
  ];
  const items = all.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
  if (items.length === 0) return '';
  const item = ({ label, value }: { label: string; value: string }, i: number) =>
    `<li class="card${i === 0 && bitsPerByte !== undefined ? ' first' : ''}"><b>${value}</b><span>${label}</span></li>`;
  return `<ul class="cards">${items.map(item).join('')}</ul>`;
}

function chartsSection(charts: readonly Chart[]): string {
  const axis = (name: string, label: string, pressed: boolean) =>
    `<button type="button" data-axis="${name}" aria-pressed="${pressed}">${label}</button>`;
  return `<h2>How it learnt</h2>
<p class="note">Point at a curve for its values; drag to look closer, double-click to see all of it.</p>
<div class="axes">Over&nbsp; ${axis('tokens', 'tokens', true)}${axis('minutes', 'time', false)}${axis('steps', 'steps', false)}</div>
<div class="grid">${charts.map(chartPanel).join('\n')}</div>`;
}

function chartPanel(chart: Chart): string {
  const legend = chart.series.map(
    ({ label, colour, style }) => `<li class="${style}"><i style="background:var(${colour})"></i>${label} <b></b></li>`,
  );
  return `<section class="panel${chart.wide ? ' wide' : ''}">
<h3>${chart.title}</h3><p class="note">${chart.note}</p>
<ul class="legend" id="legend-${chart.id}">${legend.join('')}</ul>
<div class="chart" id="chart-${chart.id}">${chartSvg(chart)}</div>
</section>`;
}

function samplesSection(report: RunReport): string {
  const prompts = new Map<string, Map<number, SampleLine>>();
  for (const sample of report.samples) {
    const steps = prompts.get(sample.prompt) ?? new Map<number, SampleLine>();
    prompts.set(sample.prompt, steps.set(sample.step, sample));
  }
  if (prompts.size === 0) return '';
  const parts = [...prompts.values()].map((steps) =>
    promptPart(
      [...steps.values()].sort((a, b) => a.step - b.step),
      report,
    ),
  );
  return `<h2>What it writes</h2>
<p class="note">The same beginning, in colour, continued by the model at different times of its training.</p>
${parts.join('\n')}`;
}

/** One prompt: the first and the last sample side by side, then what came between. */
function promptPart(samples: readonly SampleLine[], report: RunReport): string {
  const last = samples.at(-1)!;
  if (samples.length === 1) return `<div class="panel after">${stage(last, report)}${generated(last)}</div>`;
  const first = samples[0]!;
  const between = evenly(samples.slice(1, -1), MAX_STAGES).map(
    (sample) => `<li>${stage(sample, report)}${generated(sample)}</li>`,
  );
  const timeline =
    between.length === 0
      ? ''
      : `<details><summary>On the way (${between.length})</summary><ol class="timeline">${between.join('')}</ol></details>`;
  return `<div class="pair">
<section class="panel"><h3>${first.step === 0 ? 'Before' : 'At first'}</h3>${stage(first, report)}${generated(first)}</section>
<section class="panel after"><h3>After</h3>${stage(last, report)}${generated(last)}</section>
</div>
${timeline}`;
}

/** When a sample was made, and how good the model was then. */
function stage({ step }: SampleLine, { metrics }: RunReport): string {
  const line = metrics.findLast((one) => one.step <= step);
  const bits = metrics.findLast((one) => one.step <= step && one.bitsPerByte !== undefined)?.bitsPerByte;
  const tokens = line === undefined || step === 0 ? '' : ` · ${formatCount(line.tokens)} tokens`;
  return `<div class="step"><b>step ${group(step)}</b>${tokens}${bits === undefined ? '' : ` · ${bits.toFixed(2)} bits per byte`}</div>`;
}

function generated({ prompt, text }: SampleLine): string {
  const characters = [...text];
  const shown = characters.length > MAX_TEXT ? `${characters.slice(0, MAX_TEXT).join('')}…` : text;
  return `<p class="text"><mark>${escape(prompt)}</mark>${escape(shown)}</p>`;
}

/** At most `count` items, spread over all. */
function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))]!);
}

function dataTable({ run }: RunReport): string {
  const { inputs, documents, trainTokens, trainBytes, heldOutTokens, heldOutBytes } = run.data;
  const row = (path: string, bytes: number, sha256: string) =>
    `<tr><td class="path">${escape(path)}</td><td class="number">${formatBytes(bytes)}</td><td><code>${escape(sha256)}</code></td></tr>`;
  const shown = inputs.length > MAX_INPUTS ? MAX_INPUTS - 1 : inputs.length;
  const rows = inputs.slice(0, shown).map(({ path, bytes, sha256 }) => row(path, bytes, sha256.slice(0, 16)));
  const rest = inputs.slice(shown);
  if (rest.length > 0)
    rows.push(
      row(
        `and ${group(rest.length)} more files, named in run.json`,
        rest.reduce((sum, { bytes }) => sum + bytes, 0),
        '',
      ),
    );
  const part = (label: string, tokens: number, bytes: number) =>
    `<tr><th scope="row">${label}</th><td class="number">${group(tokens)}</td><td class="number">${formatBytes(bytes)}</td>` +
    `<td class="number">${tokens > 0 ? (bytes / tokens).toFixed(2) : '–'}</td></tr>`;
  return (
    `<table><thead><tr><th>${group(documents)} ${documents === 1 ? 'document' : 'documents'}</th><th class="number">tokens</th>` +
    `<th class="number">text</th><th class="number">bytes per token</th></tr></thead>
<tbody>${part('trained on', trainTokens, trainBytes)}${part('held out', heldOutTokens, heldOutBytes)}</tbody>
<tfoot>${part('together', trainTokens + heldOutTokens, trainBytes + heldOutBytes)}</tfoot></table>
<details style="margin:16px 0 0"${inputs.length <= 8 ? ' open' : ''}><summary>${group(inputs.length)} ${inputs.length === 1 ? 'file' : 'files'}</summary>
<table><thead><tr><th>file</th><th class="number">size</th><th>SHA-256, beginning</th></tr></thead><tbody>${rows.join('')}</tbody></table></details>`
  );
}

function tablePanel(title: string, values: Record<string, unknown>): string {
  return `<section class="panel"><h3>${title}</h3>${valueTable(values)}</section>`;
}
