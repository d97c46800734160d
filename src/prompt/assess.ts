/** Prompts put to a model: labels by their likelihood, texts by generation; and what became of each question. */
import { generateText, type LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import { ContinuationScorer } from './continuations.js';
import type { Example } from './examples.js';
import { fitPrompt, type FittedPrompt } from './fit.js';
import type { PromptFile } from './prompt-file.js';
import { writtenAnswer } from './render.js';
import type { Selector } from './select.js';
import type { MetricName, Settings } from './settings.js';
import type { Values } from './values.js';

/** What one prompt made of one example. */
export interface Outcome {
  /** The label chosen or the text generated; empty where the metric needs neither. */
  predicted: string;
  correct: boolean;
  /** log-probability of the true answer in nats; of labels among all labels. 0 where the metric does not need it. */
  likelihood: number;
  /** Tokens of the prompt and of what was generated. */
  tokens: number;
}

export interface Question {
  values: Values;
  where: string;
}

/** Inputs that say nothing, for calibration (Zhao et al. 2021, "Calibrate before use"). */
const CONTENT_FREE = ['N/A', ''];

/** A model that prompts are put to. It owns a cache, not the model: free it with {@link dispose}. */
export class Assessor {
  readonly lm: LanguageModel;
  private readonly scorer: ContinuationScorer;
  private readonly biases = new Map<string, Float64Array>();
  private generated = 0;

  constructor(lm: LanguageModel) {
    this.lm = lm;
    this.scorer = new ContinuationScorer(lm);
  }

  /** Tokens the model has computed. */
  get computed(): number {
    return this.scorer.tokens + this.generated;
  }

  dispose(): void {
    this.scorer.dispose();
  }

  /** The prompt with its examples, as many as fit beside the longest answer. */
  fit(file: PromptFile, { values, where }: Question, select: Selector): FittedPrompt {
    const { tokenizer, model } = this.lm;
    const room = model.config.context - this.answerRoom(file);
    if (room < 1) throw new InputError(`${file.path}: the answer may take the whole context: lower max-tokens`);
    return fitPrompt(file, values, select(values), { tokenizer, room, where });
  }

  /** Log-probabilities of the labels in their order, normalised over them, for each prompt. */
  labels(file: PromptFile, prompts: readonly FittedPrompt[], questions: readonly Question[]): Float64Array[] {
    const { output } = file.settings;
    if (output.kind !== 'labels') throw new Error('the prompt has no labels');
    const written = Object.values(output.labels);
    const likelihoods = this.likelihoods(prompts, written);
    if (output.calibrate === 'content-free')
      likelihoods.forEach((each, i) => {
        const bias = this.bias(file, prompts[i]!, questions[i]!.values, written);
        each.forEach((value, k) => (each[k] = value - bias[k]!));
      });
    return likelihoods.map(normalised);
  }

  /** Texts generated for each prompt, without spaces around them. */
  async texts(file: PromptFile, prompts: readonly FittedPrompt[]): Promise<string[]> {
    const { model, tokenizer } = this.lm;
    const options = samplingOptions(file.settings);
    const completions = await generateText(
      model,
      tokenizer,
      prompts.map(({ text }) => text),
      options,
    );
    completions.forEach(({ tokens }, i) => (this.generated += tokens.length + prompts[i]!.tokens.length));
    return completions.map(({ text }) => text.trim());
  }

  /** Puts examples to the model as questions. */
  async outcomes(
    file: PromptFile,
    examples: readonly Example[],
    select: Selector,
    metric: MetricName,
  ): Promise<Outcome[]> {
    const prompts = examples.map((example) => this.fit(file, example, select));
    const { output } = file.settings;
    if (output.kind === 'labels') {
      const names = Object.keys(output.labels);
      return this.labels(file, prompts, examples).map((logProbs, i) => {
        const { answer } = examples[i]!;
        const predicted = names[indexOfLargest(logProbs)]!;
        const likelihood = logProbs[names.indexOf(answer)]!;
        return { predicted, correct: predicted === answer, likelihood, tokens: prompts[i]!.tokens.length };
      });
    }
    const answers = examples.map(({ answer }, i) => [this.encode(prompts[i]!.lead + answer)]);
    const likelihood = this.scorer.score(prompts.map(({ tokens }, i) => ({ prompt: tokens, answers: answers[i]! })));
    const texts = metric === 'likelihood' ? null : await this.texts(file, prompts);
    return examples.map(({ answer }, i) => {
      const predicted = texts?.[i] ?? '';
      const correct = metric === 'contains' ? contains(predicted, answer) : plain(predicted) === plain(answer);
      return {
        predicted,
        correct: texts !== null && correct,
        likelihood: likelihood[i]![0]!,
        tokens: prompts[i]!.tokens.length,
      };
    });
  }

  private likelihoods(prompts: readonly FittedPrompt[], written: readonly string[]): Float64Array[] {
    return this.scorer.score(
      prompts.map(({ tokens, lead }) => ({
        prompt: tokens,
        answers: written.map((label) => this.encode(lead + label)),
      })),
    );
  }

  /** What the labels get from a prompt that says nothing: computed once for each set of examples. */
  private bias(file: PromptFile, prompt: FittedPrompt, values: Values, written: readonly string[]): Float64Array {
    const empty = CONTENT_FREE.map((text) => {
      const nothing = new Map([...values].map(([name]) => [name, text]));
      const room = Infinity;
      return fitPrompt(file, nothing, prompt.examples, { tokenizer: this.lm.tokenizer, room });
    });
    const key = JSON.stringify([empty.map(({ text }) => text), written]);
    const known = this.biases.get(key);
    if (known) return known;
    const each = this.likelihoods(empty, written).map(normalised);
    const mean = each[0]!.map((_, k) => Math.log(each.reduce((sum, one) => sum + Math.exp(one[k]!) / each.length, 0)));
    this.biases.set(key, mean);
    return mean;
  }

  private answerRoom({ settings }: PromptFile): number {
    if (settings.output.kind !== 'labels') return settings.sampling['max-tokens'];
    const lengths = Object.keys(settings.output.labels).map(
      (label) => this.encode(` ${writtenAnswer(label, settings.output)}`).length,
    );
    return Math.max(...lengths);
  }

  private encode(text: string): Uint32Array {
    return this.lm.tokenizer.encode(text);
  }
}

function samplingOptions({ sampling }: Settings) {
  return {
    temperature: sampling.temperature,
    maxTokens: sampling['max-tokens'],
    stop: sampling.stop,
    seed: sampling.seed,
    ...(sampling['top-k'] !== undefined && { topK: sampling['top-k'] }),
    ...(sampling['top-p'] !== undefined && { topP: sampling['top-p'] }),
    ...(sampling['min-p'] !== undefined && { minP: sampling['min-p'] }),
    ...(sampling['repetition-penalty'] !== undefined && { repetitionPenalty: sampling['repetition-penalty'] }),
  };
}

/** Log-probabilities that sum to one. */
function normalised(values: Float64Array): Float64Array {
  const most = Math.max(...values);
  const total = most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return values.map((value) => value - total);
}

function indexOfLargest(values: Float64Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}

function plain(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
}

function contains(text: string, answer: string): boolean {
  return plain(text).toLowerCase().includes(plain(answer).toLowerCase());
}
