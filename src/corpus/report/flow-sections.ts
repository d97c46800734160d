/** Sections of a corpus report on what came in, what went and what stayed: the funnel, the sources, the dropped, the problems. */
import { formatBytes, formatCount } from '../../io/progress-format.js';
import { barTable, escapeHtml as escape, group, track, type BarRow } from '../../report/index.js';
import { excerpt, EXCERPT_LENGTHS, type CorpusReport, type Removal, type ReportSource } from './data.js';
import { funnelOf, keptOf, percent, removalName, share, type FunnelStep } from './figures.js';
import { panel, section, type Section } from './section.js';

/** Problems, sources and paths listed one by one. */
const MAX_ROWS = 100;
const MAX_PATHS = 4;

/** Text left after every step, with what the step took. */
export function funnelSection(report: CorpusReport): Section {
  const { read, train, heldOut } = report;
  const steps = funnelOf(report);
  const full = Math.max(read.bytes, ...steps.map(({ left }) => left.bytes));
  const busy = steps.filter(({ removal }) => removal.documents !== 0 || removal.bytes !== 0);
  const idle = steps.filter((step) => !busy.includes(step));
  const rows: BarRow[] = [
    {
      label: 'read',
      segments: [{ share: share(read.bytes, full), colour: '--kept' }],
      figures: ['', '', group(read.documents), formatBytes(read.bytes)],
      strong: true,
    },
    ...busy.map((step) => stepRow(step, full)),
    ...(
      [
        ['to train on', train],
        ['held out', heldOut],
      ] as const
    ).map(([label, { documents, bytes }]): BarRow => {
      const segments = [{ share: share(bytes, full), colour: '--kept' }];
      return { label, segments, figures: ['', '', group(documents), formatBytes(bytes)], strong: true };
    }),
  ];
  const rest = idle.map(({ removal }) => `<code>${escape(removalName(removal))}</code>`).join(', ');
  return section(
    'funnel',
    'From input to shards',
    'Every step in its order. Blue is the text that was left after it, orange what it took.',
    panel(
      barTable(['step', 'documents gone', 'text gone', 'documents left', 'text left'], rows) +
        (rest === '' ? '' : `<p class="note" style="margin:14px 0 0">Took nothing: ${rest}.</p>`),
      'scroll',
    ),
  );
}

function stepRow({ removal, left }: FunnelStep, full: number): BarRow {
  const { documents, bytes, touched } = removal;
  return {
    label: removalName(removal),
    ...(touched === undefined ? {} : { note: `in ${group(touched)} ${touched === 1 ? 'document' : 'documents'}` }),
    segments: [
      { share: share(left.bytes + Math.min(0, bytes), full), colour: '--kept' },
      { share: share(Math.abs(bytes), full), colour: bytes > 0 ? '--gone' : '--speed' },
    ],
    figures: [signed(documents, group), signed(bytes, formatBytes), group(left.documents), formatBytes(left.bytes)],
  };
}

/** Of what was taken: `−12`, `+3` where a step added, nothing for nothing. */
function signed(taken: number, format: (value: number) => string): string {
  return taken === 0 ? '' : `${taken > 0 ? '−' : '+'}${format(Math.abs(taken))}`;
}

const sourceColours = ['--held', '--train', '--speed', '--gradient', '--rate'];

/** A bar of the mixture and a row for each source. */
export function sourcesSection(report: CorpusReport): Section {
  const { sources } = report;
  const { tokens } = keptOf(report);
  const colour = (i: number) => sourceColours[i % sourceColours.length]!;
  const bar = track(sources.map((source, i) => ({ share: share(source.tokens, tokens), colour: colour(i) })));
  const head = ['source', 'format', ...sourceFigures, 'asked for'].map(
    (name) => `<th${sourceFigures.includes(name) ? ' class="number"' : ''}>${name}</th>`,
  );
  const rows = sources
    .slice(0, MAX_ROWS)
    .map((source, i) => sourceRow(source, share(source.tokens, tokens), colour(i)));
  const hidden = sources.length - rows.length;
  return section(
    'sources',
    'Sources',
    'What the mixture is made of, by tokens. A document that stands in the shards twice counts twice.',
    panel(
      `<div class="mixture">${bar}</div><table class="sources stacks quiet"><thead><tr>${head.join('')}</tr></thead>` +
        `<tbody>${rows.join('\n')}</tbody></table>` +
        (hidden > 0 ? `<p class="note">And ${group(hidden)} more, listed in report.json.</p>` : ''),
      'scroll',
    ),
  );
}

const sourceFigures = ['documents read', 'text read', 'documents kept', 'text kept', 'tokens', 'share', 'epochs'];

function sourceRow(source: ReportSource, part: number, colour: string): string {
  const { name, paths, licence, origin, format, read, kept, tokens, epochs, weight, cap } = source;
  const more = paths.length > MAX_PATHS ? ` and ${group(paths.length - MAX_PATHS)} more` : '';
  const where = `${paths.slice(0, MAX_PATHS).join(', ')}${more}`;
  const figures = [
    group(read.documents),
    formatBytes(read.bytes),
    group(kept.documents),
    formatBytes(kept.bytes),
    formatCount(tokens),
    percent(part),
    String(Number(epochs.toPrecision(3))),
  ];
  const asked = [
    weight === undefined ? [] : [`weight ${group(weight)}`],
    cap ? [`at most ${capText(cap)}`] : [],
  ].flat();
  const small = [where, licence ?? 'licence not stated', ...(origin === undefined ? [] : [origin])];
  return (
    `<tr><th scope="row"><i class="dot" style="background:var(${colour})"></i>${escape(name)}` +
    `${small.map((line) => `<small>${escape(line)}</small>`).join('')}</th><td data-label="format">${escape(format)}</td>` +
    `${figures.map((value, i) => `<td class="number" data-label="${sourceFigures[i]}">${value}</td>`).join('')}` +
    `<td data-label="asked for">${escape(asked.join(', ') || '–')}</td></tr>`
  );
}

/** A cap in words: `200 MB`, `5,000 documents`. */
export function capText({ amount, unit }: NonNullable<ReportSource['cap']>): string {
  return unit === 'bytes' ? formatBytes(amount) : `${group(amount)} ${unit}`;
}

/** Rules that dropped documents, the strictest first, each with its examples. */
export function droppedSection(report: CorpusReport): Section | undefined {
  const dropped = report.removals
    .filter(({ kind, documents, examples }) => kind !== 'mixing' && (documents > 0 || examples.length > 0))
    .sort((a, b) => b.documents - a.documents);
  if (dropped.length === 0) return undefined;
  const most = dropped[0]!.documents;
  const open = dropped.findIndex(({ examples }) => examples.length > 0);
  const head =
    '<summary class="head"><span style="text-align:left">rule</span><span></span><span>documents</span><span>of all read</span><span>text</span></summary>';
  const rules = dropped.map((removal, i) => droppedRule(removal, most, report.read.documents, i === open));
  return section(
    'dropped',
    'What was left out, and why',
    'Open a rule for examples of what it took, with what was measured. If an example looks worth keeping, the rule is too strict.',
    `<div class="panel opens"><details class="empty">${head}</details>${rules.join('\n')}</div>`,
  );
}

function droppedRule(removal: Removal, most: number, all: number, open: boolean): string {
  const { documents, bytes, examples } = removal;
  const gone = documents > 0 ? [group(documents), percent(share(documents, all))] : ['–', '–'];
  const figures = [...gone, formatBytes(Math.max(0, bytes))];
  const shown = examples.map(
    ({ source, detail, excerpt: text }) =>
      `<figure class="example"><figcaption>${detail === undefined ? '' : `<b>${escape(detail)}</b> · `}${escape(source)}</figcaption>` +
      `<p class="text" dir="auto">${escape(excerpt(text, EXCERPT_LENGTHS.example))}</p></figure>`,
  );
  return (
    `<details${open ? ' open' : ''}${shown.length === 0 ? ' class="empty"' : ''}><summary><code>${escape(removalName(removal))}</code>` +
    `${track([{ share: share(documents, most), colour: '--gone' }])}${figures.map((figure) => `<span>${figure}</span>`).join('')}</summary>` +
    `${shown.join('')}</details>`
  );
}

/** Pieces of the input that could not be read. */
export function problemsSection({ problems }: CorpusReport): Section | undefined {
  if (problems.count === 0) return undefined;
  const rows = problems.first
    .slice(0, MAX_ROWS)
    .map(
      ({ source, reason }) => `<tr><td class="path"><code>${escape(source)}</code></td><td>${escape(reason)}</td></tr>`,
    );
  const more = problems.count > rows.length ? `, the first ${group(rows.length)} of them here` : '';
  return section(
    'problems',
    'What could not be read',
    `${group(problems.count)} ${problems.count === 1 ? 'piece' : 'pieces'} of the input skipped${more}. With --strict the first is an error.`,
    panel(
      `<table class="listing stacks quiet"><thead><tr><th>where</th><th>why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
      'scroll',
    ),
  );
}
