/** Text generation: tokens in, complete characters out, stop strings honoured. */
import type { Transformer } from '../model/index.js';
import { type Tokenizer, Utf8Stream } from '../tokenizer/index.js';
import { InputError } from '../io/errors.js';
import { type FinishReason, generateTokens, type TokenOptions } from './tokens.js';

export interface TextOptions extends TokenOptions {
  /** Texts that end a sequence; neither they nor what follows is given out. */
  stop?: readonly string[];
}

export interface TextToken {
  id: number;
  /** The token's own bytes as text; bytes that are half a character read U+FFFD. */
  text: string;
  logprob: number;
}

export interface TextEvent {
  /** Which prompt this continues. */
  sequence: number;
  /** New text, possibly empty: never half a character, never the beginning of a stop string. */
  text: string;
  token: TextToken;
  finishReason: FinishReason | null;
}

export interface Completion {
  text: string;
  tokens: TextToken[];
  finishReason: FinishReason;
}

const NOTHING = new Uint8Array(0);

/** Token ids a prompt starts from: BOS and the text. @throws InputError when both are missing. */
export function promptTokens(tokenizer: Tokenizer, prompt: string): Uint32Array {
  const ids = tokenizer.encode(prompt);
  const start = tokenizer.bos ?? tokenizer.eos;
  if (start === null && ids.length === 0)
    throw new InputError('an empty prompt needs a tokenizer with a BOS token; give a prompt');
  return start === null ? ids : Uint32Array.of(start, ...ids);
}

/**
 * Continues prompts, texts or token ids, as a stream of events; see {@link generateTokens}. End-of-text tokens and
 * `stopTokens` end a sequence unseen.
 */
export async function* streamText(
  model: Transformer,
  tokenizer: Tokenizer,
  prompts: readonly (string | ArrayLike<number>)[],
  options: TextOptions = {},
): AsyncGenerator<TextEvent> {
  const eos = tokenizer.eos === null ? [] : [tokenizer.eos];
  const ends = [...new Set([...model.config.eosTokenIds, ...eos, ...(options.stopTokens ?? [])])];
  const outputs = prompts.map(() => new StoppableText(options.stop ?? []));
  const cancelled = new Set<number>();
  const ids = prompts.map((prompt) => (typeof prompt === 'string' ? promptTokens(tokenizer, prompt) : prompt));
  const previous = ids.map((prompt) => prompt[prompt.length - 1] ?? null);
  for await (const event of generateTokens(model, ids, { ...options, stopTokens: ends }, cancelled)) {
    const { sequence, id, logprob } = event;
    if (cancelled.has(sequence)) continue;
    const output = outputs[sequence]!;
    const known = id < tokenizer.vocabSize; // rows that pad a vocabulary have no text
    const bytes = known && event.finishReason !== 'stop' ? tokenizer.bytesAfter(id, previous[sequence]!) : NOTHING;
    if (known) previous[sequence] = id;
    let text = output.push(bytes);
    if (output.stopped) cancelled.add(sequence);
    const finishReason = output.stopped ? 'stop' : event.finishReason;
    if (finishReason && !output.stopped) text += output.end();
    yield { sequence, text, token: { id, text: known ? tokenizer.decode([id]) : '', logprob }, finishReason };
  }
}

/** Continues prompts and returns when all are done. */
export async function generateText(
  model: Transformer,
  tokenizer: Tokenizer,
  prompts: readonly (string | ArrayLike<number>)[],
  options: TextOptions = {},
): Promise<Completion[]> {
  const completions = prompts.map((): Completion => ({ text: '', tokens: [], finishReason: 'length' }));
  for await (const { sequence, text, token, finishReason } of streamText(model, tokenizer, prompts, options)) {
    const completion = completions[sequence]!;
    completion.text += text;
    completion.tokens.push(token);
    if (finishReason) completion.finishReason = finishReason;
  }
  return completions;
}

/** Text that holds back what may turn out to be the beginning of a stop string. */
class StoppableText {
  stopped = false;
  private held = '';
  private readonly utf8 = new Utf8Stream();
  private readonly stops: readonly string[];

  constructor(stops: readonly string[]) {
    this.stops = stops.filter((stop) => stop.length > 0);
  }

  push(bytes: Uint8Array): string {
    return this.release(this.utf8.push(bytes));
  }

  /** What is left when no more comes. */
  end(): string {
    const text = this.release(this.utf8.end());
    if (this.stopped) return text;
    const rest = this.held;
    this.held = '';
    return text + rest;
  }

  private release(more: string): string {
    const text = this.held + more;
    const found = this.stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      this.stopped = true;
      this.held = '';
      return text.slice(0, Math.min(...found));
    }
    const keep = Math.max(0, ...this.stops.map((stop) => overlap(text, stop)));
    this.held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }
}

/** Length of the longest end of `text` that begins `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
