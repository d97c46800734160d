/** Transcripts as in Anthropic's HH data: turns that begin with a blank line and `Human:` or `Assistant:` (Bai et al. 2022). */
import type { ChatMessage } from '../../tokenizer/index.js';
import { Bad } from '../../tune/index.js';

const TURN = /(?:^|\n\n)(Human|Assistant):[ \t]?/g;

/**
 * The messages of a transcript. Turns of one side that follow one another are joined, as a few in the real data do.
 * @throws Bad for a text that does not begin with a turn
 */
export function transcriptMessages(text: string): ChatMessage[] {
  const found = [...text.matchAll(TURN)];
  if (found.length === 0 || text.slice(0, found[0]!.index).trim() !== '')
    throw new Bad(
      'unknown shape',
      'without "prompt" it must be messages, or a transcript with "Human:" and "Assistant:"',
    );
  const messages: ChatMessage[] = [];
  for (const [i, match] of found.entries()) {
    const role = match[1] === 'Human' ? 'user' : 'assistant';
    const content = text.slice(match.index + match[0].length, found[i + 1]?.index).trim();
    const last = messages.at(-1);
    if (last?.role === role) last.content = `${last.content}\n\n${content}`.trim();
    else messages.push({ role, content });
  }
  return messages;
}
