/** Sections of a corpus report on the texts themselves: languages, lengths, duplicates, personal data, toxicity, a sample. */
import { formatBytes, formatCount } from '../../io/progress-format.js';
import { barTable, escapeHtml as escape, group, histogram, legend } from '../../report/index.js';
import { excerpt, EXCERPT_LENGTHS, type CorpusReport } from './data.js';
import { percent, removedBy, share } from './figures.js';
import { panel, section, titledPanel, type Section } from './section.js';

/** Languages and contaminated documents listed one by one. */
const MAX_LANGUAGES = 12;
const MAX_HITS = 30;

/** Languages and lengths before and after. */
export function distributionSection(report: CorpusReport): Section {
  return section(
    'distributions',
    'Before and after',
    'How the texts that came in differ from those that stayed.',
    `<div class="pair">${lengthsPanel(report)}${languagesPanel(report)}</div>`,
  );
}

const beforeAfter = [
  { label: 'read', colour: '--gone', faint: true },
  { label: 'kept', colour: '--kept' },
];

function lengthsPanel({ lengths: { before, after } }: CorpusReport): string {
  if (![...before, ...after].some((count) => count > 0)) return titledPanel('Length', 'No document was measured.', '');
  const used = Array.from({ length: Math.max(before.length, after.length) }, (_, i) => i).filter(
    (i) => (before[i] ?? 0) > 0 || (after[i] ?? 0) > 0,
  );
  const [first, last] = [used[0]!, used.at(-1)!];
  const bins = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const every = Math.ceil(bins.length / 7);
  return titledPanel(
    'Length',
    'Documents by their characters; every column is twice as long as the one before it.',
    histogram({
      title: 'Documents by length in characters, before and after',
      bins: bins.map((i) => `${binRange(i)} characters`),
      labels: bins.map((i, at) => (at % every === 0 ? powerLabel(i) : '')),
      series: beforeAfter.map((series, i) => {
        return { ...series, counts: bins.map((bin) => (i === 0 ? before : after)[bin] ?? 0) };
      }),
    }),
  );
}

/** `512 to 1,023`; bin 0 begins at 0. */
function binRange(bin: number): string {
  return `${bin === 0 ? '0' : group(2 ** bin)} to ${group(2 ** (bin + 1) - 1)}`;
}

/** 2^bin, short: `512`, `4k` for 4096. */
function powerLabel(bin: number): string {
  return `${2 ** (bin % 10)}${['', 'k', 'M', 'G', 'T', 'P'][Math.floor(bin / 10)] ?? ''}`;
}

function languagesPanel({ languages, read }: CorpusReport): string {
  if (languages.length === 0) return titledPanel('Languages', 'No language was identified.', '');
  const sorted = [...languages].sort((a, b) => b.before.bytes - a.before.bytes);
  const total = Math.max(1, ...sorted.flatMap(({ before, after }) => [before.bytes, after.bytes]));
  const rows = sorted.slice(0, MAX_LANGUAGES).map(({ language, before, after }) => ({
    label: languageName(language),
    segments: [
      { share: after.bytes / total, colour: '--kept' },
      { share: Math.max(0, before.bytes - after.bytes) / total, colour: '--gone', faint: true },
    ],
    figures: [formatCount(before.documents), formatCount(after.documents)],
  }));
  const rest = sorted.slice(MAX_LANGUAGES);
  const more =
    rest.length === 0
      ? ''
      : ` The ${rest.length} others are ${percent(
          share(
            rest.reduce((sum, { before }) => sum + before.bytes, 0),
            read.bytes,
          ),
        )} of it.`;
  return titledPanel(
    'Languages',
    `By bytes of text, as identified; figures are documents.${more}`,
    legend(beforeAfter) + barTable(['', 'read', 'kept'], rows),
  );
}

const languageNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** `German` for `de`; the code itself where it has no name. */
export function languageName(code: string): string {
  if (code === 'und') return 'undetermined';
  return (/^[a-z]{2,3}$/.test(code) && languageNames.of(code)) || code;
}

/** Clusters of copies: how many, how large, and what is copied most. */
export function duplicatesSection(report: CorpusReport): Section | undefined {
  const { duplicates } = report;
  if (!duplicates) return undefined;
  const { clusters, sizes, largest } = duplicates;
  const [exact, near, paragraphs] = (['exact', 'near', 'paragraphs'] as const).map((kind) => removedBy(report, kind));
  const bins = sizes.map((_, i) => i).slice(1);
  const every = Math.ceil(bins.length / 7);
  const drawn =
    clusters === 0
      ? ''
      : titledPanel(
          'Size of clusters',
          'Clusters by the documents in them, on a logarithmic scale.',
          histogram({
            title: 'Clusters of duplicates by size',
            bins: bins.map((i) => `clusters of ${binRange(i)}`),
            labels: bins.map((i, at) => (at % every === 0 ? powerLabel(i) : '')),
            series: [{ label: 'clusters', colour: '--rate', counts: bins.map((i) => sizes[i] ?? 0) }],
            scale: 'log',
          }),
        );
  const list = largest.map(
    ({ size, source, excerpt: text }) =>
      `<figure class="example"><figcaption><b>${group(size)} copies</b> · ${escape(source)}</figcaption>` +
      `<p class="text" dir="auto">${escape(excerpt(text, EXCERPT_LENGTHS.cluster))}</p></figure>`,
  );
  return section(
    'duplicates',
    'Duplicates',
    `${group(clusters)} ${clusters === 1 ? 'group' : 'groups'} of documents that are copies of one another. ` +
      `${group(exact!.documents)} exact and ${group(near!.documents)} near copies of earlier documents went, and ${formatBytes(Math.max(0, paragraphs!.bytes))} of repeated paragraphs.`,
    clusters === 0
      ? ''
      : `<div class="pair">${drawn}${titledPanel('Copied most', 'The largest clusters, by the document that was kept.', list.join(''))}</div>`,
  );
}

/** Personal data, toxicity, contamination with test sets. */
export function safetySection(report: CorpusReport): Section {
  return section(
    'safety',
    'What should not be learnt',
    'Personal data, hate, and answers to the tests the model will be measured by.',
    `<div class="pair">${personalPanel(report)}${toxicityPanel(report)}</div>${contaminationPanel(report)}`,
  );
}

function personalPanel({ personalData }: CorpusReport): string {
  if (!personalData) return titledPanel('Personal data', 'Nobody looked for it: the step is off.', '');
  const counts = Object.entries(personalData.counts).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, counts[0]?.[1] ?? 0);
  const rows = counts.map(([kind, count]) => {
    return { label: kind, segments: [{ share: count / most, colour: '--gradient' }], figures: [group(count)] };
  });
  return titledPanel(
    'Personal data',
    `What looked like it was ${personalData.action}. Names and addresses have no such form and are not found.`,
    counts.length === 0 ? '<p>None was found.</p>' : barTable(['kind', 'found'], rows),
  );
}

function toxicityPanel({ toxicity }: CorpusReport): string {
  if (!toxicity) return titledPanel('Toxicity', 'Nobody looked for it: the step is off.', '');
  const { bins, threshold, classifier } = toxicity;
  const edge = (i: number) => String(Number((i / bins.length).toFixed(4)));
  return titledPanel(
    'Toxicity',
    `Scores of ${classifier}, documents on a logarithmic scale. What scored above ${threshold} was dropped.`,
    histogram({
      title: 'Documents by toxicity score',
      bins: bins.map((_, i) => `${edge(i)} to ${edge(i + 1)}`),
      labels: bins.map((_, i) => (i % 5 === 0 ? edge(i) : '')),
      series: [{ label: 'documents', colour: '--gradient', counts: bins }],
      scale: 'log',
      mark: { at: threshold, label: 'dropped' },
    }),
  );
}

function contaminationPanel({ contamination }: CorpusReport): string {
  const panelOf = (note: string, body: string) => titledPanel('Test sets', note, body);
  if (!contamination) return panelOf('No test set was given, so contamination is unknown.', '');
  const { n, testFiles, count, hits } = contamination;
  const shown = hits.slice(0, MAX_HITS);
  const rows = shown.map(
    ({ source, file, ngram }) =>
      `<tr><td class="path"><code>${escape(source)}</code></td><td class="path"><code>${escape(file)}</code></td><td dir="auto">${escape(excerpt(ngram, 200))}</td></tr>`,
  );
  const more = count > shown.length ? ` The first ${group(shown.length)} are shown; more are in report.json.` : '';
  return panelOf(
    `${group(count)} ${count === 1 ? 'document shares' : 'documents share'} a run of ${n} words with ${testFiles.join(', ')} and went.${more}`,
    rows.length === 0
      ? ''
      : `<div class="scroll"><table class="listing stacks quiet"><thead><tr><th>document</th><th>test set</th><th>shared words</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`,
  );
}

/** Kept documents, chosen at random. */
export function samplesSection({ samples }: CorpusReport): Section | undefined {
  if (samples.length === 0) return undefined;
  const texts = samples.map(({ source, language, excerpt: text }) =>
    panel(
      `<div class="step">${escape(source)}${language === undefined ? '' : ` · ${escape(languageName(language))}`}</div>` +
        `<p class="text" dir="auto">${escape(excerpt(text, EXCERPT_LENGTHS.sample))}</p>`,
    ),
  );
  return section(
    'samples',
    'A sample to read',
    'Kept documents, chosen at random. What you read here is what the model will read.',
    `<div class="excerpts">${texts.join('\n')}</div>`,
  );
}
