/** `report.html`: one page that shows a run, complete in itself: it loads nothing and can be sent by mail. */
import { formatBytes, formatCount, formatDuration, formatPercent } from '../io/progress-format.js';
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
import { samplesSection } from './report-samples.js';

/** Files listed one by one. */
const MAX_INPUTS = 40;

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
