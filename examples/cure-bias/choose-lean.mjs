/**
 * How far the pairs of cure (c) should lean against the stereotype: the share of pairs on templates for validation, with names for
 * validation and with those of the cure, after some leans. Takes the base that `node examples/cure-bias.mjs` has made.
 *
 *   node examples/cure-bias/choose-lean.mjs [--out DIR]
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kernels } from 'telar/engine';
import { aligned } from '../cures/align.mjs';
import { mean, percent } from '../cures/measures.mjs';
import { note, observed } from '../cures/stages.mjs';
import { table } from '../table.mjs';
import { likelihoods, preference, pronouns, traits } from './preference.mjs';
import { SETTINGS } from './settings.mjs';
import { counterfactualPairs, PRONOUN_TEMPLATES, TRAIT_TEMPLATES } from './templates.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { out } = parseArgs({ options: { out: { type: 'string', default: 'runs/cure-bias' } } }).values;
const base = join(out, 'base/final');
const LEANS = [
  { pronouns: 0.14, traits: 0.15 },
  { pronouns: 0.17, traits: 0.25 },
  { pronouns: 0.2, traits: 0.35 },
];
const SEEDS = [1, 2];
const NAMES = ['validation', 'cure'];

const rows = [];
for (const lean of LEANS) {
  const shares = { pronouns: [], traits: [] };
  const name = `lean-${lean.pronouns}-${lean.traits}`;
  const data = join(out, `${name}.jsonl`);
  writeFileSync(
    data,
    counterfactualPairs('cure', lean)
      .map((pair) => `${JSON.stringify(pair)}\n`)
      .join(''),
  );
  for (const seed of SEEDS) {
    const { folder } = await aligned(
      join(out, `${name}-${seed}`),
      {
        model: base,
        data: [data],
        heldOut: [join(out, 'validation.jsonl')],
        seed,
        epochs: 3,
        command: name,
        ...SETTINGS,
      },
      note(`${name}, seed ${seed}`),
    );
    const after = await observed(out, `after-${name}-${seed}`, { model: base, adapters: [folder] }, observe);
    for (const kind of Object.keys(shares)) shares[kind].push(...after[kind]);
  }
  rows.push([
    String(lean.pronouns),
    String(lean.traits),
    ...Object.values(shares).flatMap((all) => [all.map((share) => percent(share, 0)).join(' '), percent(mean(all), 0)]),
  ]);
}
console.log(table(['lean, pronouns', 'traits', 'shares, pronouns', 'mean', 'shares, traits', 'mean'], rows));

/** Shares of pairs with names for validation and names of the cure. */
async function observe(lm) {
  const share = async (question) => preference(question, await likelihoods(lm, question), { draws: 2 }).share.value;
  const shares = { pronouns: [], traits: [] };
  for (const part of NAMES) {
    shares.pronouns.push(await share(pronouns(part, PRONOUN_TEMPLATES.validation)));
    shares.traits.push(await share(traits(part, TRAIT_TEMPLATES.validation)));
  }
  return shares;
}
