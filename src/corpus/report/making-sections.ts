/** Sections of a corpus report on how it was made: tokenizer, timings, configuration, files, the command. */
import { formatBytes, formatDuration } from '../../io/progress-format.js';
import { barTable, commandBlock, escapeHtml as escape, group, namedValues, valueTable } from '../../report/index.js';
import type { CorpusReport } from './data.js';
import { keptOf, rate } from './figures.js';
import { panel, section, titledPanel, type Section } from './section.js';

/** Shards and tokens listed one by one. */
const MAX_SHARDS = 40;
const MAX_TOKENS = 120;

/** The vocabulary, with some of its tokens. */
export function tokenizerSection(report: CorpusReport): Section {
  const { kind, vocabSize, hash, origin, bytesPerToken, sample } = report.tokenizer;
  const tokens = sample
    .slice(0, MAX_TOKENS)
    .map(({ id, text }) => `<code title="${group(id)}">${escape(visible(text))}</code>`);
  return section(
    'tokenizer',
    'Tokens',
    'The pieces that the text was cut into. ␣ is a space, ↵ the end of a line.',
    panel(
      valueTable({
        kind,
        origin,
        vocabulary: vocabSize,
        'bytes per token': Number(bytesPerToken.toFixed(3)),
        'tokens to train on': report.train.tokens,
        'tokens held out': report.heldOut.tokens,
        'SHA-256': hash,
      }) + (tokens.length === 0 ? '' : `<div class="tokens">${tokens.join('')}</div>`),
    ),
  );
}

function visible(text: string): string {
  return text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥').slice(0, 60);
}

/** Where the time went. */
export function timingsSection({ stages, seconds, machine }: CorpusReport): Section {
  const longest = stages.reduce((most, stage) => Math.max(most, stage.seconds), 0) || 1;
  const rows = stages.map((stage) => {
    const perSecond = stage.bytes > 0 ? rate(stage.bytes, stage.seconds) : undefined;
    return {
      label: stage.stage,
      segments: [{ share: stage.seconds / longest, colour: '--speed' }],
      figures: [formatDuration(stage.seconds), perSecond === undefined ? '–' : `${megabytes(perSecond)} MB/s`],
    };
  });
  const memory = machine.peakMemory === undefined ? '' : `, at most ${formatBytes(machine.peakMemory)} of memory`;
  return section(
    'timings',
    'Where the time went',
    `${formatDuration(seconds)} in all on ${machine.threads} ${machine.threads === 1 ? 'thread' : 'threads'}${memory}. Speeds are of the bytes that went into a stage.`,
    panel(barTable(['stage', 'time', 'speed'], rows)),
  );
}

/** In MB, three digits that matter. */
export function megabytes(bytes: number): string {
  return bytes >= 1e8 ? group(Math.round(bytes / 1e6)) : (bytes / 1e6).toPrecision(3);
}

/** Every step with its thresholds, and what changed within texts. */
export function configurationSection(report: CorpusReport): Section {
  const { cleaning, changes, duplicates, heldOutFraction, seed } = report;
  const rows = cleaning.map(({ step, on, settings }) => {
    const values = namedValues(settings).map(([name, value]) => `${name} ${shortened(value)}`);
    return (
      `<tr${on ? '' : ' class="off"'}><th scope="row"><code>${escape(step)}</code></th><td>${on ? 'on' : 'off'}</td>` +
      `<td class="path">${escape(values.join(' · ') || '–')}</td></tr>`
    );
  });
  const steps =
    rows.length === 0
      ? ''
      : panel(
          `<table class="listing stacks quiet"><thead><tr><th>cleaning step</th><th></th><th>settings</th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
          'scroll',
        );
  const tables = [
    titledPanel('Deduplication', duplicates ? '' : 'It is off.', duplicates ? valueTable(duplicates.settings) : ''),
    titledPanel('Changed within texts', Object.keys(changes).length === 0 ? 'Nothing was.' : '', valueTable(changes)),
    titledPanel('Split', '', valueTable({ 'share to hold out': heldOutFraction, seed })),
    titledPanel('Machine', '', valueTable({ processor: report.machine.cpu, threads: report.machine.threads })),
  ];
  return section(
    'configuration',
    'Filters in force',
    'Steps in the order in which they looked at a document, with their thresholds.',
    `${steps}<div class="grid tables" style="margin-top:16px">${tables.join('\n')}</div>`,
  );
}

/** Settings may hold whole lists of words. */
export function shortened(value: string): string {
  return value.length > 160 ? `${value.slice(0, 160).replace(/[\uD800-\uDBFF]$/, '')}…` : value;
}

/** Shards with their checksums. */
export function filesSection(report: CorpusReport): Section {
  const { shards, dtype, sha256 } = report.manifest;
  const shown = shards.length > MAX_SHARDS ? MAX_SHARDS - 1 : shards.length;
  const row = (file: string, documents: number, tokens: number, bytes: number, hash: string) =>
    `<tr><td class="path"><code>${escape(file)}</code></td><td class="number">${group(documents)}</td><td class="number">${group(tokens)}</td>` +
    `<td class="number">${formatBytes(bytes)}</td><td class="path"><code>${escape(hash)}</code></td></tr>`;
  const rows = shards
    .slice(0, shown)
    .map(({ file, documents, tokens, bytes, sha256 }) => row(file, documents, tokens, bytes, sha256.slice(0, 16)));
  const rest = shards.slice(shown);
  const sum = (key: 'documents' | 'tokens' | 'bytes') => rest.reduce((total, shard) => total + shard[key], 0);
  if (rest.length > 0)
    rows.push(row(`and ${group(rest.length)} more`, sum('documents'), sum('tokens'), sum('bytes'), ''));
  const total = keptOf(report);
  return section(
    'files',
    'Files',
    `Token ids as little-endian ${dtype}. The manifest names every checksum; its own SHA-256 begins with ${sha256.slice(0, 16)}.`,
    panel(
      `<table class="quiet"><thead><tr><th>shard</th><th class="number">documents</th><th class="number">tokens</th><th class="number">text</th><th>SHA-256, beginning</th></tr></thead>` +
        `<tbody>${rows.join('\n')}</tbody><tfoot><tr><th scope="row">together</th><td class="number">${group(total.documents)}</td>` +
        `<td class="number">${group(total.tokens)}</td><td class="number">${formatBytes(total.bytes)}</td><td></td></tr></tfoot></table>`,
      'scroll',
    ),
  );
}

/** The command and its configuration. */
export function againSection({ command, config, telar }: CorpusReport): Section {
  return section(
    'again',
    'Make it again',
    `With the same inputs and Telar ${telar} this gives the same bytes.`,
    commandBlock(command) + (config.trim() === '' ? '' : `<div style="height:12px"></div>${commandBlock(config)}`),
  );
}
