/**
 * Curing inventions: a model that was taught facts about some countries makes them up for all others. It learns from its own
 * answers, ranked by truthfulness over the table of facts, to say that it does not know, and keeps what it knows.
 *
 *   node examples/cure-hallucination.mjs [--quick] [--out DIR] [--seeds 1,2,3] [--wrong 1] [--trade-off 1,2,4] [--spare]
 *     [--development [--rate 5e-4]]
 *
 * --spare leaves a part of what was taught out of the cure, to see whether the model knows what it knows without being asked.
 * --development measures on the half of the countries that settings are chosen on.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { align } from 'telar/align';
import { kernels } from 'telar/engine';
import { loadLanguageModel } from 'telar/generate';
import { pretrained, taught } from './cure-hallucination/base.mjs';
import { askGroups, costs, share, VERDICTS } from './cure-hallucination/measure.mjs';
import { rankOwnAnswers } from './cure-hallucination/pairs.mjs';
import { half, questionsByGroup, some } from './cure-hallucination/questions.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3' },
    wrong: { type: 'string', default: '1' },
    'trade-off': { type: 'string', default: '' },
    spare: { type: 'boolean', default: false },
    development: { type: 'boolean', default: false },
    rate: { type: 'string', default: '5e-4' },
  },
});
const numbers = (text) => text.split(',').filter(Boolean).map(Number);
const out = flags.out ?? `runs/cure-hallucination${flags.quick ? '-quick' : ''}`;
const seeds = flags.quick ? [1] : numbers(flags.seeds);
const wrong = Number(flags.wrong);

/** Steps of pretraining, passes over the facts, questions that the cure asks, its updates, questions of a measurement. */
const PLAN = flags.quick
  ? { base: 20, epochs: 0.5, ask: { asked: 30, strange: 15, invented: 15 }, steps: 5, measured: 20 }
  : { base: 600, epochs: 12, ask: { asked: Infinity, strange: 600, invented: 600 }, steps: 360, measured: 400 };
const CURE = { method: 'orpo', learningRate: Number(flags.rate), batchSize: 32 };
const SAMPLES = 2;

/** Groups that are measured; see questions.mjs. */
const MEASURED = {
  reworded: 'taught; cure asks in other words',
  ...(flags.spare && { unasked: 'taught; cure asks other facts of it', unnamed: 'taught; cure never names it' }),
  strange: 'not taught; cure asks',
  unseen: 'not taught; cure never names it',
};
const part = flags.development ? 'development' : 'test';

const note = (text) => console.error(text);
mkdirSync(out, { recursive: true });
const groups = questionsByGroup(flags);
const taughtGroups = ['asked', 'reworded', 'unasked', 'unnamed'];
const facts = join(out, 'facts.jsonl');
writeRecords(
  facts,
  taughtGroups.flatMap((group) => groups[group]).map(({ prompt, answer }) => ({ prompt, completion: ` ${answer}` })),
);

const base = await pretrained(join(out, 'base'), PLAN.base, note);
const sick = await taught(join(out, 'taught'), base, facts, PLAN.epochs, note);
const before = await measured('before', sick);
const cured = [];
for (const seed of seeds) cured.push({ name: `seed ${seed}`, ...(await cure(seed, wrong)) });
const sweep = [];
for (const price of numbers(flags['trade-off'])) sweep.push({ price, ...(await cure(seeds[0], price)) });

const text = report();
writeFileSync(join(out, 'table.md'), text);
console.log(text);

/** What a model measures after it has learned from its own answers. */
async function cure(seed, price) {
  const name = [
    'cured',
    `wrong${price}`,
    `seed${seed}`,
    `rate${CURE.learningRate}`,
    ...(flags.spare ? ['spare'] : []),
  ].join('-');
  const run = join(out, name);
  const data = join(out, `${name}.jsonl`);
  if (!existsSync(join(run, 'final'))) {
    const pairs = [];
    const lm = loadLanguageModel(sick);
    for (const [group, count] of Object.entries(PLAN.ask)) {
      pairs.push(...(await rankOwnAnswers(lm, some(groups[group], count), { samples: SAMPLES, wrong: price, seed })));
      note(`${name}: ${pairs.length} pairs, ${group} done`);
    }
    lm.model.dispose();
    writeRecords(data, pairs);
    rmSync(run, { recursive: true, force: true });
    await align({
      ...CURE,
      model: sick,
      data: [data],
      heldOutFraction: 0.05,
      out: run,
      steps: PLAN.steps,
      patience: 0,
      seed,
      command: 'node examples/cure-hallucination.mjs',
      events: {
        onEvaluation: (step, { heldOutLoss }) => note(`${name}: step ${step}, held-out loss ${heldOutLoss.toFixed(3)}`),
      },
    });
  }
  return measured(name, join(run, 'final'));
}

/** Answers and costs of a model; kept in a file, so that a second start finds them. */
async function measured(name, folder) {
  const path = join(out, `${name}-${part}${flags.spare ? '-spare' : ''}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const lm = loadLanguageModel(folder);
  const asked = await askGroups(
    lm,
    Object.fromEntries(Object.keys(MEASURED).map((group) => [group, some(half(groups[group], part), PLAN.measured)])),
  );
  const result = { asked, costs: await costs(lm, asked.reworded) };
  lm.model.dispose();
  writeFileSync(path, JSON.stringify(result));
  return result;
}

function report() {
  const [right, dontKnow, invented] = VERDICTS;
  const all = (group) => cured.flatMap(({ asked }) => asked[group]);
  const verdicts = (asked) => VERDICTS.map((verdict) => percent(share(asked, verdict)));
  const rows = Object.entries(MEASURED).flatMap(([group, about]) => [
    [about, 'before', String(before.asked[group].length), ...verdicts(before.asked[group])],
    ['', `after, ${cured.length} seeds`, String(all(group).length), ...verdicts(all(group))],
  ]);
  const mean = (asked, verdict) => share(asked, verdict).mean;
  const fall = ({ asked }) => ({
    wrong: 1 - mean(asked.unseen, invented) / mean(before.asked.unseen, invented),
    right: mean(before.asked.reworded, right) - mean(asked.reworded, right),
  });
  const perSeed = cured.map((each) => {
    const { wrong, right } = fall(each);
    return [
      each.name,
      `${(100 * wrong).toFixed(1)}%`,
      (100 * right).toFixed(1),
      wrong >= 0.8 && right <= 0.05 ? 'yes' : 'no',
    ];
  });
  if (perSeed.some((row) => row[3] === 'no')) process.exitCode = 1;
  const costRow = (name, { costs }) => [
    name,
    costs.bitsPerByte.toFixed(3),
    costs.distinct2.toFixed(3),
    costs.tokens.toFixed(2),
  ];
  const tradeOff = sweep.map(({ price, asked }) => [
    String(price),
    ...Object.keys(MEASURED).map((group) =>
      [right, dontKnow, invented].map((verdict) => (100 * mean(asked[group], verdict)).toFixed(1)).join(' / '),
    ),
  ]);
  return `${table(['country', 'model', 'answers', ...VERDICTS], rows)}

Against the bars (wrong answers about unseen countries fall by 80% or more, right answers about taught ones by 5 points or less):

${table(['', 'fall of wrong, unseen', 'fall of right, points', 'reached'], perSeed)}

What it costs:

${table(
  ['', 'bits per byte, unseen speeches', 'distinct-2', 'tokens of a right answer'],
  [costRow('before', before), ...cured.map((each) => costRow(each.name, each))],
)}
${
  sweep.length === 0
    ? ''
    : `
The price of an invention, seed ${seeds[0]}; right / "I don't know" / wrong in percent:

${table(['price', ...Object.keys(MEASURED)], tradeOff)}
`
}
Before and after, ${cured[0].name}:

${['unseen', 'reworded'].flatMap((group) => examples(group, 5)).join('\n')}
`;
}

/** Questions with both answers. */
function examples(group, count) {
  return some(
    before.asked[group].map(({ item, answer }, i) => {
      const question = item.prompt.replace(/^Question: |\nAnswer:$/g, '');
      return `- ${question} ${answer} → ${cured[0].asked[group][i].answer} (right: ${item.answer})`;
    }),
    count,
  );
}

function writeRecords(path, records) {
  writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

function percent({ mean, low, high }) {
  return `${(100 * mean).toFixed(1)}% (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
}
