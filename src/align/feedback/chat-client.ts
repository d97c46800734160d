/** Asks a model behind an OpenAI-compatible endpoint; what may pass, such as a limit of the rate, is tried again. */
import { setTimeout as wait } from 'node:timers/promises';
import { InputError, RunError } from '../../io/errors.js';
import type { ChatMessage } from '../../tokenizer/index.js';
import { JudgeFailure } from './collect.js';

export interface ChatClientOptions {
  /** Where the interface begins, such as `http://127.0.0.1:8080/v1`, or the whole address of its chat completions. */
  url: string;
  model: string;
  /** Sent as a bearer token, and never shown. */
  key?: string | undefined;
  /** Milliseconds for one call (default 120,000). */
  timeout?: number;
  /** Calls before giving up (default 5). */
  attempts?: number;
  /** Milliseconds before the second call; doubled before each further one (default 1000). */
  firstWait?: number;
  signal?: AbortSignal;
}

/** The longest that a server may have us wait, in milliseconds. */
const LONGEST_WAIT = 60_000;

/** Answers that say that no call will ever succeed. */
const hopeless = [401, 403, 404];

export class ChatClient {
  /** Without what could be secret in it. */
  readonly address: string;
  private readonly options: ChatClientOptions;
  /** 0, so that equal questions get equal answers; some models refuse that. */
  private temperature: number | undefined = 0;

  /** @throws InputError for something that is not an address */
  constructor(options: ChatClientOptions) {
    this.options = options;
    const base = URL.canParse(options.url) ? new URL(options.url) : null;
    if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '')
      throw new InputError(
        `the judge's address must be like http://127.0.0.1:8080/v1, without a password, not ${base?.password ? 'one with a password' : options.url}`,
      );
    const path = base.pathname.replace(/\/+$/, '');
    base.pathname = path.endsWith('/chat/completions') ? path : `${path}/chat/completions`;
    this.options = { ...options, url: base.href };
    this.address = base.origin + base.pathname;
  }

  /**
   * The text that a model answers with.
   * @throws JudgeFailure when no call succeeded; RunError where none ever will, as with a wrong key
   */
  async complete(messages: readonly ChatMessage[]): Promise<string> {
    const { attempts = 5, firstWait = 1000, signal } = this.options;
    for (let attempt = 1; ; attempt++) {
      const result = await this.call(messages);
      if ('text' in result) return result.text;
      if (result.hopeless) throw new RunError(`${this.address}: ${result.reason}`);
      if (!result.again || attempt === attempts || signal?.aborted)
        throw new JudgeFailure(`${this.address}: ${result.reason}`);
      const pause = Math.min(LONGEST_WAIT, Math.max(result.after ?? 0, firstWait * 2 ** (attempt - 1)));
      await wait(pause, undefined, signal && { signal }).catch(() => {});
    }
  }

  private async call(
    messages: readonly ChatMessage[],
  ): Promise<{ text: string } | { reason: string; again?: boolean; after?: number; hopeless?: boolean }> {
    const { url, model, key, timeout = 120_000, signal } = this.options;
    const limit = AbortSignal.timeout(timeout);
    const sent = this.temperature;
    let response: Response;
    let body: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
        body: JSON.stringify({ model, messages, temperature: sent }),
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      body = await response.text();
    } catch (error) {
      const reason = limit.aborted ? `no answer within ${timeout / 1000} s` : this.clean(causeOf(error));
      return { reason, again: !signal?.aborted };
    }
    if (!response.ok) {
      const { status } = response;
      // Models that reason know only their own temperature.
      if (status === 400 && sent !== undefined && body.includes('temperature')) {
        this.temperature = undefined;
        return this.call(messages);
      }
      const again = status === 408 || status === 429 || status >= 500;
      const after = retryAfter(response.headers.get('retry-after'));
      const reason = `status ${status}: ${this.clean(body)}`;
      return { reason, again, hopeless: hopeless.includes(status), ...(after !== null && { after }) };
    }
    const text = contentOf(body);
    return text === null ? { reason: `this is no chat completion: ${this.clean(body)}` } : { text };
  }

  /** Text of a server on one line, short, and without the key. */
  private clean(text: string): string {
    const { key } = this.options;
    const hidden = key ? text.replaceAll(key, '***') : text;
    const line = hidden.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
    return line.length > 200 ? `${line.slice(0, 200)}...` : line;
  }
}

/** The content of the first choice; null for anything else. */
function contentOf(body: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const content = (value as { choices?: { message?: { content?: unknown } }[] } | null)?.choices?.[0]?.message?.content;
  return typeof content === 'string' ? content : null;
}

/** What the network says; `fetch` hides it in the cause. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || String((cause as NodeJS.ErrnoException).code);
}

/** Milliseconds to wait, from seconds or a date; null where the server does not say. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const time = /^\d+(\.\d+)?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(time) ? Math.max(0, time) : null;
}
