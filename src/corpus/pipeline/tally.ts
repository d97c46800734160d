/** What became of the documents of a unit, in numbers that add up over units. */
import type { Drop, Facts } from '../clean/index.js';
import type { Problem } from '../read/index.js';

/** Examples kept of each rule and unit, and problems and contaminations kept of each unit. */
const EXAMPLES = 3;
const LISTED = 200;
const EXCERPT = 400;
const TOXICITY_BINS = 20;

export interface Amount {
  documents: number;
  /** Bytes of text in UTF-8. */
  bytes: number;
}

export interface DroppedBy extends Amount {
  examples: { source: string; detail: string; excerpt: string }[];
}

export interface Tally {
  read: Amount;
  kept: Amount;
  /** Bytes of input as they are on the disk. */
  diskBytes: number;
  dropped: Record<string, DroppedBy>;
  problems: { count: number; first: Problem[] };
  /** By language, as read and as kept; `und` where nobody looked. */
  languages: { before: Record<string, Amount>; after: Record<string, Amount> };
  /** Kept documents whose text cleaning changed, and bytes that went with it (negative where masks are longer). */
  changed: Amount;
  /** Documents a power of two of characters: bin i holds lengths of 2^i to 2^(i+1) - 1. */
  lengths: { before: number[]; after: number[] };
  /** What steps counted: personal data masked, lines cut, ... */
  counts: Record<string, number>;
  /** Documents by toxicity, in bins of 1/20. */
  toxicity: number[];
  /** Seconds in each part of the work. */
  seconds: Record<string, number>;
}

export function emptyTally(): Tally {
  return {
    read: { documents: 0, bytes: 0 },
    kept: { documents: 0, bytes: 0 },
    diskBytes: 0,
    dropped: {},
    problems: { count: 0, first: [] },
    languages: { before: {}, after: {} },
    changed: { documents: 0, bytes: 0 },
    lengths: { before: [], after: [] },
    counts: {},
    toxicity: new Array<number>(TOXICITY_BINS).fill(0),
    seconds: {},
  };
}

/** Counts a document as it was read and, with what cleaning learnt of it, as far as it came. */
export function countRead(tally: Tally, text: string, bytes: number, facts: Facts): void {
  tally.read.documents++;
  tally.read.bytes += bytes;
  addAmount(tally.languages.before, facts.language, 1, bytes);
  addLength(tally.lengths.before, text.length);
  for (const [name, n] of Object.entries(facts.counts)) addTo(tally.counts, name, n);
  if (facts.toxicity !== undefined) {
    const bin = Math.min(TOXICITY_BINS - 1, Math.floor(facts.toxicity * TOXICITY_BINS));
    tally.toxicity[bin] = (tally.toxicity[bin] ?? 0) + 1;
  }
}

/** @param before the text as it was read; @param text as it was kept */
export function countKept(tally: Tally, before: string, text: string, facts: Facts): void {
  const bytes = Buffer.byteLength(text);
  tally.kept.documents++;
  tally.kept.bytes += bytes;
  if (text !== before) {
    tally.changed.documents++;
    tally.changed.bytes += Buffer.byteLength(before) - bytes;
  }
  addAmount(tally.languages.after, facts.language, 1, bytes);
  addLength(tally.lengths.after, text.length);
}

/** @param excerpt makes of the text what may be shown of it */
export function countDropped(
  tally: Tally,
  { drop, detail }: Drop,
  source: string,
  bytes: number,
  excerpt: (length: number) => string,
): void {
  const dropped = (tally.dropped[drop] ??= { documents: 0, bytes: 0, examples: [] });
  dropped.documents++;
  dropped.bytes += bytes;
  // Of contaminated documents every one is listed, as far as that goes.
  const wanted = drop.startsWith('decontaminate') ? LISTED : EXAMPLES;
  if (dropped.examples.length < wanted)
    dropped.examples.push({ source, detail: detail ?? '', excerpt: excerpt(EXCERPT) });
}

export function countProblem(tally: Tally, problem: Problem): void {
  tally.problems.count++;
  if (tally.problems.first.length < LISTED) tally.problems.first.push(problem);
}

export function addSeconds(tally: Tally, part: string, seconds: number): void {
  addTo(tally.seconds, part, seconds);
}

/** The tally of all units together. */
export function totalTally(units: readonly { tally: Tally }[]): Tally {
  const sum = emptyTally();
  for (const { tally } of units) addTally(sum, tally);
  return sum;
}

function addTally(sum: Tally, unit: Tally): void {
  for (const part of ['read', 'kept', 'changed'] as const) {
    sum[part].documents += unit[part].documents;
    sum[part].bytes += unit[part].bytes;
  }
  sum.diskBytes += unit.diskBytes;
  for (const [rule, dropped] of Object.entries(unit.dropped)) {
    const all = (sum.dropped[rule] ??= { documents: 0, bytes: 0, examples: [] });
    all.documents += dropped.documents;
    all.bytes += dropped.bytes;
    all.examples.push(...dropped.examples.slice(0, LISTED - all.examples.length));
  }
  sum.problems.count += unit.problems.count;
  sum.problems.first.push(...unit.problems.first.slice(0, LISTED - sum.problems.first.length));
  for (const side of ['before', 'after'] as const) {
    for (const [language, { documents, bytes }] of Object.entries(unit.languages[side]))
      addAmount(sum.languages[side], language, documents, bytes);
    unit.lengths[side].forEach((n, bin) => (sum.lengths[side][bin] = (sum.lengths[side][bin] ?? 0) + n));
  }
  for (const [name, n] of Object.entries(unit.counts)) addTo(sum.counts, name, n);
  unit.toxicity.forEach((n, bin) => (sum.toxicity[bin] = (sum.toxicity[bin] ?? 0) + n));
  for (const [part, n] of Object.entries(unit.seconds)) addTo(sum.seconds, part, n);
}

function addTo(counts: Record<string, number>, name: string, n: number): void {
  counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + n;
}

function addAmount(amounts: Record<string, Amount>, language = 'und', documents: number, bytes: number): void {
  const amount = (amounts[language] ??= { documents: 0, bytes: 0 });
  amount.documents += documents;
  amount.bytes += bytes;
}

function addLength(bins: number[], characters: number): void {
  const bin = characters < 1 ? 0 : 31 - Math.clz32(characters);
  while (bins.length <= bin) bins.push(0);
  bins[bin] = (bins[bin] ?? 0) + 1;
}
