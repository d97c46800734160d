/** Preferences out of the model's own answers: sampled, judged by truthfulness over the fact table, ranked. */
import { openRewards, parseReward } from 'telar/align';
import { generateText } from 'telar/generate';
import { MOST_TOKENS, rewardInput } from './measure.mjs';
import { DONT_KNOW } from './questions.mjs';

/**
 * For each question a pair of its best answer and one that is worth less, among `samples` of the model's own and "I don't
 * know". A pair is written as often as the difference of its rewards says, so that it is the price of an invention, `wrong`,
 * that decides how much is learned from it.
 * @param {number} wrong a whole number
 * @returns {Promise<{prompt: string, chosen: string, rejected: string}[]>}
 */
export async function rankOwnAnswers(lm, items, { samples, wrong, seed }) {
  const judge = await openRewards([parseReward(`facts:field=answer,wrong=${wrong}`)]);
  const pairs = [];
  try {
    for (let at = 0; at < items.length; at += 32) {
      const asked = items.slice(at, at + 32);
      const told = await generateText(
        lm.model,
        lm.tokenizer,
        asked.flatMap(({ prompt }) => new Array(samples).fill(prompt)),
        { maxTokens: MOST_TOKENS, temperature: 1, seed: seed * 1_000_003 + at, stop: ['\n'] },
      );
      for (const [i, item] of asked.entries()) {
        const own = told.slice(i * samples, (i + 1) * samples).map(({ text }) => text.trim());
        const candidates = [...new Set([...own, DONT_KNOW])].filter((text) => text !== '');
        const { total } = await judge.score(candidates.map((completion) => rewardInput(item, completion)));
        const best = total.indexOf(Math.max(...total));
        const worse = total.findIndex((value) => value < total[best]);
        if (worse < 0) continue;
        const pair = { prompt: item.prompt, chosen: ` ${candidates[best]}`, rejected: ` ${candidates[worse]}` };
        pairs.push(...new Array(total[best] - total[worse]).fill(pair));
      }
    }
    return pairs;
  } finally {
    await judge.dispose();
  }
}
