/** Hate and toxicity: scored and dropped above a threshold. A text that cannot be scored is never taken for a 0. */
import * as z from 'zod';
import { InputError } from '../../io/errors.js';
import { probability, type Scorer } from './services.js';
import { count, share, short, type Step } from './step.js';

export const toxicityOptions = z.strictObject({
  /** Label of texts in which nothing was found: toxicity is 1 less its probability. */
  neutral: z.string().default('neither'),
  /**
   * Texts of a higher toxicity are dropped; 1 drops none. A text's toxicity is that of its worst window, so long texts
   * need a high threshold: at 0.98, 1% of harmless tweets are dropped, and 4% of the chapters of Moby-Dick.
   */
  threshold: share.default(0.98),
  /** A folder made by `telar classify train`, instead of the shipped classifier. */
  classifier: z.string().optional(),
});

/**
 * The shipped classifier knows English: texts of another language are counted as not scored, and stay. A text without a
 * letter or a digit has nothing to score and is dropped.
 * @throws InputError where the classifier has no such label
 */
export function toxicity(options: z.infer<typeof toxicityOptions>, scorer: Scorer): Step {
  const label = labelIndex(scorer, options.neutral, 'toxicity');
  const english = options.classifier === undefined;
  return (text, facts) => {
    if (!/[\p{L}\p{N}]/u.test(text)) return { drop: 'toxicity.wordless', detail: 'no letter or digit to score' };
    if (english && facts.language !== undefined && facts.language !== 'en' && facts.language !== 'und') {
      count(facts, 'toxicity.notScored');
      return text;
    }
    const score = 1 - probability(scorer, label, text, 'toxicity');
    facts.toxicity = score;
    if (score > options.threshold) return { drop: 'toxicity', detail: `${short(score)} > ${options.threshold}` };
    return text;
  };
}

/** Where a label stands. @throws InputError where it is none */
export function labelIndex(scorer: Scorer, label: string, step: string): number {
  const at = scorer.labels.indexOf(label);
  if (at < 0) throw new InputError(`${step}: the classifier has no label "${label}", only ${scorer.labels.join(', ')}`);
  return at;
}
