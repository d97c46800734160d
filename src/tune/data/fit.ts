/** Conversations and texts as tokens that fit the context: what does not fit goes from the beginning, never from the answer. */
import { promptTokens } from '../../generate/index.js';
import {
  type ChatMessage,
  type ChatTemplate,
  encodeBehind,
  encodeMarked,
  type MarkedTokens,
  type Tokenizer,
} from '../../tokenizer/index.js';
import { InputError } from '../../io/errors.js';
import { Bad } from './problem.js';

export interface Fitted {
  /** One, or one for each of the answers that no common text shows as the model would give them. */
  parts: MarkedTokens[];
  /** Whether something was left out. */
  truncated: boolean;
}

/**
 * A conversation of at most `context` tokens. Where it is longer, the oldest turns are left out whole; if the last alone is
 * too long, its question loses its beginning, and only if that is not enough, the system message goes.
 * @throws Bad when the last answer alone has no room, or the template refuses the messages
 */
export function fitConversation(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  context: number,
): Fitted {
  const system = messages[0]?.role === 'system' ? messages.slice(0, 1) : [];
  const turns = messages.slice(system.length);
  const encode = (messages: readonly ChatMessage[]): MarkedTokens[] => {
    try {
      return template.trainingTexts(messages).map((text) => encodeMarked(tokenizer, text));
    } catch (error) {
      if (error instanceof InputError) throw new Bad('refused by the template', error.message);
      throw error;
    }
  };
  const fits = (parts: readonly MarkedTokens[]): boolean => parts.every(({ tokens }) => tokens.length <= context);
  const whole = encode(messages);
  if (fits(whole)) return { parts: whole, truncated: false };

  const without = (pairs: number): ChatMessage[] => [...system, ...turns.slice(2 * pairs)];
  const pairs = turns.length / 2 - 1;
  const dropped = smallest(1, pairs, (count) => fits(encode(without(count))));
  if (dropped !== null) return { parts: encode(without(dropped)), truncated: true };

  const [question, answer] = turns.slice(-2) as [ChatMessage, ChatMessage];
  const characters = Array.from(question.content.trim());
  for (const head of system.length > 0 ? [system, []] : [[]]) {
    const cut = (count: number): ChatMessage[] => [
      ...head,
      { role: 'user', content: characters.slice(count).join('') },
      answer,
    ];
    const count = smallest(0, characters.length - 1, (count) => fits(encode(cut(count))));
    if (count !== null) return { parts: encode(cut(count)), truncated: true };
  }
  const size = encode([question, answer])
    .at(-1)!
    .learned.reduce((sum, mark) => sum + mark, 0);
  throw tooLong(size, context);
}

/**
 * A prompt with what follows it and the end token. A prompt that is too long loses its beginning.
 * @throws Bad when the completion alone has no room; InputError when the tokenizer has no end token
 */
export function fitText(tokenizer: Tokenizer, prompt: string, completion: string, context: number): Fitted {
  if (tokenizer.eos === null)
    throw new InputError(
      'the tokenizer has no token that ends a text, so a model could not learn where an answer ends',
    );
  const given = promptTokens(tokenizer, prompt);
  const answer = [...encodeBehind(tokenizer, completion, given.at(-1) ?? null), tokenizer.eos];
  const start = (tokenizer.bos ?? tokenizer.eos) === given[0] ? [given[0]!] : [];
  const room = context - answer.length;
  if (room < start.length + 1) throw tooLong(answer.length, context);
  const truncated = given.length > room;
  const kept = truncated ? [...start, ...given.subarray(given.length - room + start.length)] : [...given];
  const learned = new Uint8Array(kept.length + answer.length).fill(1, kept.length);
  return { parts: [{ tokens: Int32Array.from([...kept, ...answer]), learned }], truncated };
}

function tooLong(size: number, context: number): Bad {
  return new Bad(
    'over-long answer',
    `its answer has ${size} tokens, which with any prompt do not fit the context of ${context}: shorten it`,
  );
}

/** The smallest number in [from, to] with which `good` holds, where it holds for all above it too; null for none. */
function smallest(from: number, to: number, good: (count: number) => boolean): number | null {
  if (from > to || !good(to)) return null;
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (good(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
