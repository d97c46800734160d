/** What a record of feedback says, before it becomes tokens. */
import type { ChatMessage } from '../../tokenizer/index.js';
import { Bad, readRecord } from '../../tune/index.js';
import { transcriptMessages } from './transcript.js';
import type { Prompt } from './types.js';

type Fields = Readonly<Record<string, unknown>>;

/** Two answers, the better one first. */
export interface PairRecord {
  prompt: Prompt;
  chosen: string;
  rejected: string;
  margin: number | null;
}

export const pairFields = ['prompt', 'chosen', 'rejected', 'tie', 'system', 'margin'] as const;
export const thumbFields = [
  'prompt',
  'completion',
  'messages',
  'system',
  'label',
  'chosen',
  'rejected',
  'tie',
] as const;
export const promptFields = ['prompt', 'messages', 'system', 'answer', 'answers'] as const;

export function isPair(record: Fields): boolean {
  return record['chosen'] !== undefined && record['rejected'] !== undefined;
}

/**
 * `{"prompt", "chosen", "rejected"}`, all texts or lists of messages; `{"chosen", "rejected"}` as whole conversations, or as
 * transcripts with `Human:` and `Assistant:` (Bai et al. 2022). "margin" says by how much the chosen one is better.
 * @throws Bad for anything else, for equal answers, and for answers to different prompts
 */
export function readPair(record: Fields): PairRecord {
  if (!isPair(record))
    throw new Bad(
      'unknown shape',
      `expected "chosen" and "rejected"; it has ${Object.keys(record).join(', ') || 'no field'}`,
    );
  const [a, b] = [answerOf(record, 'chosen'), answerOf(record, 'rejected')];
  if (JSON.stringify(a.prompt) !== JSON.stringify(b.prompt))
    throw new Bad('different prompts', '"chosen" and "rejected" answer different prompts');
  if (a.answer === b.answer) throw new Bad('equal answers', '"chosen" and "rejected" are the same');
  return { prompt: a.prompt, chosen: a.answer, rejected: b.answer, margin: marginOf(record['margin']) };
}

export function isTie(record: Fields): boolean {
  return (record['tie'] ?? null) !== null;
}

/** `{"prompt", "tie": [a, b]}`: two answers of which none is better. @throws Bad for anything else, and as `readPair` does */
export function readTie(record: Fields): { prompt: Prompt; answers: [string, string] } {
  const { tie } = record;
  if (isPair(record)) throw new Bad('unknown shape', 'it has "tie" and "chosen" too: keep one of them');
  if (!Array.isArray(tie) || tie.length !== 2) throw new Bad('wrong type', '"tie" is not a list of two answers');
  const { prompt, chosen, rejected } = readPair({ ...record, chosen: tie[0] as unknown, rejected: tie[1] as unknown });
  return { prompt, answers: [chosen, rejected] };
}

/** `{"prompt", "completion", "label"}` or `{"messages", "label"}`. @throws Bad for anything else */
export function readThumb(record: Fields): { prompt: Prompt; answer: string; good: boolean } {
  const { label } = record;
  if (typeof label !== 'boolean')
    throw new Bad(
      'no label',
      `"label" must be true or false${label === undefined ? '' : `, not ${JSON.stringify(label)}`}`,
    );
  return { ...split(readRecord(record)), good: label };
}

/**
 * `{"prompt"}`, a text or messages, or `{"messages"}`; an answer at the end of messages is left out.
 * @throws Bad for anything else
 */
export function readPrompt(record: Fields): Prompt {
  const { prompt, messages } = record;
  if ((prompt ?? null) === null && (messages ?? null) === null)
    throw new Bad(
      'unknown shape',
      `expected "prompt" or "messages"; it has ${Object.keys(record).join(', ') || 'no field'}`,
    );
  // Read with an answer that is thrown away, so that all is checked as in examples to learn from.
  const stand = 'x';
  const system = record['system'] ?? undefined;
  const withSystem = (fields: Fields): Fields => (system === undefined ? fields : { ...fields, system });
  if (typeof prompt === 'string') return split(readRecord(withSystem({ prompt, completion: stand }))).prompt;
  const list = prompt ?? messages;
  if (!Array.isArray(list)) throw new Bad('wrong type', '"prompt" is neither a text nor a list of messages');
  if (list.length === 0) throw new Bad('wrong roles', 'the list of messages is empty');
  const answered = (list.at(-1) as { role?: unknown } | undefined)?.role === 'assistant';
  const asked: unknown[] = answered ? list.slice(0, -1) : list;
  return split(readRecord(withSystem({ messages: [...asked, { role: 'assistant', content: stand }] }))).prompt;
}

/** The answer in one of a pair's two fields, and what it answers. */
function answerOf(record: Fields, field: 'chosen' | 'rejected'): { prompt: Prompt; answer: string } {
  const { prompt } = record;
  const value = record[field];
  const system = record['system'] ?? undefined;
  const read = (fields: Fields): { prompt: Prompt; answer: string } => {
    try {
      return split(readRecord(system === undefined ? fields : { ...fields, system }));
    } catch (error) {
      if (error instanceof Bad) throw new Bad(error.kind, `"${field}": ${error.message}`);
      throw error;
    }
  };
  if ((prompt ?? null) !== null) {
    if (typeof prompt === 'string' && typeof value === 'string') return read({ prompt, completion: value });
    const asked: unknown = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
    const given: unknown = typeof value === 'string' ? [{ role: 'assistant', content: value }] : value;
    return read({ prompt: asked, completion: given });
  }
  if (typeof value === 'string') return read({ messages: transcriptMessages(value) });
  return read({ messages: value });
}

function split(record: ReturnType<typeof readRecord>): { prompt: Prompt; answer: string } {
  if (record.kind === 'text') return { prompt: record.prompt, answer: record.completion };
  const messages: ChatMessage[] = record.messages;
  return { prompt: messages.slice(0, -1), answer: messages.at(-1)!.content };
}

function marginOf(value: unknown): number | null {
  if ((value ?? null) === null) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Bad('wrong type', `"margin" must be a number from 0, not ${JSON.stringify(value)}`);
  return value;
}
