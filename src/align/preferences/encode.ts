/** Prompts and answers as the tokens of a model. */
import { promptTokens } from '../../generate/index.js';
import { ChatTemplate, chatPromptTokens, type Tokenizer } from '../../tokenizer/index.js';
import { Bad, fitConversation, fitText } from '../../tune/index.js';
import type { Prompt } from './types.js';

export interface EncodeOptions {
  tokenizer: Tokenizer;
  /** The model's own; null for the standard one. */
  template: ChatTemplate | null;
  /** Most tokens of a prompt with its answer. */
  context: number;
}

export interface Encoded {
  /** [n] prompt, answer, end of turn */
  tokens: Int32Array;
  /** [n] 1 for the answer and what ends it */
  learned: Uint8Array;
  /** Whether the prompt lost its beginning. */
  truncated: boolean;
}

/**
 * A prompt with its answer and what ends it; only these count as learned, whatever was said before.
 * @throws Bad when the answer has no room, or the template refuses the messages
 */
export function encodeAnswer({ tokenizer, template, context }: EncodeOptions, prompt: Prompt, answer: string): Encoded {
  if (typeof prompt === 'string') {
    const { parts, truncated } = fitText(tokenizer, prompt, answer, context);
    return { ...parts[0]!, truncated };
  }
  const messages = [...prompt, { role: 'assistant', content: answer } as const];
  const { parts, truncated } = fitConversation(templateOf(template, tokenizer), tokenizer, messages, context);
  const { tokens, learned } = parts.at(-1)!;
  const last = learned.lastIndexOf(1);
  const before = learned.lastIndexOf(0, last);
  return { tokens, learned: learned.fill(0, 0, before + 1), truncated };
}

/**
 * What an answer follows, at most `context` tokens; a text that is longer loses its beginning.
 * @throws Bad for a conversation that is longer, or that the template refuses
 */
export function encodePrompt({ tokenizer, template, context }: EncodeOptions, prompt: Prompt): Int32Array {
  if (typeof prompt === 'string') {
    const ids = Int32Array.from(promptTokens(tokenizer, prompt));
    if (ids.length <= context) return ids;
    const start = (tokenizer.bos ?? tokenizer.eos) === ids[0] ? 1 : 0;
    return Int32Array.of(...ids.subarray(0, start), ...ids.subarray(ids.length - context + start));
  }
  const ids = chatPromptTokens(templateOf(template, tokenizer), tokenizer, prompt);
  if (ids.length > context)
    throw new Bad(
      'over-long prompt',
      `its prompt has ${ids.length} tokens, more than the ${context} there is room for`,
    );
  return ids;
}

/** A prompt to show, or to judge an answer by. */
export function promptText(prompt: Prompt): string {
  if (typeof prompt === 'string') return prompt;
  const [only] = prompt;
  if (prompt.length === 1 && only?.role === 'user') return only.content;
  return prompt.map(({ role, content }) => `${role}: ${content}`).join('\n\n');
}

function templateOf(template: ChatTemplate | null, tokenizer: Tokenizer): ChatTemplate {
  return (template ?? ChatTemplate.standard).forTokenizer(tokenizer);
}
