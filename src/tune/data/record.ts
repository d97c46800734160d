/** What a record says: a conversation, or a text and how it goes on. */
import type { ChatMessage } from '../../tokenizer/index.js';
import { Bad } from './problem.js';

export type TuningRecord =
  | { kind: 'conversation'; messages: ChatMessage[] }
  /** Learned as it stands, without a chat template. */
  | { kind: 'text'; prompt: string; completion: string };

/** Fields that are read of a record. */
export const recordFields = ['messages', 'prompt', 'completion', 'system'] as const;

const roles: readonly string[] = ['system', 'user', 'assistant'];

/** Fields of a message that would change what it means. */
const unsupported = ['tool_calls', 'function_call', 'weight'];

/**
 * Reads `{"messages"}` or `{"prompt", "completion"}` (both strings, or lists of messages), each with an optional `"system"`.
 * Strings without `system` are a text that goes on; everything else is a conversation, which begins with a user (behind an
 * optional system message), takes turns, and ends with the assistant.
 * @param systemPrompt for conversations that have none
 * @throws Bad for anything else
 */
export function readRecord(record: Readonly<Record<string, unknown>>, systemPrompt?: string): TuningRecord {
  const has = (field: string): boolean => record[field] !== undefined && record[field] !== null;
  if (has('messages') && (has('prompt') || has('completion')))
    throw new Bad('unknown shape', 'it has both "messages" and "prompt" or "completion": keep one of them');
  if (!has('messages') && !(has('prompt') && has('completion'))) throw new Bad('unknown shape', shapeHint(record));
  const system = has('system') ? textOf(record['system'], '"system"') : undefined;
  if (has('messages')) return conversation(messagesOf(record['messages'], '"messages"'), system, systemPrompt);
  const [prompt, completion] = [record['prompt'], record['completion']];
  if (typeof prompt === 'string' && typeof completion === 'string') {
    if (system !== undefined)
      return conversation(
        [
          { role: 'user', content: prompt },
          { role: 'assistant', content: completion },
        ],
        system,
        systemPrompt,
      );
    checkText(prompt, '"prompt"', 'empty prompt');
    checkText(completion, '"completion"', 'empty answer');
    return { kind: 'text', prompt, completion };
  }
  if (Array.isArray(prompt) && Array.isArray(completion))
    return conversation(
      [...messagesOf(prompt, '"prompt"'), ...messagesOf(completion, '"completion"')],
      system,
      systemPrompt,
    );
  throw new Bad('wrong type', '"prompt" and "completion" must both be texts, or both lists of messages');
}

function conversation(
  messages: ChatMessage[],
  system: string | undefined,
  systemPrompt: string | undefined,
): TuningRecord {
  const [first] = messages;
  if (first?.role === 'system' && system !== undefined)
    throw new Bad('wrong roles', 'it has "system" and a system message too: keep one of them');
  const text = system ?? (first?.role === 'system' ? undefined : systemPrompt);
  const all: ChatMessage[] = text === undefined ? messages : [{ role: 'system', content: text }, ...messages];
  checkTurns(all);
  for (const [i, { role, content }] of all.entries())
    checkText(
      content,
      `message ${i + 1 - (text === undefined ? 0 : 1)} (${role})`,
      role === 'assistant' ? 'empty answer' : 'empty prompt',
    );
  return { kind: 'conversation', messages: all };
}

/** A model is asked and answers: anything else is no example of that. */
function checkTurns(messages: readonly ChatMessage[]): void {
  const wrong = (reason: string): Bad => new Bad('wrong roles', reason);
  const turns = messages[0]?.role === 'system' ? messages.slice(1) : messages;
  if (turns.length === 0) throw wrong('it has no message of a user and none of the assistant');
  for (const [i, { role }] of turns.entries()) {
    const number = i + 1 + messages.length - turns.length;
    if (role === 'system') throw wrong(`message ${number} is by the system: only the first may be`);
    if (role === turns[i - 1]?.role)
      throw wrong(`messages ${number - 1} and ${number} are both by the ${role}: join them`);
    if (i === 0 && role === 'assistant')
      throw wrong(`the assistant answers in message ${number} before a user has asked`);
  }
  if (turns.at(-1)!.role !== 'assistant')
    throw wrong('the last message is by the user, and there is no answer to learn');
}

function messagesOf(value: unknown, name: string): ChatMessage[] {
  if (!Array.isArray(value)) throw new Bad('wrong type', `${name} is not a list of messages`);
  if (value.length === 0) throw new Bad('wrong roles', `${name} is an empty list`);
  return value.map((entry: unknown, i) => {
    const place = `message ${i + 1} of ${name}`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      throw new Bad('wrong type', `${place} is not an object with "role" and "content"`);
    const message = entry as Readonly<Record<string, unknown>>;
    const { role, content } = message;
    if (role === undefined || (content === undefined && !unsupported.some((field) => message[field])))
      throw new Bad('wrong type', `${place} has no "${role === undefined ? 'role' : 'content'}"`);
    if (typeof role !== 'string') throw new Bad('wrong type', `the role of ${place} is not a text`);
    if (!roles.includes(role))
      throw new Bad(
        'wrong roles',
        `${place} has the unknown role ${JSON.stringify(role)}: use system, user or assistant`,
      );
    const other = unsupported.find((field) => message[field] !== undefined && message[field] !== null);
    if (other !== undefined) throw new Bad('unknown shape', `"${other}" of ${place} is not supported`);
    return { role: role as ChatMessage['role'], content: textOf(content, `the content of ${place}`) };
  });
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Bad('wrong type', `${name} is ${kindOf(value)}, not a text`);
  return value;
}

function checkText(text: string, name: string, kind: string): void {
  if (text.trim() === '') throw new Bad(kind, `${name} is empty`);
  if (!text.isWellFormed())
    throw new Bad('half a character', `${name} has half a surrogate pair, which is no character`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a${typeof value === 'object' ? 'n' : ''} ${typeof value}`;
}

function shapeHint(record: Readonly<Record<string, unknown>>): string {
  const fields = Object.keys(record);
  const given = fields.length === 0 ? 'no field' : fields.slice(0, 8).join(', ');
  const has = (...names: string[]): boolean => names.every((name) => fields.includes(name));
  const hint = has('conversations')
    ? ' (rename "conversations" to "messages", with "role" and "content" for "from" and "value")'
    : has('instruction', 'output')
      ? ' (rename "instruction" to "prompt" and "output" to "completion")'
      : has('chosen')
        ? ' (these are preferences, not examples)'
        : '';
  return `expected "messages", or "prompt" and "completion"; it has ${given}${hint}`;
}
