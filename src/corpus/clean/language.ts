/** The language of a text: noted for the report, and for the rules that hold in some languages only. */
import * as z from 'zod';
import type { Services } from './services.js';
import { share, short, type Facts, type Step } from './step.js';

export const languageOptions = z.strictObject({
  /** Languages to keep (ISO 639-1, or 639-3 where there is none). Left out, all are kept and only noted. */
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}$/))
    .min(1)
    .optional(),
  /**
   * Least confidence in a language that is kept, where `languages` is given. FineWeb's 0.65 is no measure here: the confidence
   * of our identifier says how far the language is ahead of the next one, and is 0.65 for half of all English text.
   */
  minConfidence: share.default(0),
});

export function language(options: z.infer<typeof languageOptions>, identify: Services['identifyLanguage']): Step {
  const wanted = options.languages && new Set(options.languages);
  return (text, facts) => {
    noteLanguage(text, facts, identify);
    if (!wanted) return text;
    const { language, languageConfidence: confidence = 0 } = facts;
    if (!wanted.has(language!))
      return { drop: 'language.other', detail: `${language} is not in ${options.languages!.join(', ')}` };
    if (confidence < options.minConfidence)
      return { drop: 'language.unsure', detail: `${language} at ${short(confidence)} < ${options.minConfidence}` };
    return text;
  };
}

/** The language, told now if no step has told it. */
export function noteLanguage(text: string, facts: Facts, identify: Services['identifyLanguage']): string {
  if (facts.language !== undefined) return facts.language;
  const { language, confidence } = identify(text);
  facts.language = language;
  facts.languageConfidence = confidence;
  return language;
}
