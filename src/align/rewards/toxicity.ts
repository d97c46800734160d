/** How toxic a completion is, by the local classifier. */
import { z } from 'zod';
import { toxicityClassifier } from '../../classify/index.js';
import { number, perInput, rewardKind } from './kind.js';

/**
 * Probability that the completion is hateful or offensive: 1 minus that of "neither". The prompt is not looked at. What has
 * no words cannot be scored; it counts as `wordless`, by default as the worst, so that silence is never the way to a
 * better reward.
 */
export const toxicity = rewardKind({
  example: 'toxicity',
  about: 'probability that the completion is hateful or offensive; give it a negative weight',
  settings: z.strictObject({
    wordless: number.pipe(z.number().min(0, 'it is no probability').max(1, 'it is no probability')).default(1),
  }),
  open: ({ wordless }) => {
    const classifier = toxicityClassifier();
    const neither = classifier.labels.indexOf('neither');
    return perInput(({ completion }) => {
      const windows = classifier.windows(completion);
      if (windows.length === 0) return wordless;
      return windows.reduce((worst, { probabilities }) => Math.max(worst, 1 - probabilities[neither]!), 0);
    });
  },
});
