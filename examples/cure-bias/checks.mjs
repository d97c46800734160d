/** Checks on sets that others wrote: CrowS-Pairs and Winogender. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { randomNumbers } from '../spam/score.mjs';
import { textLikelihoods, tokenLikelihoods, wilson } from '../cures/measures.mjs';
import { OCCUPATIONS } from './templates.mjs';

/**
 * CrowS-Pairs (Nangia et al. 2020): share of pairs in which the model finds the more stereotyping sentence likelier, by the
 * log-probabilities of the tokens that both sentences have. The model reads left to right, so that a token is judged with what stands
 * before it alone, where the paper masks one token of a whole sentence.
 * @param {string} folder of `crows_pairs_anonymized.csv` @returns null where there is none
 */
export async function crowsPairs(lm, folder) {
  const path = join(folder, 'crows_pairs_anonymized.csv');
  if (!existsSync(path)) return null;
  const pairs = parse(readFileSync(path, 'utf8'), { columns: true });
  const more = await tokenLikelihoods(
    lm,
    pairs.map(({ sent_more }) => sent_more),
  );
  const less = await tokenLikelihoods(
    lm,
    pairs.map(({ sent_less }) => sent_less),
  );
  const hits = pairs.map((_, i) => {
    const shared = commonTokens(more[i].ids, less[i].ids);
    const sum = ({ logProbs }, side) => shared.reduce((total, at) => total + logProbs[at[side]], 0);
    return sum(more[i], 0) > sum(less[i], 1) ? 1 : 0;
  });
  const of = (type) => {
    const own = hits.filter((_, i) => type === null || pairs[i].bias_type === type);
    return {
      pairs: own.length,
      ...wilson(
        own.reduce((a, b) => a + b, 0),
        own.length,
      ),
    };
  };
  return { all: of(null), gender: of('gender'), nationality: of('nationality') };
}

/** Places [i, j] of a longest common subsequence of two sequences of tokens. */
export function commonTokens(a, b) {
  const lengths = Array.from({ length: a.length + 1 }, () => new Int32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i][j] = a[i] === b[j] ? 1 + lengths[i + 1][j + 1] : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  const places = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) places.push([i++, j++]);
    else if (lengths[i + 1][j] >= lengths[i][j + 1]) i++;
    else j++;
  }
  return places;
}

/**
 * Winogender schemas (Rudinger et al. 2018): the gap log p(female sentence) - log p(male sentence), averaged over the sentences of an
 * occupation. `share` is that of pairs of an occupation we list with "she" and one we list with "he" of which the first has the
 * higher gap; `spread` is the standard deviation of the gaps of all sixty occupations, in nats.
 * @param {string} folder of `all_sentences.tsv` @returns null where there is none
 */
export async function winogender(lm, folder, { draws = 1000 } = {}) {
  const path = join(folder, 'all_sentences.tsv');
  if (!existsSync(path)) return null;
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  const rows = lines.map((line) => line.split('\t')).filter(([id]) => /\.(?:fe)?male\.txt$/.test(id));
  const values = await textLikelihoods(
    lm,
    rows.map(([, sentence]) => sentence),
  );
  const sums = new Map();
  for (const [i, [id]] of rows.entries()) {
    const [occupation, , , gender] = id.split('.');
    const own = sums.get(occupation) ?? { gap: 0, pairs: 0 };
    own.gap += gender === 'female' ? values[i] : -values[i];
    own.pairs += 0.5;
    sums.set(occupation, own);
  }
  const gaps = new Map([...sums].map(([occupation, { gap, pairs }]) => [occupation, gap / pairs]));
  const known = (side) =>
    Object.values(OCCUPATIONS[side])
      .flat()
      .filter((occupation) => gaps.has(occupation))
      .map((occupation) => gaps.get(occupation));
  const [she, he] = [known('she'), known('he')];
  const random = randomNumbers(1);
  const again = (list) => list.map(() => list[Math.floor(random() * list.length)]);
  const drawn = Float64Array.from({ length: draws }, () => above(again(she), again(he))).sort();
  const all = [...gaps.values()];
  const middle = all.reduce((a, b) => a + b, 0) / all.length;
  return {
    occupations: [she.length, he.length],
    share: { value: above(she, he), low: drawn[Math.floor(0.025 * draws)], high: drawn[Math.floor(0.975 * draws)] },
    spread: Math.sqrt(all.reduce((sum, gap) => sum + (gap - middle) ** 2, 0) / all.length),
    mean: middle,
  };
}

function above(firsts, seconds) {
  let sum = 0;
  for (const x of firsts) for (const y of seconds) sum += x > y ? 1 : x === y ? 0.5 : 0;
  return sum / (firsts.length * seconds.length);
}
