/** `report.html` of a corpus: what came in, what went and why, what stayed. */
import { formatBytes, formatCount, formatDuration } from '../../io/progress-format.js';
import { cardRow, escapeHtml as escape, notice, reportPage, shortTime, type Card } from '../../report/index.js';
import type { CorpusReport } from './data.js';
import { discrepancies, keptOf, percent, rate, share } from './figures.js';
import { droppedSection, funnelSection, problemsSection, sourcesSection } from './flow-sections.js';
import {
  againSection,
  configurationSection,
  filesSection,
  megabytes,
  timingsSection,
  tokenizerSection,
} from './making-sections.js';
import { distributionSection, duplicatesSection, safetySection, samplesSection } from './text-sections.js';

/** The whole page, complete in itself: it loads nothing. Texts are escaped and shortened here. */
export function renderCorpusReport(report: CorpusReport): string {
  const wrong = discrepancies(report);
  const sections = [
    funnelSection(report),
    sourcesSection(report),
    droppedSection(report),
    samplesSection(report),
    distributionSection(report),
    duplicatesSection(report),
    safetySection(report),
    problemsSection(report),
    tokenizerSection(report),
    timingsSection(report),
    configurationSection(report),
    filesSection(report),
    againSection(report),
  ].filter((section) => section !== undefined);
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escape(title)}</a></li>`);
  return reportPage({
    name: report.name,
    kind: 'corpus report',
    lead: lead(report),
    when: `Finished ${shortTime(report.created)} · Telar ${report.telar} · ${report.machine.cpu}`,
    body: `${cardRow(cards(report), true)}
${wrong.length > 0 ? notice('The figures of this report contradict one another', wrong) : ''}
<ul class="contents">${links.join('')}</ul>
${sections.map(({ html }) => html).join('\n')}`,
  });
}

/** What happened, in a sentence or two. */
function lead(report: CorpusReport): string {
  const { read } = report;
  const kept = keptOf(report);
  if (read.documents === 0) return 'No document was found in the sources.';
  const came = `${formatCount(read.documents)} ${read.documents === 1 ? 'document' : 'documents'} came in, ${formatBytes(read.bytes)} of text.`;
  if (kept.documents === 0) return `${came} None of it stayed.`;
  return (
    `${came} ${formatCount(kept.documents)} stayed, ${escape(percent(share(kept.bytes, read.bytes)))} of the text: ` +
    `<b>${formatCount(kept.tokens)} tokens</b>, ready in ${formatDuration(report.seconds)}.`
  );
}

function cards(report: CorpusReport): Card[] {
  const { read, seconds, problems } = report;
  const kept = keptOf(report);
  const perSecond = rate(read.bytes, seconds);
  return [
    { label: 'tokens', value: formatCount(kept.tokens) },
    { label: `documents kept of ${formatCount(read.documents)}`, value: formatCount(kept.documents) },
    { label: `of text kept of ${formatBytes(read.bytes)}`, value: formatBytes(kept.bytes) },
    { label: problems.count === 1 ? 'piece unreadable' : 'pieces unreadable', value: formatCount(problems.count) },
    { label: 'from input to shards', value: formatDuration(seconds) },
    ...(perSecond === undefined ? [] : [{ label: 'MB of text read a second', value: megabytes(perSecond) }]),
  ];
}
