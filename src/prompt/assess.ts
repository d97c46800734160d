/** Prompts put to a model: labels by their likelihood, texts by generation; and what became of each question. */
import { type CompiledConstraint, generateText, jsonSchemaConstraint, type LanguageModel } from '../generate/index.js';
import { InputError } from '../io/errors.js';
import {
  continuationLikelihoods,
  divideByPrior,
  labelLikelihoods,
  priorOf,
  probabilitiesOf,
} from '../understand/index.js';
import type { Example } from './examples.js';
import { fitPrompt, type FittedPrompt } from './fit.js';
import type { PromptFile } from './prompt-file.js';
import { writtenAnswer } from './render.js';
import { type Selector, shownOrder } from './select.js';
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

/** A log-probability of nothing at all, as a number that JSON has. */
const NEVER = -745;

/** A model that prompts are put to. */
export class Assessor {
  readonly lm: LanguageModel;
  private readonly priors = new Map<string, Float64Array>();
  private readonly constraints = new WeakMap<object, CompiledConstraint>();

  constructor(lm: LanguageModel) {
    this.lm = lm;
  }

  /** The prompt with its examples, as many as fit beside the longest answer. */
  fit(file: PromptFile, { values, where }: Question, select: Selector): FittedPrompt {
    const { tokenizer, model } = this.lm;
    const room = model.config.context - model.virtualTokens.length - this.answerRoom(file);
    if (room < 1) throw new InputError(`${file.path}: the answer may take the whole context: lower max-tokens`);
    return fitPrompt(file, values, select(values), { tokenizer, room, where });
  }

  /** Probabilities of the labels in their order, for each prompt. */
  async labels(
    file: PromptFile,
    prompts: readonly FittedPrompt[],
    questions: readonly Question[],
  ): Promise<Float64Array[]> {
    const { output } = file.settings;
    if (output.kind !== 'labels') throw new Error('the prompt has no labels');
    const written = Object.values(output.labels);
    const logs = await this.likelihoods(prompts, written);
    if (output.calibrate === 'none') return logs.map(probabilitiesOf);
    const all: Float64Array[] = [];
    for (const [i, row] of logs.entries()) {
      const prior = await this.prior(file, prompts[i]!, questions[i]!.values, written);
      all.push(probabilitiesOf(divideByPrior([row], prior)[0]!));
    }
    return all;
  }

  /** Texts generated for each prompt, without spaces around them; where there is a schema, JSON that fulfils it. */
  async texts(file: PromptFile, prompts: readonly FittedPrompt[]): Promise<string[]> {
    const { model, tokenizer } = this.lm;
    const { output } = file.settings;
    const options = {
      ...samplingOptions(file.settings),
      ...(output.kind === 'schema' && { constraint: this.constraint(output.schema), stop: [] }),
    };
    const completions = await generateText(
      model,
      tokenizer,
      prompts.map(({ text }) => text),
      options,
    );
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
      return (await this.labels(file, prompts, examples)).map((probabilities, i) => {
        const { answer } = examples[i]!;
        const predicted = names[probabilities.indexOf(Math.max(...probabilities))]!;
        const likelihood = Math.max(NEVER, Math.log(probabilities[names.indexOf(answer)]!));
        return { predicted, correct: predicted === answer, likelihood, tokens: prompts[i]!.tokens.length };
      });
    }
    const likelihood = await continuationLikelihoods(
      this.lm,
      prompts.map(({ text }) => text),
      examples.map(({ answer }, i) => prompts[i]!.lead + answer),
    );
    const texts = metric === 'likelihood' ? null : await this.texts(file, prompts);
    return examples.map(({ answer }, i) => {
      const predicted = texts?.[i] ?? '';
      const correct = metric === 'contains' ? contains(predicted, answer) : plain(predicted) === plain(answer);
      return {
        predicted,
        correct: texts !== null && correct,
        likelihood: likelihood[i]!,
        tokens: prompts[i]!.tokens.length,
      };
    });
  }

  /** log p(label | prompt), [prompts][labels]; the prompts are of one file. */
  private async likelihoods(prompts: readonly FittedPrompt[], written: readonly string[]): Promise<Float64Array[]> {
    const { lead = '' } = prompts[0] ?? {};
    return labelLikelihoods(
      this.lm,
      prompts.map(({ text }) => text),
      written.map((label) => lead + label),
    );
  }

  /** What the labels get from a prompt that says nothing: computed once for each set of examples. */
  private async prior(
    file: PromptFile,
    { examples }: FittedPrompt,
    values: Values,
    written: readonly string[],
  ): Promise<Float64Array> {
    const { tokenizer } = this.lm;
    const empty = CONTENT_FREE.map((text) => {
      const nothing = new Map([...values].map(([name]) => [name, text]));
      // In the order of choice again, which fitting turns into the one shown.
      return fitPrompt(file, nothing, shownOrder(file, examples), { tokenizer, room: Infinity });
    });
    const key = JSON.stringify([empty.map(({ text }) => text), written]);
    const known = this.priors.get(key);
    if (known) return known;
    const prior = priorOf(await this.likelihoods(empty, written));
    this.priors.set(key, prior);
    return prior;
  }

  private constraint(schema: object): CompiledConstraint {
    const known = this.constraints.get(schema) ?? jsonSchemaConstraint(schema, this.lm.tokenizer);
    this.constraints.set(schema, known);
    return known;
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

function plain(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/g, ' ').trim();
}

function contains(text: string, answer: string): boolean {
  return plain(text).toLowerCase().includes(plain(answer).toLowerCase());
}
