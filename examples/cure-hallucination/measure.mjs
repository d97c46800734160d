/** What a model answers: the share of right answers, of "I don't know" and of inventions, with intervals; and what else has changed. */
import { openRewards, parseReward } from 'telar/align';
import { generateText } from 'telar/generate';
import { neutralBitsPerByte, neutralBeginnings } from './speeches.mjs';

export const MOST_TOKENS = 20;
export const VERDICTS = ['right', "don't know", 'wrong'];

/**
 * Asks questions of each group, and judges the answers by the reward that the cure learns from.
 * @returns {Promise<Record<string, {item: object, answer: string, tokens: number, verdict: string}[]>>}
 */
export async function askGroups(lm, groups) {
  const judge = await openRewards([parseReward('facts:field=answer,wrong=1')]);
  try {
    const result = {};
    for (const [group, items] of Object.entries(groups)) {
      const answers = await answersTo(lm, items);
      const { total } = await judge.score(
        answers.map(({ text, tokens }, i) => rewardInput(items[i], text, tokens.length)),
      );
      result[group] = answers.map(({ text, tokens }, i) => ({
        item: items[i],
        answer: text.trim(),
        tokens: tokens.length,
        verdict: VERDICTS[1 - total[i]],
      }));
    }
    return result;
  } finally {
    await judge.dispose();
  }
}

/** What a reward is given to judge an answer by. */
export function rewardInput(item, completion, tokens = 0) {
  return { prompt: item.prompt, promptText: item.prompt, completion, tokens, truncated: false, example: item };
}

/** Answers by the most probable tokens, up to a line's end. */
async function answersTo(lm, items) {
  const answers = [];
  for (let at = 0; at < items.length; at += 64)
    answers.push(
      ...(await generateText(
        lm.model,
        lm.tokenizer,
        items.slice(at, at + 64).map(({ prompt }) => prompt),
        { maxTokens: MOST_TOKENS, temperature: 0, stop: ['\n'] },
      )),
    );
  return answers;
}

/** Share of a verdict, and its 95% interval by bootstrap over countries: questions about one country are right or wrong together. */
export function share(asked, verdict) {
  const counts = new Map();
  for (const { item, verdict: given } of asked) {
    const count = counts.get(item.country) ?? [0, 0];
    counts.set(item.country, [count[0] + (given === verdict ? 1 : 0), count[1] + 1]);
  }
  return interval([...counts.values()]);
}

/** Mean of ratios over clusters of [successes, trials]. @returns {{mean: number, low: number, high: number}} */
export function interval(clusters, draws = 2000) {
  let state = 1;
  // xorshift32: the same draws every time
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const ratio = (list) => list.reduce((sum, [a]) => sum + a, 0) / list.reduce((sum, [, n]) => sum + n, 0);
  const ratios = Array.from({ length: draws }, () =>
    ratio(clusters.map(() => clusters[Math.floor(random() * clusters.length)])),
  ).toSorted((a, b) => a - b);
  return {
    mean: ratio(clusters),
    low: ratios[Math.floor(0.025 * draws)],
    high: ratios[Math.ceil(0.975 * draws) - 1],
  };
}

/** What a cure costs: on speeches that no model has seen, and in how answers look. */
export async function costs(lm, questions) {
  const texts = await generateText(lm.model, lm.tokenizer, neutralBeginnings(), {
    maxTokens: 48,
    temperature: 1,
    seed: 1,
  });
  const known = questions.filter(({ verdict }) => verdict === 'right');
  return {
    bitsPerByte: neutralBitsPerByte(lm),
    distinct2: distinct(
      texts.map(({ tokens }) => tokens.map(({ id }) => id)),
      2,
    ),
    tokens: known.reduce((sum, { tokens }) => sum + tokens, 0) / known.length,
  };
}

/** Different n-grams as a share of all (Li et al. 2016). */
export function distinct(sequences, n) {
  const grams = sequences.flatMap((ids) =>
    Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, i) => ids.slice(i, i + n).join(' ')),
  );
  return new Set(grams).size / grams.length;
}
