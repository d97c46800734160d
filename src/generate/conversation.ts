/**
 * A conversation with a model: by its chat template where it has one; else, for a model that only continues text, written as
 * a script of two speakers, which it goes on with.
 */
import { type ChatMessage, type ChatTemplate, chatPromptTokens, type Tokenizer } from '../tokenizer/index.js';
import { InputError } from '../io/errors.js';
import { promptTokens } from './text.js';

export interface ConversationOptions {
  tokenizer: Tokenizer;
  /** The model's chat template, or null where it has none. */
  template: ChatTemplate | null;
  /** Tokens that a prompt may take: the context without the longest answer. */
  room: number;
  /** What the model is told before all else. */
  system?: string | undefined;
}

interface Turn {
  question: string;
  answer: string;
}

/**
 * What an answer ends with: special tokens where the template has some, else a text.
 * @param template with the special tokens of the tokenizer
 * @throws InputError for a template without end of turn
 */
export function answerEnds(
  template: ChatTemplate,
  tokenizer: Tokenizer,
): { stop: readonly string[]; stopTokens: readonly number[] } {
  const end = template.endOfTurn;
  const stopTokens = [...tokenizer.encode(end, { allowSpecial: true })].filter((id) => tokenizer.isSpecial(id));
  return { stopTokens, stop: stopTokens.length > 0 ? [] : [end] };
}

const USER = 'User:';
const ASSISTANT = 'Assistant:';

export class Conversation {
  /** Texts at which an answer ends. In a script, the model would go on with the user's part. */
  readonly stop: readonly string[];
  /** Special tokens at which an answer ends. */
  readonly stopTokens: readonly number[];
  private readonly tokenizer: Tokenizer;
  private readonly template: ChatTemplate | null;
  private readonly room: number;
  private readonly system: string | undefined;
  private turns: Turn[] = [];

  /** @throws InputError for a template without generation prompt or end of turn */
  constructor({ tokenizer, template, room, system }: ConversationOptions) {
    this.tokenizer = tokenizer;
    this.template = template && template.forTokenizer(tokenizer);
    this.room = room;
    this.system = system;
    if (this.template) ({ stop: this.stop, stopTokens: this.stopTokens } = answerEnds(this.template, tokenizer));
    else {
      this.stopTokens = [];
      this.stop = [`\n${USER}`, `\n${ASSISTANT}`];
    }
  }

  /**
   * Tokens up to where the answer to `question` begins. The oldest turns are forgotten where they would be too many.
   * @throws InputError when the question alone is too long, or the template refuses the messages
   */
  prompt(question: string): ArrayLike<number> {
    for (;;) {
      const tokens = this.template
        ? chatPromptTokens(this.template, this.tokenizer, this.messages(question))
        : promptTokens(this.tokenizer, this.script(question));
      if (tokens.length <= this.room) return tokens;
      if (this.turns.length === 0)
        throw new InputError(`that is too long: ${tokens.length} tokens, and there is room for ${this.room}`);
      this.turns.shift();
    }
  }

  add(question: string, answer: string): void {
    this.turns.push({ question, answer: answer.trim() });
  }

  reset(): void {
    this.turns = [];
  }

  private messages(question: string): ChatMessage[] {
    return [
      ...(this.system === undefined ? [] : [{ role: 'system' as const, content: this.system }]),
      ...this.turns.flatMap(({ question, answer }): ChatMessage[] => [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ]),
      { role: 'user', content: question },
    ];
  }

  private script(question: string): string {
    const system = this.system === undefined ? '' : `${this.system}\n\n`;
    const before = this.turns.map((turn) => `${USER} ${turn.question}\n${ASSISTANT} ${turn.answer}\n`);
    return `${system}${before.join('')}${USER} ${question}\n${ASSISTANT}`;
  }
}
