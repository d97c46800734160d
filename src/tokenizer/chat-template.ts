/**
 * Chat templates: how a model is shown a conversation, and which part of it the assistant wrote.
 *
 * Where the assistant's parts are is found by comparing: what the template writes up to an answer with its generation
 * prompt is what a model will be given, and what it writes behind that, up to the end of the turn, is what it is to say.
 */
import { InputError } from '../io/errors.js';
import { loadTemplate } from './chat-template-files.js';
import { markGeneration, readMarks } from './chat-template-marks.js';
import { parseTemplate, type Program, runTemplate } from './chat-template-render.js';
import { standardTemplate } from './chat-template-standard.js';
import { Guard } from './chat-template-guard.js';
import type { Tokenizer } from './types.js';
import { textOfUtf8 } from './utf8.js';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A conversation as text. */
export interface MarkedText {
  /** As the template wrote it, with a guard in what would be read as a special token but is not: see `Guard`. */
  text: string;
  /** [from, to) of each part that the assistant writes, its end of turn included, in order. */
  assistant: [number, number][];
}

/** Special tokens that a template is given, as text. */
export interface TemplateTokens {
  bos: string | null;
  eos: string | null;
  /** All of them. */
  specials: readonly string[];
}

/** What an answer stands between. */
interface Turn {
  /** All that follows the last answer. */
  suffix: string;
  /** The beginning of it that the assistant writes to end its turn. */
  end: string;
}

/** One character that no text has: U+FDD3 is none and will never be one. */
const SENTINEL = '\ufdd3';

export class ChatTemplate {
  /** For a model that has none. Needs {@link forTokenizer}. */
  static readonly standard = new ChatTemplate(standardTemplate, { where: 'the standard chat template' });

  readonly source: string;
  private readonly where: string;
  private readonly tokens: TemplateTokens;
  private readonly guard: Guard;
  private readonly program: Program;
  /** Whether the template itself says what the assistant writes. */
  private readonly marks: boolean;
  private foundTurn: Turn | undefined;

  /** @throws InputError for a template that is not Jinja */
  constructor(source: string, options: { tokens?: TemplateTokens; where?: string } = {}) {
    this.source = source;
    this.where = options.where ?? 'chat template';
    this.tokens = options.tokens ?? { bos: null, eos: null, specials: [] };
    this.guard = new Guard(this.tokens.specials);
    const marked = markGeneration(source);
    this.marks = marked !== null;
    this.program = parseTemplate(marked ?? source, this.where);
  }

  /**
   * The template of a model directory: `chat_template.jinja`, else `chat_template` in `tokenizer_config.json` (a text, or
   * a list of named ones of which "default" counts). Null where there is none.
   * @throws InputError for one that is damaged
   */
  static load(folder: string): ChatTemplate | null {
    const found = loadTemplate(folder);
    return found && new ChatTemplate(found.source, found);
  }

  /** The same template with the special tokens of a tokenizer. */
  forTokenizer(tokenizer: Tokenizer): ChatTemplate {
    const name = (id: number | null): string | null => (id === null ? null : textOfUtf8(tokenizer.tokenBytes(id)));
    const tokens = { bos: name(tokenizer.bos), eos: name(tokenizer.eos), specials: [...tokenizer.specials.keys()] };
    return new ChatTemplate(this.source, { tokens, where: this.where });
  }

  /**
   * The text of a conversation, with what an answer begins with when `generationPrompt`. For tokens use `chatPromptTokens`,
   * which keeps special tokens that a message spells from counting as such.
   * @throws InputError when the template refuses the messages or fails
   */
  render(messages: readonly ChatMessage[], { generationPrompt }: { generationPrompt: boolean }): string {
    return this.guard.remove(readMarks(this.write(messages, generationPrompt)).text);
  }

  /**
   * The text of a conversation and the parts of the assistant in it, each with its end of turn. The text ends there.
   * @throws InputError where no one text shows all answers as the model would give them (see {@link trainingTexts}), and
   *   as that does
   */
  spans(messages: readonly ChatMessage[]): MarkedText {
    const texts = this.trainingTexts(messages);
    if (texts.length === 1) return texts[0]!;
    throw new InputError(
      `${this.where}: it writes earlier turns differently once later ones follow, so that this conversation takes ${texts.length} texts`,
    );
  }

  /**
   * The texts to learn a conversation from. One where what the template writes only grows with the conversation. A template
   * that leaves out of earlier turns what it wrote at first (such as their thinking) takes more: each answer is then in
   * that text in which it stands behind what the model will be given.
   * @throws InputError for a template that has no generation prompt or no end of turn, or refuses the messages
   */
  trainingTexts(messages: readonly ChatMessage[]): MarkedText[] {
    if (this.marks) return [this.markedByTemplate(messages)];
    let left = messages.flatMap(({ role }, i) => (role === 'assistant' ? [this.answer(messages, i)] : []));
    if (left.length === 0) throw new InputError(`${this.where}: there is no message of the assistant to learn`);
    const texts: MarkedText[] = [];
    while (left.length > 0) {
      const { text } = left.at(-1)!;
      const within = left.filter((answer) => text.startsWith(answer.text));
      texts.unshift({ text, assistant: within.map((answer) => [answer.from, answer.text.length]) });
      left = left.filter((answer) => !within.includes(answer));
    }
    return texts;
  }

  /**
   * The text up to where the next answer begins, and earlier answers in it.
   * @throws InputError as {@link trainingTexts} does
   */
  prompt(messages: readonly ChatMessage[]): MarkedText {
    void this.turn;
    const written = readMarks(this.write(messages, true));
    if (this.marks) return this.withEnds(written);
    const { text } = written;
    const answers = messages.flatMap(({ role }, i) => (role === 'assistant' ? [this.answer(messages, i)] : []));
    const within = answers.filter((answer) => text.startsWith(answer.text));
    return { text, assistant: within.map((answer) => [answer.from, answer.text.length]) };
  }

  /** What the assistant ends its turn with. @throws InputError as {@link trainingTexts} does */
  get endOfTurn(): string {
    return this.turn.end;
  }

  /** Text up to the end of turn of message `i`, and where in it that answer begins. */
  private answer(messages: readonly ChatMessage[], i: number): { text: string; from: number } {
    const { suffix, end } = this.turn;
    const prompt = this.write(messages.slice(0, i), true);
    const text = this.write(messages.slice(0, i + 1), false);
    if (!text.startsWith(prompt)) throw this.inconsistent(prompt, text);
    return {
      text: text.endsWith(suffix) ? text.slice(0, text.length - suffix.length + end.length) : text,
      from: prompt.length,
    };
  }

  /** How the template begins and ends an answer, found by having it write one. */
  private get turn(): Turn {
    return (this.foundTurn ??= this.probe());
  }

  private probe(): Turn {
    const question: ChatMessage = { role: 'user', content: 'Hello' };
    const plain = this.write([question], false);
    const prompt = this.write([question], true);
    const whole = readMarks(this.write([question, { role: 'assistant', content: SENTINEL }], false)).text;
    const at = whole.lastIndexOf(SENTINEL);
    if (at < 0) throw new InputError(`${this.where}: it does not write the messages of the assistant`);
    const header = whole.startsWith(plain) ? whole.slice(plain.length, at) : '';
    if (prompt === plain && header.trim() !== '')
      throw new InputError(
        `${this.where}: it has no generation prompt: write ${JSON.stringify(header)} at its end if add_generation_prompt is set`,
      );
    if (!whole.startsWith(prompt) && !this.marks) throw this.inconsistent(prompt, whole);
    const suffix = whole.slice(at + 1);
    const special = this.guard.firstSpecial(suffix);
    const end = special ? suffix.slice(0, special.end) : suffix;
    if (end === '')
      throw new InputError(
        `${this.where}: it writes nothing behind an answer, so that a model could not learn to end one: write eos_token there`,
      );
    return { suffix, end };
  }

  private markedByTemplate(messages: readonly ChatMessage[]): MarkedText {
    const { text, assistant } = this.withEnds(readMarks(this.write(messages, false)));
    if (assistant.length === 0)
      throw new InputError(`${this.where}: its {% generation %} blocks hold nothing of these messages`);
    return { text: text.slice(0, assistant.at(-1)![1]), assistant };
  }

  /** Takes the special token that follows a part, which many a template leaves outside of its block, into the part. */
  private withEnds({ text, assistant }: MarkedText): MarkedText {
    return {
      text,
      assistant: assistant.map(([from, to]) => {
        if (this.guard.endsInSpecial(text.slice(from, to).trimEnd())) return [from, to];
        const next = this.guard.firstSpecial(text.slice(to));
        return next && text.slice(to, to + next.start).trim() === '' ? [from, to + next.end] : [from, to];
      }),
    };
  }

  private write(messages: readonly ChatMessage[], generationPrompt: boolean): string {
    const { bos, eos } = this.tokens;
    const guarded = messages.map(({ role, content }) => ({ role, content: this.guard.insert(content) }));
    return runTemplate(
      this.program,
      {
        messages: guarded,
        add_generation_prompt: generationPrompt,
        ...(bos !== null && { bos_token: bos }),
        ...(eos !== null && { eos_token: eos }),
      },
      this.where,
    );
  }

  private inconsistent(prompt: string, text: string): InputError {
    let same = 0;
    while (same < prompt.length && prompt[same] === text[same]) same++;
    const shown = (part: string): string => JSON.stringify(part.slice(Math.max(0, same - 10), same + 30));
    return new InputError(
      `${this.where}: an answer does not follow its generation prompt: that has ${shown(prompt)} where the answer is written behind ${shown(text)}`,
    );
  }
}
