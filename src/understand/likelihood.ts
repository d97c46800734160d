/**
 * Classification by how likely a model finds each label after a prompt: zero-shot, or with examples in the prompt.
 * What the sequences of a prompt share is read once, what all prompts share (instruction and examples) once for all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { embedding, linear, scope, tokenLogProbs } from '../engine/index.js';
import type { LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { KvCache, type ModelConfig } from '../model/index.js';
import { type Calibrate, calibrations, divideByPrior, priorOf } from './calibrate.js';
import { groupByTokens } from './pack.js';
import { promptSequence } from './sequences.js';

export const lengthNorms = ['sum', 'token', 'byte'] as const;
/** What the log-probability of a label is divided by: nothing, its tokens, or its bytes of UTF-8. */
export type LengthNorm = (typeof lengthNorms)[number];

export interface LikelihoodOptions {
  /** Default 'none'. */
  calibrate?: Calibrate;
  /** For 'content-free': the same prompts with "N/A", "" or the like in place of the text. */
  contentFree?: readonly string[];
  /** Default 'sum'. */
  normalize?: LengthNorm;
  /** Most new tokens a batch. Default 2048. */
  batchTokens?: number;
  /** Hears how many prompts are done. */
  onProgress?: (done: number, total: number) => void;
}

/** A prompt followed by each label. */
interface Candidate {
  /** What all of its sequences begin with. */
  shared: Int32Array;
  /** The rest of each. */
  tails: Int32Array[];
}

/** Prompts that share fewer tokens than this are each read from the beginning. */
const WORTH_FORKING = 16;
const CACHE_BYTES = 256 << 20;

/**
 * log p(label | prompt) for each prompt and label, [prompts][labels]; divided by the label's length where `normalize` says
 * so. Prompt and label are tokenised as one text, so that a label reads as it would in a document; where the tokens of the
 * prompt's end depend on what follows, that end is scored along with every label. Calibrated, they are logarithms of
 * probabilities that sum to 1 over the labels; see {@link divideByPrior}.
 * @throws InputError for no or equal or empty labels, a prompt that with a label exceeds the context, unknown options
 */
export async function labelLikelihoods(
  lm: LanguageModel,
  prompts: readonly string[],
  labels: readonly string[],
  options: LikelihoodOptions = {},
): Promise<Float64Array[]> {
  const { calibrate = 'none', normalize = 'sum', contentFree = [] } = options;
  if (!calibrations.includes(calibrate))
    throw new InputError(`no calibration "${calibrate}": choose of ${calibrations.join(', ')}`);
  if (!lengthNorms.includes(normalize))
    throw new InputError(`no length normalisation "${normalize}": choose of ${lengthNorms.join(', ')}`);
  if (calibrate === 'content-free' && contentFree.length === 0)
    throw new InputError('content-free calibration needs prompts without content: give contentFree');
  checkLabels(labels);
  const extra = calibrate === 'content-free' ? contentFree : [];
  const candidates = [...prompts, ...extra].map((prompt, i) => candidate(lm, prompt, labels, i));
  const sums = await score(lm, candidates, options);
  const bytes = labels.map((label) => Buffer.byteLength(label));
  for (const [i, row] of sums.entries())
    for (let k = 0; k < row.length; k++)
      if (normalize !== 'sum') row[k]! /= normalize === 'byte' ? bytes[k]! : candidates[i]!.tails[k]!.length;
  const own = sums.slice(0, prompts.length);
  if (calibrate === 'none' || own.length === 0) return own;
  return divideByPrior(own, priorOf(calibrate === 'prior' ? own : sums.slice(prompts.length)));
}

/** Labels that can be told apart. @throws InputError */
export function checkLabels(labels: readonly string[]): void {
  if (labels.length < 2) throw new InputError(`${labels.length} labels: at least 2 can be told apart`);
  for (const [i, label] of labels.entries()) {
    if (label.trim() === '') throw new InputError(`label ${i + 1} is empty`);
    if (labels.indexOf(label) !== i) throw new InputError(`label "${label}" is there twice`);
  }
}

function candidate(lm: LanguageModel, prompt: string, labels: readonly string[], number: number): Candidate {
  const { context } = lm.model.config;
  const wholes = labels.map((label) => promptSequence(lm, prompt + label));
  const longest = Math.max(...wholes.map(({ length }) => length));
  if (longest > context)
    throw new InputError(
      `prompt ${number + 1} has ${longest} tokens with its label, the context ${context}; shorten the text or take fewer examples`,
    );
  const alone = prompt === '' ? lm.model.virtualTokens.length + 1 : promptSequence(lm, prompt).length;
  const length = commonPrefix(wholes, Math.min(alone, ...wholes.map((whole) => whole.length - 1)));
  if (length === 0)
    throw new InputError(`prompt ${number + 1} is empty, and this tokenizer has no BOS token to predict from`);
  return { shared: wholes[0]!.subarray(0, length), tails: wholes.map((whole) => whole.subarray(length)) };
}

/** Tokens that all sequences begin with, at most `limit`. */
function commonPrefix(sequences: readonly Int32Array[], limit: number): number {
  const first = sequences[0]!;
  let length = 0;
  while (length < limit && sequences.every((sequence) => sequence[length] === first[length])) length++;
  return length;
}

/** Σ log p of each tail after its shared part. */
async function score(
  { model }: LanguageModel,
  candidates: readonly Candidate[],
  { batchTokens = 2048, onProgress }: LikelihoodOptions,
): Promise<Float64Array[]> {
  if (candidates.length === 0) return [];
  const shareds = candidates.map(({ shared }) => shared);
  const most = Math.min(...shareds.map(({ length }) => length)) - 1; // each prompt has a row of its own to predict from
  const common = candidates.length > 1 ? commonPrefix(shareds, most) : 0;
  const forked = common >= WORTH_FORKING ? common : 0;
  const prefix = forked > 0 ? new KvCache(model.config, 1, forked) : null;
  const results: Float64Array[] = [];
  try {
    if (prefix) scope(() => model.extend(shareds[0]!.slice(0, forked), prefix, [0], [forked]));
    const capacity = Math.max(...candidates.map(({ shared, tails }) => shared.length + longest(tails)));
    const slotsThatFit = Math.max(1, Math.floor(CACHE_BYTES / (capacity * cacheBytesPerToken(model.config))));
    const lengths = candidates.map(({ shared, tails }) =>
      Math.max(shared.length - forked + longest(tails), Math.ceil(batchTokens / slotsThatFit)),
    );
    for (const members of groupByTokens(lengths, batchTokens)) {
      const group = members.map((i) => candidates[i]!);
      const cache = new KvCache(model.config, group.length, capacity);
      try {
        if (prefix) cache.fork(prefix, 0, forked, [...group.keys()]);
        results.push(...scoreGroup(group, cache, forked));
      } finally {
        cache.dispose();
      }
      onProgress?.(results.length, candidates.length);
      await nextTurn(); // signals and the screen get their turn
    }
  } finally {
    prefix?.dispose();
  }
  return results;

  /** Candidates in the slots of a cache that holds the first `done` tokens of each. */
  function scoreGroup(group: readonly Candidate[], cache: KvCache, done: number): Float64Array[] {
    const slots = [...group.keys()];
    const rests = group.map(({ shared }) => shared.subarray(done));
    const sums = scope(() => firstTokens(group, model.extend(concatenated(rests), cache, slots, rests.map(size))));
    for (let k = 0; k < group[0]!.tails.length; k++) {
      const longer = slots.filter((slot) => group[slot]!.tails[k]!.length > 1);
      if (longer.length === 0) continue;
      const tails = longer.map((slot) => group[slot]!.tails[k]!);
      const inputs = tails.map((tail) => tail.subarray(0, -1));
      scope(() => {
        const hidden = model.extend(concatenated(inputs), cache, longer, inputs.map(size));
        const { logProbs } = tokenLogProbs(hidden, model.head, concatenated(tails.map((tail) => tail.subarray(1))));
        let row = 0;
        for (const [i, slot] of longer.entries())
          for (let end = row + inputs[i]!.length; row < end; row++) sums[slot]![k]! += logProbs.data[row]!;
      });
      for (const slot of longer) cache.truncate(slot, group[slot]!.shared.length);
    }
    return sums;
  }

  /** log p of the first token of every tail: the softmax over the vocabulary is taken once a prompt. */
  function firstTokens(group: readonly Candidate[], hidden: ReturnType<typeof model.extend>): Float64Array[] {
    const ends: number[] = [];
    for (const { shared } of group) ends.push((ends.at(-1) ?? -1) + shared.length - forked);
    const last = embedding(hidden, Int32Array.from(ends)); // [prompts, width]
    const ids = [...new Set(group.flatMap(({ tails }) => tails.map((tail) => tail[0]!)))];
    const scores = linear(last, embedding(model.head, Int32Array.from(ids))); // [prompts, ids]
    const firsts = Int32Array.from(group, ({ tails }) => tails[0]![0]!);
    const { logProbs } = tokenLogProbs(last, model.head, firsts);
    const column = new Map(ids.map((id, at) => [id, at]));
    return group.map(({ tails }, i) => {
      const scoreOf = (id: number): number => scores.data[i * ids.length + column.get(id)!]!;
      return Float64Array.from(tails, (tail) => logProbs.data[i]! + (scoreOf(tail[0]!) - scoreOf(firsts[i]!)));
    });
  }
}

const size = ({ length }: Int32Array): number => length;
const longest = (sequences: readonly Int32Array[]): number => Math.max(...sequences.map(size));

function concatenated(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function cacheBytesPerToken({ layers, kvHeads, headDim }: ModelConfig): number {
  return layers * 2 * kvHeads * headDim * 4;
}
