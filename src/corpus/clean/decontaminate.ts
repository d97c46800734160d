/** Texts that share an n-gram of words with a test set are dropped: a model must not have learnt what it is tested with. */
import * as z from 'zod';
import type { TestSets } from './services.js';
import type { Step } from './step.js';

export const decontaminateOptions = z.strictObject({
  /** Files of the test sets. */
  files: z.array(z.string()).min(1),
  /** Words of an n-gram: 13 as for GPT-3 (Brown et al. 2020, appendix C). */
  ngram: z.int().min(2).default(13),
});

export function decontaminate(testSets: TestSets): Step {
  return (text) => {
    const found = testSets.find(text);
    return found ? { drop: 'decontaminate', detail: `${found.file}: ${found.ngram}` } : text;
  };
}
