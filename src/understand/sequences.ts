/** Texts as the token sequences that a model reads: virtual tokens, the beginning of a document, the text. */
import { type LanguageModel, promptTokens } from '../generate/index.js';
import { InputError } from '../io/errors.js';

/** A piece of a text that fits the context. */
export interface TextWindow {
  /** Number of the text. */
  text: number;
  tokens: Int32Array;
  /** Tokens before the text's own: virtual tokens and the beginning of a document. */
  lead: number;
}

/** Tokens that stand before the first of every text. */
export function leadTokens({ model, tokenizer }: LanguageModel): number[] {
  const start = tokenizer.bos ?? tokenizer.eos;
  return [...model.virtualTokens, ...(start === null ? [] : [start])];
}

/** The sequence of a prompt: virtual tokens, then as for generation. @throws InputError for an empty one without BOS */
export function promptSequence({ model, tokenizer }: LanguageModel, prompt: string): Int32Array {
  return Int32Array.of(...model.virtualTokens, ...promptTokens(tokenizer, prompt));
}

/**
 * A text in windows of the model's context, which do not overlap; a text that fits is one window. With `only: 'last'`, just
 * the one that ends with the text, filled up.
 * @param context most tokens a window, the model's unless given
 * @throws InputError for a text without tokens where the tokenizer has no BOS token either
 */
export function textWindows(
  lm: LanguageModel,
  content: string,
  text: number,
  options: { only?: 'last' | undefined; context?: number | undefined } = {},
): TextWindow[] {
  const lead = leadTokens(lm);
  const ids = lm.tokenizer.encode(content);
  if (ids.length === 0 && lead.length === 0)
    throw new InputError(`text ${text + 1} is empty, and this tokenizer has no BOS token to stand for it`);
  const room = Math.min(options.context ?? Infinity, lm.model.config.context) - lead.length;
  if (room < 1) throw new InputError(`the context leaves no room for text after ${lead.length} tokens before it`);
  const window = (from: number, to: number): TextWindow => ({
    text,
    tokens: Int32Array.of(...lead, ...ids.subarray(from, to)),
    lead: lead.length,
  });
  if (options.only === 'last' || ids.length <= room) return [window(Math.max(0, ids.length - room), ids.length)];
  // Even windows: a short rest would weigh little and know little.
  const count = Math.ceil(ids.length / room);
  return Array.from({ length: count }, (_, i) =>
    window(Math.floor((i * ids.length) / count), Math.floor(((i + 1) * ids.length) / count)),
  );
}
