/**
 * A reward model of Anthropic's harmless pairs, from an empty folder, beside two baselines: length alone and words.
 *
 *   node examples/hh-reward.mjs [--folds N] [--data FILE] [--quick] [--out DIR]
 *
 * Conversations that begin with the same question are in one of five folds. The first fold, or each of the first N in turn, is
 * held out: all is then made from the other four, the base model included, and one of them decides when to stop. What a fold
 * gave stays in DIR (default runs/hh-reward), so that more can be added.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateRewards, fitLinearReward, inTurn, promptText, readPreferences, rewardMarkdown } from 'telar/align';
import { splitIntoParts } from 'telar/classify';
import { kernels } from 'telar/engine';
import { byteTokenizer } from 'telar/tokenizer';
import { loadBase } from 'telar/tune';
import { baseModel } from './hh-reward/base.mjs';
import { trainRewardModel } from './hh-reward/model.mjs';
import { wordReward } from './hh-reward/words.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    data: { type: 'string' },
    folds: { type: 'string', default: '1' },
  },
});
const { quick } = flags;
const out = flags.out ?? (quick ? 'runs/hh-reward-quick' : 'runs/hh-reward');
const data = flags.data ?? '../shared/data/hh-rlhf/harmless-test.jsonl.gz';
const FOLDS = 5;
const folds = Math.min(FOLDS, Number(flags.folds));

/** A quick run shows that everything works. */
const PLAN = quick
  ? {
      base: { layers: 1, width: 64, context: 640, vocab: 1024, tokens: 50_000 },
      pairs: 120,
      tuning: { epochs: 1, learningRate: 1e-4 },
    }
  : {
      base: { layers: 2, width: 128, context: 640, vocab: 4096, tokens: 3_300_000 },
      pairs: Infinity,
      tuning: { epochs: 1, learningRate: 1e-4 },
    };
const POOLING = 'last';

mkdirSync(out, { recursive: true });
const begin = performance.now();
const note = (message) => console.error(`${((performance.now() - begin) / 60_000).toFixed(1)} min: ${message}`);
const { pairs, problems } = await read();
const fold = splitIntoParts(
  pairs.map(({ prompt }) => promptText([prompt[0]])),
  new Uint8Array(pairs.length),
  FOLDS,
  0,
);
note(
  `${pairs.length} pairs, ${problems.length} left out: ${[...new Set(problems.map(({ kind }) => kind))].join(', ')}`,
);

const results = [];
for (let held = 0; held < folds; held++) results.push(await kept(held));
const all = evaluation(results);
const [first] = results;
const text = `${rows()}

The model on all ${all.model.pairs} held-out pairs:

${rewardMarkdown(all.model)}
Sure to be right (σ of the margin), and right:

${table(
  ['sure', 'pairs', 'expected', 'right'],
  all.model.calibration.bins.map(({ from, to, count, predicted, observed }) => [
    `${from.toFixed(1)} to ${to.toFixed(1)}`,
    String(count),
    predicted.toFixed(3),
    observed.toFixed(3),
  ]),
)}

Minutes a fold, base model included: ${(results.reduce((sum, { minutes }) => sum + minutes, 0) / results.length).toFixed(1)}.
`;
writeFileSync(join(out, 'table.md'), text);
console.log(text);

/** The held-out accuracy of each method, on the first fold and on all of them. */
function rows() {
  const one = evaluation([first]);
  const cell = ({ accuracy, interval }) =>
    `${accuracy.toFixed(3)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`;
  const names = {
    length: 'length alone',
    words: 'words and pairs of words, linear',
    model: 'reward model',
    both: 'reward model + words',
  };
  return table(
    [
      '',
      `fold 1, ${one.model.pairs} pairs`,
      `all ${results.length} folds, ${all.model.pairs} pairs`,
      'loss',
      'calibration error',
    ],
    Object.entries(names).map(([key, name]) => [
      name,
      cell(one[key]),
      cell(all[key]),
      all[key].loss.toFixed(3),
      all[key].calibration.error.toFixed(3),
    ]),
  );
}

/** Evaluates what folds gave, together. Margins of a pair are all that counts: half of one for the chosen, half against the other. */
function evaluation(folds) {
  const heldOut = folds.flatMap(({ numbers }) => numbers.map((i) => pairs[i]));
  const lengths = {
    chosen: heldOut.map(({ chosen }) => chosen.length),
    rejected: heldOut.map(({ rejected }) => rejected.length),
  };
  const of = (name) => evaluateRewards(Float64Array.from(folds.flatMap((one) => one[name])), lengths);
  return { length: of('length'), words: of('words'), model: of('model'), both: of('both') };
}

/** A fold, or what it gave when it was run before. */
async function kept(held) {
  const path = join(out, `fold-${held + 1}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
  const start = performance.now();
  const result = { ...(await run(held)), minutes: (performance.now() - start) / 60_000 };
  writeFileSync(path, JSON.stringify(result));
  return result;
}

async function run(held) {
  const numbers = [...pairs.keys()].filter((i) => fold[i] === held);
  const inFold = (wanted) => pairs.filter((_, i) => wanted(fold[i]));
  const check = (held + 1) % FOLDS;
  const heldOut = inFold((part) => part === held);
  const validation = inFold((part) => part === check);
  const train = inFold((part) => part !== held && part !== check);
  const log = (message) => note(`fold ${held + 1}: ${message}`);

  const { margin, penalty } = wordReward(train, validation);
  const words = heldOut.flatMap((pair) => halves(margin(pair)));
  log(`words, penalty ${penalty}: ${right(words)}`);

  const folder = join(out, `fold-${held + 1}`);
  mkdirSync(folder, { recursive: true });
  const conversations = [...train, ...validation].map(({ prompt, chosen, rejected }) => ({
    prompt,
    answers: [chosen, rejected].sort(),
  }));
  const { model: path } = await baseModel(folder, conversations, PLAN.base, log);
  const base = loadBase(path, 'f32');
  const encode = await encoder(base);
  const plan = { pooling: POOLING, context: PLAN.base.context, tuning: PLAN.tuning };
  const reward = await trainRewardModel(
    base,
    { train: encode(train), validation: encode(validation) },
    plan,
    held,
    log,
  );
  const model = [...(await reward.reward(inTurn(encode(heldOut))))];
  log(`reward model: ${right(model)}`);
  if (held === 0)
    reward.write(join(out, 'reward-model'), `# A reward model\n\nOf Anthropic's harmless pairs, without fold 1.\n`);
  reward.dispose();
  base.model.dispose();

  const length = lengthRewards([...train, ...validation], heldOut);
  const both = model.map((reward, i) => reward + words[i]);
  return { numbers, length, words, model, both };
}

/** Rewards by the logarithm of the length alone, fitted to the training pairs. */
function lengthRewards(train, heldOut) {
  const logs = ({ chosen, rejected }) => [Math.log(chosen.length), Math.log(rejected.length)];
  const differences = train.map((pair) => {
    const [a, b] = logs(pair);
    return { features: Int32Array.of(0), values: Float64Array.of(a - b) };
  });
  const [weight] = fitLinearReward(differences, 1, 0);
  return heldOut.flatMap((pair) => logs(pair).map((log) => weight * log));
}

/** The pairs as texts, and what was left out. */
async function read() {
  const tokenizer = byteTokenizer();
  const found = await readPreferences([data], { tokenizer, template: null, context: 2 ** 20, skipBad: true });
  const answer = ({ tokens, learned }) => tokenizer.decode(tokens.filter((_, i) => learned[i] === 1).subarray(0, -1));
  const pairs = found.pairs.slice(0, PLAN.pairs).map(({ prompt, chosen, rejected, where }) => ({
    prompt,
    chosen: answer(chosen).trim(),
    rejected: answer(rejected).trim(),
    where,
  }));
  return { pairs, problems: found.problems };
}

/** The same pairs as tokens of a model. */
async function encoder({ tokenizer, template }) {
  const found = await readPreferences([data], { tokenizer, template, context: PLAN.base.context, skipBad: true });
  const byPlace = new Map(found.pairs.map((pair) => [pair.where, pair]));
  return (list) =>
    list.map(({ where }) => {
      if (!byPlace.has(where)) throw new Error(`${where} does not fit the context`);
      return byPlace.get(where);
    });
}

function halves(margin) {
  return [margin / 2, -margin / 2];
}

function right(rewards) {
  const margins = rewards.filter((_, i) => i % 2 === 0).map((chosen, i) => chosen - rewards[2 * i + 1]);
  return `${((100 * margins.filter((margin) => margin > 0).length) / margins.length).toFixed(1)}% of ${margins.length} right`;
}
