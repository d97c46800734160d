/** A conversation with a model that only continues text: written as a script of two speakers, which it goes on with. */
import type { Tokenizer } from '../tokenizer/index.js';
import { InputError } from '../io/errors.js';
import { promptTokens } from './text.js';

interface Turn {
  question: string;
  answer: string;
}

const USER = 'User:';
const ASSISTANT = 'Assistant:';

export class Conversation {
  /** Texts at which an answer ends: the model would go on with the user's part. */
  static readonly stop: readonly string[] = [`\n${USER}`, `\n${ASSISTANT}`];
  private readonly tokenizer: Tokenizer;
  private readonly room: number;
  private turns: Turn[] = [];

  /** @param room tokens that a prompt may take: the context without the longest answer */
  constructor(tokenizer: Tokenizer, room: number) {
    this.tokenizer = tokenizer;
    this.room = room;
  }

  /**
   * The script up to where the answer to `question` begins. The oldest turns are forgotten where it would grow too long.
   * @throws InputError when the question alone is too long
   */
  prompt(question: string): string {
    for (;;) {
      const before = this.turns.map((turn) => `${USER} ${turn.question}\n${ASSISTANT} ${turn.answer}\n`);
      const script = `${before.join('')}${USER} ${question}\n${ASSISTANT}`;
      const tokens = promptTokens(this.tokenizer, script).length;
      if (tokens <= this.room) return script;
      if (this.turns.length === 0)
        throw new InputError(`that is too long: ${tokens} tokens, and there is room for ${this.room}`);
      this.turns.shift();
    }
  }

  add(question: string, answer: string): void {
    this.turns.push({ question, answer: answer.trim() });
  }

  reset(): void {
    this.turns = [];
  }
}
