/** Hate and toxicity: scored for every text, dropped above a threshold. A text that cannot be scored is an error, never a 0. */
import * as z from 'zod';
import { InputError } from '../../io/errors.js';
import { probability, type Scorer } from './services.js';
import { share, short, type Step } from './step.js';

export const toxicityOptions = z.strictObject({
  /** The label that counts; the shipped classifier has "hate", "offensive" and "neither". */
  label: z.string().default('hate'),
  /** Texts whose probability is larger are dropped; 1 drops none. */
  threshold: share.default(0.9),
  /** A folder made by `telar classify train`, instead of the shipped classifier. */
  classifier: z.string().optional(),
});

/** @throws InputError where the classifier has no such label */
export function toxicity(options: z.infer<typeof toxicityOptions>, scorer: Scorer): Step {
  const label = labelIndex(scorer, options.label, 'toxicity');
  return (text, facts) => {
    const score = probability(scorer, label, text, 'toxicity');
    facts.toxicity = score;
    if (score > options.threshold)
      return { drop: `toxicity.${options.label}`, detail: `${short(score)} > ${options.threshold}` };
    return text;
  };
}

/** Where a label stands. @throws InputError where it is none */
export function labelIndex(scorer: Scorer, label: string, step: string): number {
  const at = scorer.labels.indexOf(label);
  if (at < 0) throw new InputError(`${step}: the classifier has no label "${label}", only ${scorer.labels.join(', ')}`);
  return at;
}
