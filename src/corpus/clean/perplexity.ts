/**
 * Perplexity of text under a language model of bytes: how surprising it is beside a reference text.
 *
 * The model is an interpolated 5-gram (Witten and Bell 1991): P(c|h) = (count(hc) + T(h) · P(c|h')) / (N(h) + T(h)), where
 * N(h) is how often the context h was seen, T(h) how many different bytes followed it, h' is h without its first byte, and
 * below the empty context every byte is as likely. The file holds the counts of 5-grams, from which all else follows.
 */
import { readFileSync } from 'node:fs';
import { describeError, InputError } from '../../io/errors.js';
import { writeAtomic } from '../../io/files.js';
import { GramTable } from './gram-table.js';

const ORDER = 5;
const MAGIC = 'telar byte 5-grams 1\n';

/** A trained model. */
export class ByteModel {
  readonly #counts: GramTable;
  /** For each n-gram of up to 5 bytes, log2 P(last byte | those before). */
  readonly #logProbs: GramTable;
  /** For each context of up to 4 bytes, log2 of what is left to its shorter context: T / (N + T). */
  readonly #rests: GramTable;

  private constructor(counts: GramTable) {
    this.#counts = counts;
    const { logProbs, rests } = interpolate(counts);
    this.#logProbs = logProbs;
    this.#rests = rests;
  }

  /** Counts the bytes of reference texts. @throws InputError where there is no text */
  static async train(texts: Iterable<string> | AsyncIterable<string>): Promise<ByteModel> {
    const counts = new GramTable();
    for await (const text of texts)
      grams(text, (first, rest) => {
        counts.add(ORDER, first, rest, 1);
      });
    if (counts.size === 0) throw new InputError('no text to train the perplexity model on');
    return new ByteModel(counts);
  }

  /** Reads what `save` wrote. @throws InputError for any other file */
  static load(path: string): ByteModel {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new InputError(`cannot read the perplexity model ${path}: ${describeError(error)}`, { cause: error });
    }
    const body = bytes.subarray(MAGIC.length);
    if (!bytes.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC)) || body.length === 0 || body.length % 9 !== 0)
      throw new InputError(`${path} is not a perplexity model, or is cut off`);
    const counts = new GramTable();
    for (let at = 0; at < body.length; at += 9) {
      const n = body.readUInt32LE(at + 5);
      if (n === 0) throw new InputError(`${path} is damaged: a count is 0`);
      counts.add(ORDER, body[at]!, body.readUInt32LE(at + 1), n);
    }
    return new ByteModel(counts);
  }

  /** Writes the counts, sorted: equal texts give equal files. */
  save(path: string): void {
    const all = [...this.#counts.entries()].sort((a, b) => a.first - b.first || a.rest - b.rest);
    const bytes = Buffer.alloc(MAGIC.length + 9 * all.length);
    bytes.write(MAGIC, 'latin1');
    let at = MAGIC.length;
    for (const { first, rest, value } of all) {
      bytes[at] = first;
      bytes.writeUInt32LE(rest, at + 1);
      bytes.writeUInt32LE(Math.min(value, 0xffffffff), at + 5);
      at += 9;
    }
    writeAtomic(path, bytes);
  }

  /** Perplexity per byte: 2 to the mean of -log2 P. 256 for what the model knows nothing of; 1 for no text. */
  perplexity(text: string): number {
    let [bits, n] = [0, 0];
    grams(text, (first, rest) => {
      bits -= this.#logProb(first, rest);
      n++;
    });
    return n === 0 ? 1 : 2 ** (bits / n);
  }

  /** Probability of a byte behind up to four others. */
  probability(context: Uint8Array, byte: number): number {
    const padded = [10, 10, 10, 10, ...context].slice(-4);
    return 2 ** this.#logProb(padded[0]!, ((padded[1]! << 24) | (padded[2]! << 16) | (padded[3]! << 8) | byte) >>> 0);
  }

  #logProb(first: number, rest: number): number {
    const seen = this.#logProbs.get(ORDER, first, rest);
    if (seen !== undefined) return seen;
    let log = this.#rests.get(4, 0, ((first << 24) | (rest >>> 8)) >>> 0) ?? 0;
    for (let n = 4; n > 0; n--) {
      const known = this.#logProbs.get(n, 0, low(rest, n));
      if (known !== undefined) return log + known;
      log += this.#rests.get(n - 1, 0, low(rest >>> 8, n - 1)) ?? 0;
    }
    return log - 8;
  }
}

/** The last n of four bytes. */
function low(bytes: number, n: number): number {
  return n === 4 ? bytes : bytes & (2 ** (8 * n) - 1);
}

/** Every byte of a text with the four before it, line feeds before the first: (first byte, the other four as a number). */
function grams(text: string, each: (first: number, rest: number) => void): void {
  let rest = 0x0a0a0a0a;
  for (const byte of Buffer.from(text)) {
    const first = rest >>> 24;
    rest = ((rest << 8) | byte) >>> 0;
    each(first, rest);
  }
}

function interpolate(counts: GramTable): { logProbs: GramTable; rests: GramTable } {
  // By length: how often each n-gram was seen, the context in front of its last byte, and how many bytes followed that.
  const byLength = Array.from({ length: ORDER + 1 }, () => new GramTable());
  for (const { first, rest, value } of counts.entries())
    for (let n = ORDER; n > 0; n--) byLength[n]!.add(n, n === ORDER ? first : 0, low(rest, Math.min(n, 4)), value);
  const logProbs = new GramTable();
  const rests = new GramTable();
  for (let n = 1; n <= ORDER; n++) {
    const totals = new GramTable();
    const types = new GramTable();
    const contextOf = (first: number, rest: number) =>
      n === ORDER ? ((first << 24) | (rest >>> 8)) >>> 0 : low(rest >>> 8, n - 1);
    for (const { first, rest, value } of byLength[n]!.entries()) {
      totals.add(n - 1, 0, contextOf(first, rest), value);
      types.add(n - 1, 0, contextOf(first, rest), 1);
    }
    for (const { first, rest, value } of byLength[n]!.entries()) {
      const context = contextOf(first, rest);
      const [all, kinds] = [totals.get(n - 1, 0, context)!, types.get(n - 1, 0, context)!];
      // Seen with a context means seen without its first byte, so the shorter one is there already.
      const shorter = n === 1 ? 1 / 256 : 2 ** logProbs.get(n - 1, 0, low(rest, n - 1))!;
      logProbs.add(n, first, rest, Math.log2((value + kinds * shorter) / (all + kinds)));
    }
    for (const { rest, value } of totals.entries()) {
      const kinds = types.get(n - 1, 0, rest)!;
      rests.add(n - 1, 0, rest, Math.log2(kinds / (value + kinds)));
    }
  }
  return { logProbs, rests };
}
