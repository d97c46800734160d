/** One way in to every way of classifying: texts and labels in, probabilities out. */
import type { Labelled } from '../classify/index.js';
import { InputError } from '../io/errors.js';
import type { Respondent } from './ask.js';
import { type Calibrate, probabilitiesOf } from './calibrate.js';
import { chooseLabels } from './choose.js';
import { classifyTexts, type ScoreHead } from './head.js';
import { labelLikelihoods, type LengthNorm } from './likelihood.js';
import { chooseExamples, labelPrompts } from './label-prompts.js';

export const labelMethods = ['likelihood', 'head', 'generation'] as const;
export type LabelMethod = (typeof labelMethods)[number];

export interface LabelTextsOptions {
  by: LabelMethod;
  /** For 'head'. */
  head?: ScoreHead | null;
  /** For 'likelihood': the form of the prompt, with `{text}`. */
  form?: string | undefined;
  /** For 'likelihood': texts to choose `shots` examples from. */
  examples?: Labelled | null;
  shots?: number;
  seed?: number;
  calibrate?: Calibrate;
  normalize?: LengthNorm;
  onProgress?: (done: number, total: number) => void;
}

export interface LabelledTexts {
  /** [texts][labels], sums of 1; by generation 1 for what was written. */
  probabilities: Float64Array[];
  /** [texts] number of the most probable label */
  chosen: Uint8Array;
  /** Texts that were cut at the end to fit. */
  cut: number;
}

/** @throws InputError for a method without what it needs, and as the methods do */
export async function labelTexts(
  respondent: Respondent,
  texts: readonly string[],
  labels: readonly string[],
  options: LabelTextsOptions,
): Promise<LabelledTexts> {
  const { by, head, onProgress, shots = 0, seed = 0, examples, calibrate, normalize } = options;
  const report = onProgress && { onProgress };
  if (by === 'head') {
    if (!head) throw new InputError('labelling by head needs a head');
    return chosenOf(await classifyTexts(respondent, head, texts, report));
  }
  if (by === 'generation') {
    const chosen = await chooseLabels(respondent, texts, labels, report);
    const sure = (own: number): Float64Array => Float64Array.from(labels, (_, k) => (k === own ? 1 : 0));
    return { probabilities: Array.from(chosen, sure), chosen, cut: 0 };
  }
  const shown = examples && shots > 0 ? chooseExamples(examples, shots, seed) : undefined;
  const { prompts, continuations, contentFree, cut } = labelPrompts(respondent, texts, labels, options.form, shown);
  const logs = await labelLikelihoods(respondent, prompts, continuations, {
    contentFree,
    ...(calibrate && { calibrate }),
    ...(normalize && { normalize }),
    ...report,
  });
  return chosenOf(logs.map(probabilitiesOf), cut);
}

function chosenOf(probabilities: Float64Array[], cut = 0): LabelledTexts {
  return { probabilities, chosen: Uint8Array.from(probabilities, (row) => row.indexOf(Math.max(...row))), cut };
}
