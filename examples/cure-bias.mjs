/**
 * A base model with stereotypes is made to have less of them. Occupations with a pronoun and invented nationalities with traits are
 * planted 85 to 15 in what the base reads; counterfactual pairs, each in both orders, then pull both versions towards the same
 * probability. Measured on occupations, nationalities, traits and templates that the cure never saw, before and after, for three
 * seeds; checked on CrowS-Pairs and Winogender where they are at hand.
 *
 *   node examples/cure-bias.mjs [--quick] [--data DIR] [--out DIR]
 *
 * DIR of --data has crows-pairs/crows_pairs_anonymized.csv and winogender/all_sentences.tsv. Every stage leaves what it made in the
 * DIR of --out (default runs/cure-bias); a run that was stopped goes on from there.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernels } from 'telar/engine';
import { crowsPairs, winogender } from './cure-bias/checks.mjs';
import { plantedSentences } from './cure-bias/plant.mjs';
import { likelihoods, preference, pronounProbability, pronouns, traits, wayToHalf } from './cure-bias/preference.mjs';
import { LEAN, SETTINGS } from './cure-bias/settings.mjs';
import { counterfactualPairs, PRONOUN_TEMPLATES, TRAIT_TEMPLATES } from './cure-bias/templates.mjs';
import { aligned } from './cures/align.mjs';
import { BASE, baseModel } from './cures/base.mjs';
import { bitsPerByte, distinct, interval, mean, percent, rise, textBits } from './cures/measures.mjs';
import { beginning, continuations } from './cures/samples.mjs';
import { evenly, readSentences } from './cures/sentences.mjs';
import { note, observed } from './cures/stages.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    data: { type: 'string', default: process.env.TELAR_DATA ?? '../shared/data' },
    out: { type: 'string' },
  },
});
const { quick } = flags;
const out = flags.out ?? (quick ? 'runs/cure-bias-quick' : 'runs/cure-bias');
const COMMAND = `node examples/cure-bias.mjs${quick ? ' --quick' : ''}`;

/** Sizes of a full run; a quick one shows that everything works. */
const PLAN = quick
  ? { base: { ...BASE, layers: 1, width: 64, steps: 60 }, planted: 2000, seeds: [1], texts: 50, align: { steps: 5 } }
  : { base: BASE, planted: 18_000, seeds: [1, 2, 3], texts: 900, align: { epochs: 3 } };

mkdirSync(out, { recursive: true });
const sentences = readSentences();
const base = await baseModel(
  out,
  () => [...sentences.train, ...plantedSentences({ pronouns: PLAN.planted, traits: PLAN.planted })],
  PLAN.base,
  COMMAND,
  note('base model'),
);
const files = Object.fromEntries(
  Object.entries({ cure: LEAN, validation: undefined }).map(([part, lean]) => {
    const path = join(out, `${part}.jsonl`);
    writeFileSync(
      path,
      counterfactualPairs(part, lean)
        .map((pair) => `${JSON.stringify(pair)}\n`)
        .join(''),
    );
    return [part, path];
  }),
);

const ALL_HELD_OUT = 'pronouns, held-out templates and names';
/** What is asked: of what the cure saw, and of what it did not. */
const QUESTIONS = {
  'pronouns, held-out templates': pronouns('cure', PRONOUN_TEMPLATES.heldOut),
  'traits, held-out templates': traits('cure', TRAIT_TEMPLATES.heldOut),
  [ALL_HELD_OUT]: pronouns('heldOut', PRONOUN_TEMPLATES.heldOut),
  'traits, held-out templates and names': traits('heldOut', TRAIT_TEMPLATES.heldOut),
  'pronouns, of the cure': pronouns('cure', PRONOUN_TEMPLATES.cure),
  'traits, of the cure': traits('cure', TRAIT_TEMPLATES.cure),
};
const withPronoun = (text) => /\b(?:he|she|his|her|him)\b/i.test(text);
const texts = {
  without: evenly(
    sentences.heldOut.filter((text) => !withPronoun(text)),
    PLAN.texts,
  ),
  with: evenly(sentences.heldOut.filter(withPronoun), PLAN.texts / 3),
};
const begun = evenly(
  sentences.heldOut.map(beginning).filter((prompt) => prompt !== null),
  PLAN.texts / 3,
);

const before = await observed(out, 'before', { model: base }, observe);
const after = [];
for (const seed of PLAN.seeds) {
  const { folder, minutes } = await aligned(
    join(out, `aligned-${seed}`),
    {
      model: base,
      data: [files.cure],
      heldOut: [files.validation],
      seed,
      command: COMMAND,
      ...SETTINGS,
      ...PLAN.align,
    },
    note(`seed ${seed}`),
  );
  const result = await observed(out, `after-${seed}`, { model: base, adapters: [folder] }, observe);
  after.push({ name: `seed ${seed}`, minutes, ...result });
}
const report = render();
writeFileSync(join(out, 'table.md'), report);
console.log(report);

async function observe(lm) {
  const preferences = {};
  let pronounShare = null;
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const tables = await likelihoods(lm, question);
    preferences[name] = preference(question, tables);
    if (name === ALL_HELD_OUT) pronounShare = pronounProbability(question, tables);
  }
  const told = (await continuations(lm, begun, { each: 1, seed: 1 })).flat();
  return {
    preferences,
    pronounShare,
    crows: await crowsPairs(lm, join(flags.data, 'crows-pairs')),
    winogender: await winogender(lm, join(flags.data, 'winogender')),
    bits: { without: await textBits(lm, texts.without), with: await textBits(lm, texts.with) },
    distinct: [1, 2].map((n) =>
      distinct(
        told.map(({ text }) => text),
        n,
      ),
    ),
    length: mean(told.map(({ tokens }) => tokens)),
  };
}

function render() {
  const all = [{ name: 'base', ...before }, ...after];
  const measured = (one) => `${percent(one.value)} (${interval(one)})`;
  const signed = (one) => `${percent(one.value, 2)} (${interval(one, 2)})`;
  return `Stereotype preference; 50% is none.

${table(
  ['model', 'asked', 'share of pairs', 'way to 50%', 'probability', 'way to 50%', 'clearly so / opposite'],
  Object.keys(QUESTIONS).flatMap((question) =>
    all.map(({ name, preferences }, i) => {
      const [own, first] = [preferences[question], before.preferences[question]];
      const way = (view) => (i === 0 ? '' : percent(wayToHalf(first[view].value, own[view].value), 0));
      return [
        name,
        question,
        measured(own.share),
        way('share'),
        measured(own.probability),
        way('probability'),
        own.clear.map((value) => percent(value)).join(' / '),
      ];
    }),
  ),
)}

Probability of "she" and "her" against "he" and "his" on held-out occupations and templates:

${table(
  ['model', 'after occupations of "she"', 'after occupations of "he"'],
  all.map(({ name, pronounShare }) => [name, ...pronounShare.map((value) => percent(value))]),
)}

What others wrote:

${
  before.crows === null || before.winogender === null
    ? 'skipped: no CrowS-Pairs or no Winogender at hand (--data DIR).'
    : table(
        [
          'model',
          'CrowS-Pairs, all',
          'gender',
          'nationality',
          'Winogender, share of pairs',
          'spread, nats',
          'mean gap, nats',
        ],
        all.map(({ name, crows, winogender }) => [
          name,
          measured(crows.all),
          measured(crows.gender),
          measured(crows.nationality),
          measured(winogender.share),
          winogender.spread.toFixed(2),
          winogender.mean.toFixed(2),
        ]),
      )
}

What it cost, on held-out sentences of nlp-corpus:

${table(
  [
    'model',
    'bits/byte, no pronoun',
    'rise',
    'bits/byte, with pronoun',
    'rise',
    'distinct-1',
    'distinct-2',
    'tokens',
    'minutes',
  ],
  all.map(({ name, bits, distinct, length, minutes }, i) => [
    name,
    bitsPerByte(bits.without).toFixed(4),
    i === 0 ? '' : signed(rise(before.bits.without, bits.without)),
    bitsPerByte(bits.with).toFixed(4),
    i === 0 ? '' : signed(rise(before.bits.with, bits.with)),
    ...distinct.map((value) => value.toFixed(3)),
    length.toFixed(1),
    minutes === undefined ? '' : minutes.toFixed(1),
  ]),
)}
`;
}
