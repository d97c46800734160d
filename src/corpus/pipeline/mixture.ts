/**
 * Which documents are trained on, how often and in what order, and which are held out. A pure function of the documents,
 * their clusters of near-duplicates, the configuration and its seed.
 */
import { Random } from '../../io/hash-random.js';
import { type Duplicates, Verdict } from '../dedup/index.js';
import { hashFraction, SplitPlanner, type SplitPlan } from '../split.js';

/** All kept documents, numbered through. Arrays are [documents]. */
export interface DocumentTable {
  units: Uint32Array;
  offsets: Float64Array;
  textBytes: Uint32Array;
  /** 48 bits of the hash of the content. */
  hashes: Float64Array;
  sources: Uint16Array;
}

export interface MixtureOptions {
  /** Of each source: how often its text is taken, and bytes of it at most. */
  sources: readonly { weight: number; cap?: number | undefined }[];
  heldOut: number;
  seed: number;
}

export interface Mixture {
  split: SplitPlan;
  /** Documents to train on in their order, some more than once. */
  train: Uint32Array;
  heldOut: Uint32Array;
  /** Documents and bytes left out because their source has a cap, and those a weight below 1 leaves out. */
  capped: { documents: number; bytes: number };
  thinned: { documents: number; bytes: number };
}

/** Streams of random numbers: the order, and which documents a weight that is no whole number takes once more. */
const ORDER = 0x6d697831;
const EXTRA = 0x6d697832;

export function planMixture(table: DocumentTable, duplicates: Duplicates, options: MixtureOptions): Mixture {
  const capped = { documents: 0, bytes: 0 };
  const thinned = { documents: 0, bytes: 0 };
  const included = takeUnderCaps(table, duplicates, options.sources, capped);
  const planner = new SplitPlanner(options.heldOut);
  for (const d of included) planner.add({ hash: splitHash(table, duplicates, d), bytes: table.textBytes[d]! });
  const split = planner.plan();
  const heldOut: number[] = [];
  const train: number[] = [];
  const extra = new Random(options.seed, EXTRA);
  for (const d of included) {
    const hash = splitHash(table, duplicates, d);
    const isTail = split.tail?.hash === hash;
    const isHeldOut = split.tail === null ? hashFraction(hash) < split.fraction : isTail;
    if (isHeldOut) heldOut.push(d);
    if (isHeldOut && !isTail) continue;
    const { weight } = options.sources[table.sources[d]!]!;
    const chance = extra.uniform();
    const copies = Math.floor(weight) + (chance < weight - Math.floor(weight) ? 1 : 0);
    for (let copy = 0; copy < copies; copy++) train.push(d);
    if (copies === 0) {
      thinned.documents++;
      thinned.bytes += table.textBytes[d]!;
    }
  }
  return {
    split,
    train: new Random(options.seed, ORDER).shuffle(Uint32Array.from(train)),
    heldOut: Uint32Array.from(heldOut),
    capped,
    thinned,
  };
}

/** Hash that decides a document's side of the split: that of the first of its near-duplicates, so that all are on one. */
export function splitHash(table: DocumentTable, duplicates: Duplicates, document: number): string {
  return table.hashes[duplicates.clusters[document]!]!.toString(16).padStart(12, '0');
}

/** Documents that are no duplicates, in order; of a source with a cap those of the lowest hashes, until it is reached. */
function takeUnderCaps(
  table: DocumentTable,
  { verdicts }: Duplicates,
  sources: MixtureOptions['sources'],
  left: { documents: number; bytes: number },
): number[] {
  const included: number[] = [];
  const ofCapped = new Map<number, number[]>();
  for (let d = 0; d < table.units.length; d++) {
    if (verdicts[d] !== Verdict.keep) continue;
    const source = table.sources[d]!;
    if (sources[source]!.cap === undefined) included.push(d);
    else if (ofCapped.has(source)) ofCapped.get(source)!.push(d);
    else ofCapped.set(source, [d]);
  }
  for (const [source, documents] of ofCapped) {
    let bytes = 0;
    documents.sort((a, b) => table.hashes[a]! - table.hashes[b]! || a - b);
    for (const d of documents) {
      if (bytes + table.textBytes[d]! <= sources[source]!.cap!) {
        bytes += table.textBytes[d]!;
        included.push(d);
      } else {
        left.documents++;
        left.bytes += table.textBytes[d]!;
      }
    }
  }
  return ofCapped.size > 0 ? included.sort((a, b) => a - b) : included;
}
