/** A score of quality: by a classifier of texts, or by the perplexity beside a reference text. Off unless configured. */
import * as z from 'zod';
import { ByteModel } from './perplexity.js';
import { probability, type Scorer } from './services.js';
import { share, short, type Step } from './step.js';
import { labelIndex } from './toxicity.js';

export const qualityOptions = z.union([
  z.strictObject({
    /** A folder made by `telar classify train`. */
    classifier: z.string(),
    /** The label of good text. */
    label: z.string(),
    /** Texts whose probability is smaller are dropped. */
    threshold: share.default(0.5),
  }),
  z.strictObject({
    /** A file of byte n-grams of reference text. */
    model: z.string(),
    /** Texts whose perplexity per byte is larger are dropped; English prose beside English prose has 4 to 6. */
    maxPerplexity: z.number().min(1),
  }),
]);

type Classified = Extract<z.infer<typeof qualityOptions>, { classifier: string }>;

/** @throws InputError where the classifier has no such label */
export function classifierQuality(options: Classified, scorer: Scorer): Step {
  const label = labelIndex(scorer, options.label, 'quality');
  return (text, facts) => {
    const score = probability(scorer, label, text, 'quality');
    facts.quality = score;
    return score < options.threshold
      ? { drop: `quality.${options.label}`, detail: `${short(score)} < ${options.threshold}` }
      : text;
  };
}

export function perplexityQuality(maxPerplexity: number, model: ByteModel): Step {
  return (text, facts) => {
    const perplexity = model.perplexity(text);
    facts.quality = perplexity;
    return perplexity > maxPerplexity
      ? { drop: 'quality.perplexity', detail: `${short(perplexity)} a byte > ${maxPerplexity}` }
      : text;
  };
}
