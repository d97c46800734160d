/** What the virtual tokens of a soft prompt begin as: noise, words of the vocabulary, or a text (Lester et al. 2021, 3.2). */
import { embedding, scope } from '../engine/index.js';
import { InputError } from '../io/errors.js';
import { Random } from '../io/hash-random.js';
import type { Transformer } from '../model/index.js';
import type { Tokenizer } from '../tokenizer/index.js';

export const promptInits = ['random', 'vocabulary', 'text'] as const;

export interface SoftPromptStart {
  init: (typeof promptInits)[number];
  /** For init 'text'. */
  text: string | null;
  virtualTokens: number;
  seed: number;
}

/** Drawn apart from the adapter's own random numbers. */
const STREAM = 0x50524f4d;

/**
 * Embeddings [virtualTokens, width] to begin from; undefined for noise, which the adapter makes itself. A text that is
 * too short is said again, one that is too long is cut. Special tokens are not drawn.
 * @throws InputError for init 'text' without a text
 */
export function initialPrompt(
  model: Transformer,
  tokenizer: Tokenizer,
  { init, text, virtualTokens, seed }: SoftPromptStart,
): Float32Array | undefined {
  if (init === 'random' || virtualTokens === 0) return undefined;
  const ids = init === 'text' ? wordsOf(tokenizer, text ?? '') : drawn(tokenizer, virtualTokens, seed);
  const rows = Int32Array.from({ length: virtualTokens }, (_, i) => ids[i % ids.length]!);
  return scope(() => Float32Array.from(embedding(model.parameters.get('embed.weight')!, rows).data));
}

function wordsOf(tokenizer: Tokenizer, text: string): ArrayLike<number> {
  const ids = tokenizer.encode(text);
  if (ids.length === 0) throw new InputError('--init text needs words to begin from: give --init-text');
  return ids;
}

function drawn(tokenizer: Tokenizer, count: number, seed: number): number[] {
  const random = new Random(seed, STREAM);
  const specials = new Set(tokenizer.specials.values());
  const ids: number[] = [];
  while (ids.length < count) {
    const id = random.int(tokenizer.vocabSize);
    if (!specials.has(id) || specials.size >= tokenizer.vocabSize) ids.push(id);
  }
  return ids;
}
