/** What follows from a report's facts: totals, what is left after each step, and whether its figures agree. */
import { formatPercent } from '../../io/progress-format.js';
import { group } from '../../report/index.js';
import type { CorpusReport, Removal } from './data.js';

export interface Amount {
  documents: number;
  bytes: number;
}

/** Train and held-out together. */
export function keptOf({ train, heldOut }: CorpusReport): Amount & { tokens: number } {
  return {
    documents: train.documents + heldOut.documents,
    bytes: train.bytes + heldOut.bytes,
    tokens: train.tokens + heldOut.tokens,
  };
}

/** A share of 1; 0 of nothing. */
export function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** A share of 1 in percent; what is more than nothing never reads as 0. */
export function percent(part: number): string {
  return part > 0 && part < 0.0005 ? '< 0.1%' : formatPercent(part);
}

/** Bytes a second; undefined where no time was measured. */
export function rate(bytes: number, seconds: number): number | undefined {
  return seconds > 0 ? bytes / seconds : undefined;
}

export interface FunnelStep {
  removal: Removal;
  /** After the step. */
  left: Amount;
}

/** What was left after each removal, in their order. */
export function funnelOf({ read, removals }: CorpusReport): FunnelStep[] {
  let left: Amount = read;
  return removals.map((removal) => {
    left = { documents: left.documents - removal.documents, bytes: left.bytes - removal.bytes };
    return { removal, left };
  });
}

/** What a removal is called on the page and in the datasheet. */
export function removalName({ kind, rule }: Removal): string {
  return kind === 'cleaning' ? rule : kindNames[kind];
}

const kindNames = {
  changed: 'text changed by cleaning',
  exact: 'exact duplicates',
  near: 'near duplicates',
  paragraphs: 'repeated paragraphs',
  contamination: 'contamination with test sets',
  mixing: 'weights, caps and epochs',
} as const;

/** Documents and text that removals of these kinds took. */
export function removedBy({ removals }: CorpusReport, ...kinds: Removal['kind'][]): Amount {
  const all = removals.filter(({ kind }) => kinds.includes(kind));
  return {
    documents: all.reduce((sum, { documents }) => sum + documents, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/**
 * Where the report's figures contradict one another, a sentence each: documents that vanished between two steps, shards
 * that do not add up. A sound report has none.
 */
export function discrepancies(report: CorpusReport): string[] {
  const { read, train, heldOut, sources, manifest } = report;
  const kept = keptOf(report);
  const last = funnelOf(report).at(-1)?.left ?? read;
  const sum = <K extends string>(items: readonly Record<K, number>[], key: K) =>
    items.reduce((total, item) => total + item[key], 0);
  const found: string[] = [];
  const compare = (what: string, counted: number, expected: number) => {
    if (counted !== expected) found.push(`${what}: ${group(counted)} against ${group(expected)}.`);
  };
  for (const key of ['documents', 'bytes'] as const) {
    compare(`${key} left after the last step, and in the shards`, last[key], kept[key]);
    compare(
      `${key} read from all sources, and in all`,
      sum(
        sources.map(({ read }) => read),
        key,
      ),
      read[key],
    );
    compare(
      `${key} kept of all sources, and in all`,
      sum(
        sources.map(({ kept }) => kept),
        key,
      ),
      kept[key],
    );
  }
  compare('tokens of all sources, and in all', sum(sources, 'tokens'), kept.tokens);
  for (const [split, part] of [
    ['train', train],
    ['heldOut', heldOut],
  ] as const)
    for (const key of ['documents', 'bytes', 'tokens'] as const) {
      const shards = manifest.shards.filter((shard) => shard.split === split);
      compare(`${key} of the ${split} shards, and in all`, sum(shards, key), part[key]);
    }
  return found;
}
