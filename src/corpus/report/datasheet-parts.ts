/** Parts of the datasheet: filters with their settings, what they took, and limits that follow from how it was made. */
import { formatBytes } from '../../io/progress-format.js';
import { group, inlineCode as code, markdownTable, markdownText as text, namedValues } from '../../report/index.js';
import type { CorpusReport } from './data.js';
import { funnelOf, removalName } from './figures.js';
import { shortened } from './making-sections.js';

/** A row for each step: its name, its settings. */
export function stepRows(steps: readonly { step: string; settings: Record<string, unknown> }[]): string[][] {
  return steps.map(({ step, settings }) => {
    const values = namedValues(settings).map(([name, value]) => `${text(name)} ${text(shortened(value))}`);
    return [code(step), values.join('; ') || '–'];
  });
}

/** What every step took, and what was changed within texts. */
export function changeRows(report: CorpusReport): string[] {
  const took = funnelOf(report).filter(({ removal }) => removal.documents !== 0 || removal.bytes !== 0);
  const changes = Object.entries(report.changes).filter(([, count]) => count > 0);
  const signed = (value: number, format: (value: number) => string) =>
    value < 0 ? `+${format(-value)}` : format(value);
  const rows = took.map(({ removal, left }) => [
    removal.kind === 'cleaning' ? code(removal.rule) : removalName(removal),
    signed(removal.documents, group),
    signed(removal.bytes, formatBytes),
    group(left.documents),
    formatBytes(left.bytes),
  ]);
  return [
    rows.length === 0 ? 'No step took anything.' : 'What every step took, from reading to the shards:',
    rows.length === 0
      ? ''
      : markdownTable(['step', '>documents gone', '>text gone', '>documents left', '>text left'], rows),
    changes.length === 0
      ? ''
      : `Changed within texts: ${changes.map(([what, count]) => `${code(what)} ${group(count)}`).join(', ')}.`,
  ];
}

/** Limits that follow from how the corpus was made, after those its makers stated. */
export function knownLimits(report: CorpusReport): string[] {
  const { about, sources, languages, personalData, toxicity, contamination, duplicates, problems } = report;
  const unlicensed = sources.filter(({ licence }) => licence === undefined).map(({ name }) => text(name));
  const limits: (string | false)[] = [
    about.limits !== undefined && text(about.limits),
    unlicensed.length > 0 && `The licence is not stated for: ${unlicensed.join(', ')}.`,
    languages.length === 0
      ? 'Its languages are not known.'
      : 'Languages are told by a classifier, which errs on short and mixed texts.',
    report.cleaning.some(({ on }) => on) &&
      'Filters judge the form of a text, not whether it is true; they were made for written standard prose, and drop poems, lists, code and dialect more often.',
    personalData
      ? 'Personal data is found by its form: recall and precision are less than 1, and names remain.'
      : 'It may hold personal data: nobody looked.',
    toxicity
      ? 'Toxicity is scored by a classifier; such classifiers flag African-American English and quoted slurs too often, and miss what is hateful without rude words.'
      : 'It may hold hate: nobody looked.',
    contamination
      ? 'Test sets were compared by exact runs of words: rephrased or translated test questions are not found.'
      : 'Results on public test sets may be flattered: nobody looked for them.',
    duplicates
      ? 'Near duplicates are found with a probability that grows with their similarity: some remain.'
      : 'Texts may be repeated: nobody looked.',
    problems.count > 0 && `${group(problems.count)} pieces of the input could not be read and are missing.`,
  ];
  return limits.filter((limit) => limit !== false);
}
