/**
 * Training of a byte-level BPE tokenizer: start from the bytes, and merge the most frequent pair of neighbours into a
 * new token until the vocabulary is full (Sennrich et al. 2016; Radford et al. 2019).
 */
import { InputError } from '../io/errors.js';
import { BpeTokenizer } from './bpe.js';
import { endOfText, ownSpec } from './bytes.js';
import { countWords } from './count-words.js';
import { learnMerges } from './learn-merges.js';
import { patternPresets, type PatternPreset } from './pattern.js';
import { preTokenizersOf } from './pipeline.js';
import { maxVocabulary } from './spec.js';
import type { Tokenizer } from './types.js';

/** What {@link trainBpe} trains on, and how large. */
export interface TrainBpeOptions {
  /** The documents. No piece crosses from one into the next. */
  texts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;
  /** Number of ids wanted, bytes and special tokens included. */
  vocabSize: number;
  /** A pair that occurs less often is not merged (default 2). */
  minFrequency?: number;
  /** Special tokens, ids 256 on; the first begins and ends a document. Default `<|endoftext|>`. */
  specials?: readonly string[];
  /** How text is cut into pieces before anything is merged (default "telar"). */
  pattern?: PatternPreset;
  /**
   * Most distinct words that are kept (default 2^20, some 400 MB): with more, the rarest so far are forgotten, see
   * `WordCounts.prune`.
   */
  maxWords?: number;
  /** Threads that count words (default one for each processor, at most 8). The result is the same for any number. */
  threads?: number;
}

/**
 * Trains a byte-level BPE tokenizer. Ids 0 to 255 are the bytes, then come the special tokens, then the merged tokens in
 * the order of their merges. The same texts give the same tokenizer: of pairs equally frequent the one with the lower
 * left id, then the lower right id, is merged first. Where the corpus has too few pairs that occur `minFrequency` times,
 * the vocabulary stays smaller than asked.
 * @throws InputError for a vocabulary size or special tokens that are impossible.
 */
export async function trainBpe(options: TrainBpeOptions): Promise<Tokenizer> {
  const { texts, vocabSize, minFrequency = 2, specials = [endOfText], pattern = 'telar', maxWords } = options;
  const first = 256 + specials.length;
  if (!Number.isInteger(vocabSize) || vocabSize < first || vocabSize > maxVocabulary)
    throw new InputError(
      `a vocabulary of ${vocabSize} is impossible: it takes ${first} ids for bytes and special tokens, and at most ${maxVocabulary}`,
    );
  if (!Number.isInteger(minFrequency) || minFrequency < 1)
    throw new InputError(`the minimum frequency is a whole number from 1, not ${minFrequency}`);
  for (const [name, value] of Object.entries({ maxWords, threads: options.threads }))
    if (value !== undefined && (!Number.isInteger(value) || value < 1))
      throw new InputError(`${name} is a whole number from 1, not ${value}`);
  if (!Object.hasOwn(patternPresets, pattern))
    throw new InputError(`no pre-tokenisation "${pattern}": choose of ${Object.keys(patternPresets).join(', ')}`);
  const preTokenizers = preTokenizersOf(pattern);
  ownSpec(specials, [], new Uint32Array(0), preTokenizers);
  const counts = await countWords({ texts, pattern, maxWords, threads: options.threads });
  const { merged, merges } = learnMerges(counts.counted(), {
    first,
    wanted: vocabSize - first,
    minFrequency,
    taken: new Set(specials),
  });
  return new BpeTokenizer(ownSpec(specials, merged, merges, preTokenizers));
}
