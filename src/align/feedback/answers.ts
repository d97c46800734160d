/** Two different answers of a model to each of some prompts. */
import { answerEnds, type Completion, type LanguageModel, streamText, type TextOptions } from '../../generate/index.js';
import { InputError } from '../../io/errors.js';
import { sha256 } from '../../io/files.js';
import { ChatTemplate } from '../../tokenizer/index.js';
import type { Prompt, PromptExample } from '../preferences/index.js';

export interface Answer {
  text: string;
  /** Whether it was cut at the most tokens there may be. */
  truncated: boolean;
}

export interface AnswerPair {
  prompt: Prompt;
  answers: readonly [Answer, Answer];
}

/** Answers that are drawn to a prompt before it is given up. */
const DRAWS = 6;

export interface AnswerOptions extends LanguageModel {
  /** The model's own; null for the standard one. */
  template: ChatTemplate | null;
  sampling: Omit<TextOptions, 'constraint' | 'streams'>;
}

/**
 * Draws answers in batches. Those to a prompt depend on the model, the sampling and the prompt, not on what else is asked, so
 * that all annotators judge the same ones.
 */
export class AnswerSource {
  private readonly options: AnswerOptions;
  private readonly template: ChatTemplate;

  /** @throws InputError for a temperature of 0, at which all answers to a prompt are equal */
  constructor(options: AnswerOptions) {
    if (options.sampling.temperature === 0)
      throw new InputError('at temperature 0 both answers are the same: choose one above 0');
    this.options = options;
    this.template = (options.template ?? ChatTemplate.standard).forTokenizer(options.tokenizer);
  }

  /**
   * Two answers to each prompt, neither empty; null for a prompt to which no two different ones were found. An aborted signal
   * ends it early: what is not finished is null.
   */
  async draw(prompts: readonly PromptExample[], signal?: AbortSignal): Promise<(AnswerPair | null)[]> {
    const found = prompts.map((): Answer[] => []);
    const drawn = prompts.map(() => 0);
    for (;;) {
      const wanted = prompts.flatMap(({ prompt, tokens }, number) => {
        const first = drawn[number]!;
        const count = Math.min(2 - found[number]!.length, DRAWS - first);
        drawn[number] = first + count;
        return Array.from({ length: count }, (_, i) => ({ number, prompt, tokens, draw: first + i }));
      });
      if (wanted.length === 0 || signal?.aborted) break;
      for (const chat of [false, true]) {
        const some = wanted.filter(({ prompt }) => (typeof prompt === 'string') !== chat);
        const completions = await this.complete(some, chat, signal);
        for (const [i, { text, finishReason }] of completions.entries()) {
          const answers = found[some[i]!.number]!;
          const answer = { text: chat ? text.trim() : text, truncated: finishReason === 'length' };
          const known = (other: Answer): boolean => other.text.trim() === text.trim();
          if (text.trim() !== '' && !answers.some(known)) answers.push(answer);
        }
      }
    }
    return prompts.map(({ prompt }, i) => {
      const [a, b] = found[i]!;
      return a && b ? { prompt, answers: [a, b] } : null;
    });
  }

  private async complete(
    wanted: readonly { prompt: Prompt; tokens: Int32Array; draw: number }[],
    chat: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Pick<Completion, 'text' | 'finishReason'>[]> {
    const { model, tokenizer, sampling } = this.options;
    const ends = chat ? answerEnds(this.template, tokenizer) : { stop: [], stopTokens: [] };
    const options: TextOptions = {
      ...sampling,
      stop: [...ends.stop, ...(sampling.stop ?? [])],
      stopTokens: [...ends.stopTokens, ...(sampling.stopTokens ?? [])],
      streams: wanted.map(({ prompt, draw }) => streamOf(prompt, draw)),
    };
    const texts = wanted.map(() => '');
    const reasons = wanted.map((): Completion['finishReason'] => 'length');
    const prompts = wanted.map(({ tokens }) => tokens);
    for await (const { sequence, text, finishReason } of streamText(model, tokenizer, prompts, options)) {
      if (signal?.aborted) return [];
      texts[sequence] += text;
      if (finishReason) reasons[sequence] = finishReason;
    }
    return texts.map((text, i) => ({ text, finishReason: reasons[i]! }));
  }
}

/** A random stream for an answer: 48 bits of the prompt's hash, and which answer it is. */
function streamOf(prompt: Prompt, draw: number): number {
  return Number.parseInt(sha256(JSON.stringify(prompt)).slice(0, 12), 16) * 8 + draw;
}
