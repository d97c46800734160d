/**
 * Which text is held out of training: chosen by the content's hash, so that it depends on neither order, names nor seed,
 * and equal documents are never on both sides.
 */
import { InputError } from '../io/errors.js';

/** The two sides of a corpus. */
export type Part = 'train' | 'heldOut';

/** How a corpus is divided. */
export interface SplitPlan {
  /** Wanted share of held-out text, 0 to 0.5. */
  fraction: number;
  /**
   * Null: documents whose hash falls below the fraction are held out. Otherwise all documents are trained on, save the
   * last `bytes` (about) of the one with this hash, for a corpus that whole documents do not divide well.
   */
  tail: { hash: string; bytes: number } | null;
}

/** The hash as a number in [0, 1), uniform over texts. */
export function hashFraction(hash: string): number {
  return Number.parseInt(hash.slice(0, 12), 16) / 2 ** 48;
}

/** Learns of every document of a corpus, then decides the split. */
export class SplitPlanner {
  private readonly fraction: number;
  private total = 0;
  private heldOut = 0;
  private largest = { hash: '', bytes: 0 };

  /** @throws InputError for a fraction outside [0, 0.5] */
  constructor(fraction: number) {
    if (!(fraction >= 0 && fraction <= 0.5))
      throw new InputError(`the held-out share must be from 0 to 0.5, not ${fraction}`);
    this.fraction = fraction;
  }

  /** @param document its hash, and its size in bytes */
  add({ hash, bytes }: { hash: string; bytes: number }): void {
    this.total += bytes;
    if (hashFraction(hash) < this.fraction) this.heldOut += bytes;
    const { largest } = this;
    if (bytes > largest.bytes || (bytes === largest.bytes && hash < largest.hash)) this.largest = { hash, bytes };
  }

  /**
   * The plan. Whole documents are held out where that gives between a tenth and four times the wanted share (and leaves
   * something to train on); otherwise the tail of the largest document, at most half of it.
   */
  plan(): SplitPlan {
    const { fraction, total, heldOut, largest } = this;
    const most = Math.min(4 * fraction, (1 + fraction) / 2) * total;
    if (fraction === 0 || (heldOut > 0 && heldOut >= (fraction / 10) * total && heldOut <= most))
      return { fraction, tail: null };
    const bytes = Math.max(1, Math.min(Math.round(fraction * total), Math.floor(largest.bytes / 2)));
    return { fraction, tail: { hash: largest.hash, bytes } };
  }
}

/** The part of a document's text that belongs to `part`, or null. */
export function textOfPart(
  plan: SplitPlan,
  { text, hash, source }: { text: Uint8Array; hash: string; source: string },
  part: Part,
): Uint8Array | null {
  if (plan.tail === null) return hashFraction(hash) < plan.fraction === (part === 'heldOut') ? text : null;
  if (hash !== plan.tail.hash) return part === 'train' ? text : null;
  const start = tailStart(text, plan.tail.bytes);
  if (start === 0) throw new InputError(`${source} is too short to hold out a part of it: give more text`);
  return part === 'train' ? text.subarray(0, start) : text.subarray(start);
}

/**
 * Where a tail of about `bytes` begins: after the paragraph end nearest to that place, within half a tail of it; else
 * after a line end; else before a space; else at the nearest character. Pre-tokenizers cut there too. 0 where the text is one character.
 */
export function tailStart(text: Uint8Array, bytes: number): number {
  const wanted = text.length - bytes;
  const low = Math.max(1, wanted - (bytes >> 1));
  const high = Math.min(text.length - 1, wanted + (bytes >> 1));
  const blank = (at: number) => text[at] === 32 || (text[at]! >= 9 && text[at]! <= 13);
  const line = (at: number) => text[at - 1] === 10 && !blank(at);
  const boundaries = [
    (at: number) => line(at) && text[at - 2] === 10,
    line,
    (at: number) => text[at] === 32 && !blank(at - 1),
    (at: number) => (text[at]! & 0xc0) !== 0x80,
  ];
  for (const boundary of boundaries) {
    for (let away = 0; wanted - away >= low || wanted + away <= high; away++) {
      if (wanted - away >= low && boundary(wanted - away)) return wanted - away;
      if (wanted + away <= high && boundary(wanted + away)) return wanted + away;
    }
  }
  let start = Math.min(Math.max(wanted, 1), text.length - 1);
  while (start > 0 && (text[start]! & 0xc0) === 0x80) start--;
  if (start > 0) return start;
  start = 1;
  while (start < text.length && (text[start]! & 0xc0) === 0x80) start++;
  return start < text.length ? start : 0;
}
