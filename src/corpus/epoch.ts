/**
 * The order of one epoch. The documents are shuffled and laid in a ring; the ring is cut into rows of `context` tokens
 * from a random place on; the rows are shuffled. Every token is in exactly one row. A pure function of seed and epoch.
 */
import { Random } from '../io/hash-random.js';
import type { Piece } from './packing.js';
import type { TokenSplit } from './shards.js';

/** Streams of random numbers that an epoch's order takes. */
const STREAM = 0x65706f63; // "epoc"

export class Epoch {
  /** Rows in the epoch; all have `context` tokens but one that takes what is left. */
  readonly rows: number;
  private readonly context: number;
  private readonly tokens: number;
  private readonly split: TokenSplit;
  /** Documents in the order of the ring. */
  private readonly order: Uint32Array;
  /** Where the documents of `order` begin in the ring, and at last its length. */
  private readonly ring: Float64Array;
  private readonly rowOrder: Uint32Array;
  /** Place in the ring where the first row begins. */
  private readonly offset: number;

  constructor(split: TokenSplit, context: number, seed: number, epoch: number) {
    const random = new Random(seed, STREAM * 2 ** 20 + epoch);
    this.context = context;
    this.split = split;
    this.tokens = split.tokens;
    this.rows = Math.ceil(this.tokens / context);
    this.order = random.shuffle(iota(split.documents));
    this.ring = new Float64Array(split.documents + 1);
    for (const [i, document] of this.order.entries()) this.ring[i + 1] = this.ring[i]! + length(split, document);
    this.offset = Math.floor(random.uniform() * this.tokens);
    this.rowOrder = random.shuffle(iota(this.rows));
  }

  /** The pieces of documents in the row that comes `index`-th. O(log documents + pieces) */
  pieces(index: number): Piece[] {
    const row = this.rowOrder[index]!;
    let left = Math.min(this.context, this.tokens - row * this.context);
    let at = (this.offset + row * this.context) % this.tokens;
    const pieces: Piece[] = [];
    let slot = this.slotOf(at);
    while (left > 0) {
      const document = this.order[slot]!;
      const from = at - this.ring[slot]!;
      const taken = Math.min(left, this.ring[slot + 1]! - at);
      pieces.push({ document, from, length: taken });
      left -= taken;
      at += taken;
      slot++;
      if (slot === this.split.documents) [slot, at] = [0, 0];
    }
    return pieces;
  }

  /** The last slot that begins at `at` or before. */
  private slotOf(at: number): number {
    let [low, high] = [0, this.split.documents - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.ring[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Tokens of a document, its start token included. */
export function length(split: TokenSplit, document: number): number {
  return split.starts[document + 1]! - split.starts[document]!;
}

/** 0, 1, ... n - 1. */
export function iota(n: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => i);
}
