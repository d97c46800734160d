/** Prompts that fit the context: examples are left out until one does, the question never. */
import { promptTokens } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import type { Tokenizer } from '../tokenizer/index.js';
import type { Example } from './examples.js';
import type { PromptFile } from './prompt-file.js';
import { renderParts, type RenderedPrompt } from './render.js';
import { shownOrder } from './select.js';
import type { Values } from './values.js';

export interface FittedPrompt extends RenderedPrompt {
  /** With BOS where the tokenizer has one. */
  tokens: Uint32Array;
  /** Those shown, in their order. */
  examples: Example[];
  /** Examples that had no room. */
  left: number;
}

/**
 * Renders with as many of the chosen examples as fit in `room` tokens; the last chosen is left out first.
 * @throws InputError where the question alone does not fit
 */
export function fitPrompt(
  file: PromptFile,
  values: Values,
  chosen: readonly Example[],
  { tokenizer, room, where = file.path }: { tokenizer: Tokenizer; room: number; where?: string },
): FittedPrompt {
  for (let count = chosen.length; ;) {
    const examples = shownOrder(file, chosen.slice(0, count));
    const rendered = renderParts(file, values, examples);
    const tokens = promptTokens(tokenizer, rendered.text);
    if (tokens.length <= room) return { ...rendered, tokens, examples, left: chosen.length - count };
    if (count === 0)
      throw new InputError(
        `${where}: the prompt is too long without any example: ${tokens.length} tokens, and there is room for ${room}`,
      );
    // Examples of like length: as many fewer as the excess suggests, at least one.
    const excess = (tokens.length - room) / tokens.length;
    count -= Math.max(1, Math.floor(count * excess * 0.9));
  }
}
