/** How examples become updates: tokens of a row, rows of a batch, batches of an update. */
import { InputError } from '../io/errors.js';
import type { Example } from './data/index.js';
import { inputLength } from './data/packing.js';

export interface Rows {
  /** Longest row: the longest example with the virtual tokens before it. */
  rowTokens: number;
  rowsPerBatch: number;
  accumulate: number;
  /** Most tokens of an update. */
  batchTokens: number;
}

/** Tokens that go through the model at a time, where a row is not longer. */
const TOKENS_AT_A_TIME = 2048;
/** A small set of examples is divided into at least so many updates. */
const UPDATES_AN_EPOCH = 16;

/** @throws InputError for updates that have no room for the longest example */
export function planRows(examples: readonly Example[], virtualTokens: number, batchTokens?: number): Rows {
  let [longest, all] = [0, 0];
  for (const example of examples) {
    const length = inputLength(example, virtualTokens);
    longest = Math.max(longest, length);
    all += length;
  }
  if (batchTokens !== undefined && batchTokens < longest)
    throw new InputError(
      `--batch-tokens ${batchTokens} is less than the longest example with its virtual tokens, ${longest}`,
    );
  const wanted = batchTokens ?? Math.max(longest, Math.min(TOKENS_AT_A_TIME, Math.ceil(all / UPDATES_AN_EPOCH)));
  const rowsPerBatch = Math.max(1, Math.floor(Math.min(wanted, TOKENS_AT_A_TIME) / longest));
  const accumulate = Math.max(1, Math.round(wanted / (rowsPerBatch * longest)));
  return { rowTokens: longest, rowsPerBatch, accumulate, batchTokens: rowsPerBatch * longest * accumulate };
}
