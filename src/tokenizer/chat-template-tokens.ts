/**
 * Tokens of conversations.
 *
 * The text is cut where the assistant begins and ends, and the parts are encoded one by one: a prompt that ends where an
 * answer begins then has the same tokens in training as in a chat, and no token is half prompt, half answer.
 */
import type { ChatMessage, ChatTemplate, MarkedText } from './chat-template.js';
import { Guard } from './chat-template-guard.js';
import type { Tokenizer } from './types.js';

export interface MarkedTokens {
  /** [n] */
  tokens: Int32Array;
  /** [n] 1 where the assistant writes the token */
  learned: Uint8Array;
}

/** Tokens of a text, and which of them the assistant writes. */
export function encodeMarked(tokenizer: Tokenizer, { text, assistant }: MarkedText): MarkedTokens {
  const guard = Guard.has(text) ? new Guard([...tokenizer.specials.keys()]) : null;
  const ids: number[] = [];
  const learned: number[] = [];
  const add = (from: number, to: number, mark: 0 | 1): void => {
    if (to <= from) return;
    const part = text.slice(from, to);
    const pieces = guard && Guard.has(part) ? guard.parts(part) : [{ text: part, special: true }];
    for (const piece of pieces) {
      const more = encodeBehind(tokenizer, piece.text, ids.at(-1) ?? null, piece.special);
      for (const id of more) ids.push(id);
    }
    while (learned.length < ids.length) learned.push(mark);
  };
  let done = 0;
  for (const [from, to] of assistant) {
    add(done, from, 0);
    add(from, to, 1);
    done = to;
  }
  add(done, text.length, 0);
  return { tokens: Int32Array.from(ids), learned: Uint8Array.from(learned) };
}

/**
 * Tokens to give a model for its next answer.
 * @throws InputError when the template refuses the messages
 */
export function chatPromptTokens(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
): Int32Array {
  return encodeMarked(tokenizer, template.prompt(messages)).tokens;
}

/** Texts that some token ends with, whatever follows. */
const anchors = ['\n', '.', 'a'];

/**
 * Tokens of text that stands behind `previous`. SentencePiece tokenizers put a space before a text, which they take for the
 * first there is; behind other text they must not.
 */
export function encodeBehind(
  tokenizer: Tokenizer,
  text: string,
  previous: number | null,
  allowSpecial = false,
): Uint32Array {
  const ids = tokenizer.encode(text, { allowSpecial });
  const adds = (ids: Uint32Array, before: number | null): boolean => {
    if (ids.length === 0 || tokenizer.bytesAfter(ids[0]!, before)[0] !== 0x20) return false;
    return leadingSpaces(tokenizer.decodeBytes(ids.subarray(0, 8), before)) > leadingSpaces(Buffer.from(text));
  };
  if (previous === null || !adds(ids, previous)) return ids;
  for (const anchor of anchors) {
    const before = tokenizer.encode(anchor);
    const both = tokenizer.encode(anchor + text, { allowSpecial });
    const rest = both.subarray(before.length);
    if (before.every((id, i) => both[i] === id) && !adds(rest, before.at(-1)!)) return rest;
  }
  return ids;
}

function leadingSpaces(bytes: Uint8Array): number {
  let count = 0;
  while (bytes[count] === 0x20) count++;
  return count;
}
