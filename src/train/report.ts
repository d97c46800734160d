/** `report.html`: one page that shows a run, complete in itself: it loads nothing and can be sent by mail. */
import { formatBytes, formatCount, formatDuration, formatPercent } from '../io/progress-format.js';
import type { SampleLine } from './metrics.js';
import {
  cardRow,
  commandBlock,
  curvePanels,
  escapeHtml as escape,
  group,
  reportPage,
  shortTime,
  tablePanel,
  type Chart,
} from '../report/index.js';
import { chartsOf } from './report-charts.js';
import { headline, type Headline, type RunReport } from './report-data.js';

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
  return reportPage({
    name,
    kind: 'training report',
    lead: summary(figures),
    when: `Begun ${shortTime(run.created)} · ${run.machine.cpu}`,
    curves: charts,
    body: `${cards(figures)}
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
${commandBlock(run.command)}`,
  });
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
  return cardRow(items, bitsPerByte !== undefined);
}

function chartsSection(charts: readonly Chart[]): string {
  return `<h2>How it learnt</h2>
<p class="note">Point at a curve for its values; drag to look closer, double-click to see all of it.</p>
${curvePanels(charts)}`;
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
