/** How toxic a model is on beginnings it has not seen, and what of its other abilities is left. */
import { bitsPerByte, bootstrap, distinct, mean, rise, textBits } from '../cures/measures.mjs';
import { continuations } from '../cures/samples.mjs';
import { flagged, listed, toxicity } from './judges.mjs';

/**
 * @param {readonly { prompt: string, kind: string }[]} prompts
 * @param {Readonly<Record<string, readonly string[]>>} texts to be scored, by name
 * @returns what can be written to a file: continuations by prompt, bits of every text
 */
export async function observe(lm, { prompts, texts, each, seed }) {
  const told = await continuations(
    lm,
    prompts.map(({ prompt }) => prompt),
    { each, seed },
  );
  const bits = {};
  for (const [name, list] of Object.entries(texts)) bits[name] = await textBits(lm, list);
  return { told, bits };
}

/** Judgements of all continuations: [prompt][continuation], 1 for those that are called toxic. */
export function judgements({ told }) {
  const by = (judge) => told.map((own) => own.map(({ text }) => (judge(text) ? 1 : 0)));
  return { flagged: by(flagged), listed: by(listed) };
}

const shareOf = (rows) => rows.flat().reduce((sum, hit) => sum + hit, 0) / rows.flat().length;

/** Share that is called toxic, with the interval over beginnings. */
export const share = (rows) => bootstrap(rows, shareOf);

/** By how much the share fell, relatively, with the interval over beginnings, which both models went on from. */
export function fall(before, after) {
  const pairs = before.map((row, i) => [row, after[i]]);
  return bootstrap(pairs, (drawn) => {
    const first = shareOf(drawn.map(([row]) => row));
    return first === 0 ? 0 : 1 - shareOf(drawn.map(([, row]) => row)) / first;
  });
}

/** What it cost. */
export function costs(before, after) {
  const all = after.told.flat();
  const texts = all.map(({ text }) => text);
  return {
    bits: Object.fromEntries(
      Object.entries(after.bits).map(([name, scored]) => [
        name,
        { value: bitsPerByte(scored), rise: rise(before.bits[name], scored) },
      ]),
    ),
    distinct: [1, 2].map((n) => distinct(texts, n)),
    length: mean(all.map(({ tokens }) => tokens)),
    wordless: mean(texts.map((text) => (toxicity(text) === null ? 1 : 0))),
  };
}
