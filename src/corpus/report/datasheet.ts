/**
 * The datasheet of a corpus in Markdown, after the questions of Gebru et al., "Datasheets for Datasets" (2018,
 * arXiv:1803.09010). What nobody stated is said to be not stated.
 */
import { formatBytes } from '../../io/progress-format.js';
import { codeBlock, group, inlineCode as code, markdownTable, markdownText as text } from '../../report/index.js';
import type { CorpusReport } from './data.js';
import { changeRows, knownLimits, stepRows } from './datasheet-parts.js';
import { keptOf, percent, removedBy, share } from './figures.js';
import { capText } from './flow-sections.js';
import { languageName } from './text-sections.js';

/** Languages listed one by one. */
const MAX_LANGUAGES = 20;

/** @param level of its first heading: 1 for a file of its own, 2 within a model card */
export function renderDatasheet(report: CorpusReport, level = 1): string {
  const heading = (depth: number, title: string) => `${'#'.repeat(level + depth)} ${title}`;
  const parts: [title: string, body: string[]][] = [
    ['Motivation', motivation(report)],
    ['Composition', composition(report)],
    ['Collection', collection(report)],
    ['Cleaning', cleaning(report)],
    ['Deduplication', deduplication(report)],
    ['Personal data', [personalData(report)]],
    ['Hate and toxicity', [toxicity(report)]],
    ['Test sets', [testSets(report)]],
    ['Uses', [stated(report.about.uses, 'Intended uses are not stated.')]],
    ['Distribution and upkeep', distribution(report)],
    ['Known limits', [bullets(knownLimits(report))]],
    ['How to make it again', again(report)],
  ];
  return [
    heading(0, `Datasheet: ${text(report.name)}`),
    opening(report),
    ...parts.flatMap(([title, body]) => [heading(1, title), ...body]),
    '',
  ]
    .filter((part, i, all) => part !== '' || i === all.length - 1)
    .join('\n\n')
    .replace(/\n*$/, '\n');
}

function opening({ train, heldOut, sources, telar, created, ...report }: CorpusReport): string {
  const tokens = group(train.tokens + heldOut.tokens);
  const from = `${group(sources.length)} ${sources.length === 1 ? 'source' : 'sources'}`;
  const languages = report.languages.filter(({ after }) => after.documents > 0 || after.bytes > 0);
  const main = languages.sort((a, b) => b.after.bytes - a.after.bytes)[0];
  const language = main ? `, mostly ${text(languageName(main.language))}` : '';
  return `Text for training language models: ${tokens} tokens from ${from}${language}. Made with Telar ${text(telar)} on ${text(created.slice(0, 10))}.`;
}

function motivation({ about: { motivation, author } }: CorpusReport): string[] {
  return [
    stated(motivation, 'The purpose is not stated.'),
    author === undefined ? 'Who made it is not stated.' : `Made by ${text(author)}.`,
  ];
}

function composition(report: CorpusReport): string[] {
  const { train, heldOut, sources, read } = report;
  const kept = keptOf(report);
  const part = (name: string, { documents, bytes, tokens }: typeof train) => [
    name,
    group(documents),
    formatBytes(bytes),
    group(tokens),
  ];
  const rows = sources.map((source) => [
    text(source.name),
    source.licence === undefined ? '*not stated*' : text(source.licence),
    group(source.read.documents),
    group(source.kept.documents),
    formatBytes(source.kept.bytes),
    group(source.tokens),
    percent(share(source.tokens, kept.tokens)),
    String(Number(source.epochs.toPrecision(3))),
  ]);
  return [
    `A document is a text with the place it was read from. Of ${group(read.documents)} documents read, ${group(kept.documents)} ` +
      `are in the corpus, ${text(percent(share(kept.bytes, read.bytes)))} of the text. Documents of more than one epoch are counted as often as they are repeated.`,
    markdownTable(['part', '>documents', '>text', '>tokens'], [part('to train on', train), part('held out', heldOut)]),
    'Sources:',
    markdownTable(
      ['source', 'licence', '>documents read', '>documents kept', '>text', '>tokens', '>share', '>epochs'],
      rows,
    ),
    ...languageParts(report),
    medianLength(report),
    `Tokens are of ${text(report.tokenizer.kind)}, ${group(report.tokenizer.vocabSize)} in its vocabulary, ` +
      `${report.tokenizer.bytesPerToken.toFixed(2)} bytes per token; the tokenizer: ${text(report.tokenizer.origin)}.`,
  ];
}

function languageParts({ languages }: CorpusReport): string[] {
  if (languages.length === 0) return ['Languages were not identified.'];
  const kept = languages
    .filter(({ after }) => after.bytes > 0 || after.documents > 0)
    .sort((a, b) => b.after.bytes - a.after.bytes);
  const total = kept.reduce((sum, { after }) => sum + after.bytes, 0);
  const rows = kept
    .slice(0, MAX_LANGUAGES)
    .map(({ language, after }) => [
      text(languageName(language)),
      group(after.documents),
      formatBytes(after.bytes),
      percent(share(after.bytes, total)),
    ]);
  const more = kept.length - rows.length;
  return [
    'Languages of the texts that cleaning kept, as identified by a classifier:',
    markdownTable(['language', '>documents', '>text', '>share'], rows),
    more > 0 ? `And ${more} more.` : '',
  ];
}

/** The bin that holds the median of the kept documents. */
function medianLength({ lengths: { after } }: CorpusReport): string {
  const all = after.reduce((sum, count) => sum + count, 0);
  if (all === 0) return '';
  let seen = 0;
  const bin = after.findIndex((count) => (seen += count) >= all / 2);
  return `Half of the documents have fewer than about ${group(2 ** (bin + 1))} characters.`;
}

function collection({ sources, problems, inputBytes }: CorpusReport): string[] {
  const rows = sources.map(({ name, paths, origin, format, weight, cap }) => {
    const asked = [
      ...(weight === undefined ? [] : [`weight ${group(weight)}`]),
      ...(cap ? [`at most ${capText(cap)}`] : []),
    ];
    const shown = paths.slice(0, 8).map(code).join(', ') + (paths.length > 8 ? ` and ${paths.length - 8} more` : '');
    return [text(name), shown, text(format), stated(origin, '*not stated*'), asked.join(', ') || '–'];
  });
  const skipped =
    problems.count === 0
      ? 'Everything could be read.'
      : `${group(problems.count)} ${problems.count === 1 ? 'piece' : 'pieces'} of the input could not be read; the report lists them.`;
  return [
    `The texts were read from ${formatBytes(inputBytes)} of files. How those were gathered, and whether the people who wrote them ` +
      `were asked, is for the sources to say. ${skipped}`,
    markdownTable(['source', 'read from', 'format', 'origin', 'asked for'], rows),
  ];
}

function cleaning(report: CorpusReport): string[] {
  const on = report.cleaning.filter((step) => step.on);
  const off = report.cleaning.filter((step) => !step.on);
  return [
    on.length === 0
      ? 'No cleaning step was on.'
      : 'Steps in force, in the order in which they looked at a document, with their thresholds:',
    on.length === 0 ? '' : markdownTable(['step', 'settings'], stepRows(on)),
    off.length === 0 ? '' : `Switched off: ${off.map(({ step }) => code(step)).join(', ')}.`,
    ...changeRows(report),
  ];
}

function deduplication(report: CorpusReport): string[] {
  const { duplicates } = report;
  if (!duplicates) return ['Duplicates were not looked for.'];
  const [exact, near, paragraphs] = (['exact', 'near', 'paragraphs'] as const).map((kind) => removedBy(report, kind));
  return [
    `${group(duplicates.clusters)} groups of documents are copies of one another. ${group(exact!.documents)} exact and ${group(near!.documents)} near copies of ` +
      `earlier documents went (${formatBytes(Math.max(0, exact!.bytes + near!.bytes))}), and ${formatBytes(Math.max(0, paragraphs!.bytes))} of repeated paragraphs.`,
    markdownTable(['step', 'settings'], stepRows([{ step: 'deduplication', settings: duplicates.settings }])),
    'The held-out part was chosen by the hash of content.',
  ];
}

function personalData({ personalData }: CorpusReport): string {
  if (!personalData) return 'Personal data was not looked for.';
  const counts = Object.entries(personalData.counts).filter(([, count]) => count > 0);
  const found = counts.map(([kind, count]) => `${text(kind)} ${group(count)}`).join(', ');
  return (
    `What has the form of personal data was ${text(personalData.action)}: ${found || 'nothing was found'}. ` +
    'Names, addresses and what people tell of one another have no such form and remain.'
  );
}

function toxicity({ toxicity, ...report }: CorpusReport): string {
  if (!toxicity) return 'Hate and toxicity were not scored.';
  const scored = toxicity.bins.reduce((sum, count) => sum + count, 0);
  const dropped = report.removals
    .filter(({ kind, rule }) => kind === 'cleaning' && rule.startsWith('toxicity'))
    .reduce((sum, { documents }) => sum + documents, 0);
  return `${group(scored)} documents were scored by ${text(toxicity.classifier)}; those above ${toxicity.threshold} were dropped (${group(dropped)}).`;
}

function testSets({ contamination }: CorpusReport): string {
  if (!contamination) return 'The corpus was not compared with any test set.';
  const { n, testFiles, count } = contamination;
  return `Documents that share ${n} words in a row with these files were dropped (${group(count)}; the report lists them): ${testFiles.map(code).join(', ')}.`;
}

function distribution({ about: { licence, contact } }: CorpusReport): string[] {
  return [
    `Terms of the whole: ${stated(licence, 'not stated')}. Every source keeps its own licence.`,
    contact === undefined ? 'No contact is stated.' : `Contact: ${text(contact)}.`,
  ];
}

function again({ command, config, telar, seed, manifest, tokenizer }: CorpusReport): string[] {
  return [
    `With the same inputs, Telar ${text(telar)} and seed ${seed}:`,
    codeBlock(command, 'sh'),
    config.trim() === '' ? '' : 'The configuration:',
    config.trim() === '' ? '' : codeBlock(config, 'yaml'),
    bullets([
      `SHA-256 of the manifest, which names every input and shard: ${code(manifest.sha256)}`,
      `SHA-256 of the tokenizer: ${code(tokenizer.hash)}`,
    ]),
  ];
}

function stated(value: string | undefined, otherwise: string): string {
  return value === undefined ? otherwise : text(value);
}

function bullets(points: readonly string[]): string {
  return points.map((point) => `- ${point}`).join('\n');
}
