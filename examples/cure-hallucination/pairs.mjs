/** Preferences out of the model's own answers: sampled, judged by truthfulness over the fact table, ranked. */
import { openRewards, parseReward } from 'telar/align';
import { generateText } from 'telar/generate';
import { MOST_TOKENS } from './measure.mjs';
import { DONT_KNOW } from './questions.mjs';

/**
 * Pairs of each question's best answer with each that is worth less, among `samples` of the model's own and "I don't know".
 * What an invention costs, `wrong`, is how often a pair that a wrong answer loses is written.
 * @returns {Promise<{pairs: {prompt: string, chosen: string, rejected: string}[], shares: Record<string, number>}>}
 */
export async function rankOwnAnswers(lm, items, { samples, wrong, seed }) {
  const judge = await openRewards([parseReward(`facts:field=answer,wrong=${wrong}`)]);
  const pairs = [];
  try {
    for (let at = 0; at < items.length; at += 16) {
      const asked = items.slice(at, at + 16).flatMap((item) => new Array(samples).fill(item));
      const told = await generateText(
        lm.model,
        lm.tokenizer,
        asked.map(({ prompt }) => prompt),
        {
          maxTokens: MOST_TOKENS,
          temperature: 1,
          seed: seed * 1_000_003 + at,
          stop: ['\n'],
        },
      );
      for (const item of new Set(asked)) {
        const own = told.filter((_, i) => asked[i] === item).map(({ text }) => text.trim());
        const candidates = [...new Set([...own, DONT_KNOW])].filter((text) => text !== '');
        const { total } = await judge.score(
          candidates.map((completion) => ({
            prompt: item.prompt,
            promptText: item.prompt,
            completion,
            tokens: 0,
            truncated: false,
            example: item,
          })),
        );
        const best = total.indexOf(Math.max(...total));
        for (const [i, rejected] of candidates.entries())
          if (total[i] < total[best])
            for (let n = 0; n < (total[i] < 0 ? wrong : 1); n++)
              pairs.push({ prompt: item.prompt, chosen: ` ${candidates[best]}`, rejected: ` ${rejected}` });
      }
    }
    return pairs;
  } finally {
    await judge.dispose();
  }
}
