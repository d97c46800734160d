/**
 * stories260K learns a few instructions by LoRA, and still tells its stories when the adapter is off: the same bytes as before.
 *
 *   node examples/stories.mjs [--data DIR] [--out DIR] [--quick]
 *
 * DIR has stories260K.bin and tok512.bin of llama2.c. The examples are made by rule: an instruction that asks for a story
 * about a dog, and a story of the base model that begins with a little dog. Held-out stories are the base's own, sampled at temperature 1: a stand-in for
 * TinyStories, of which they are a fair sample only as far as the model is good.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kernels } from 'telar/engine';
import { generateText, loadLanguageModel, promptTokens } from 'telar/generate';
import { totalLoss } from 'telar/train';
import { tune } from 'telar/tune';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: process.env.TELAR_DATA ? join(process.env.TELAR_DATA, 'stories260K') : '../shared/data/stories260K',
    },
    out: { type: 'string', default: 'runs/stories' },
    quick: { type: 'boolean', default: false },
  },
});
const THINGS =
  'dog cat bird ball tree car boat bear fish flower park box toy cake frog rabbit hat book duck truck'.split(' ');
const ASK = ['Tell a story about a {}.', 'Write a story with a {}.', 'I want a story about a {}.'];
/** Stories for each instruction, in twenty things and three ways to ask. */
const EACH = flags.quick ? 1 : 2;
const HELD_OUT = flags.quick ? 16 : 64;
const TOKENS = 160;

mkdirSync(flags.out, { recursive: true });
const base = join(flags.out, 'base');
if (!existsSync(join(base, 'config.json'))) {
  const cli = join(dirname(fileURLToPath(import.meta.url)), '../dist/cli/main.js');
  const [model, tokenizer] = ['stories260K.bin', 'tok512.bin'].map((name) => join(flags.data, name));
  if (!existsSync(model)) {
    console.error(
      `${model} is missing: get stories260K.bin and tok512.bin of llama2.c, and name their folder with --data`,
    );
    process.exit(2);
  }
  execFileSync(process.execPath, [cli, 'import', model, '--tokenizer', tokenizer, '--out', base], { stdio: 'inherit' });
}

const lm = loadLanguageModel(base);
const greedy = await tell(lm, ['', 'Once upon a time, there was a dog'], 0, 1);
const held = await sampleStories(lm);
const pairs = await makePairs(lm);
const data = join(flags.out, 'instructions.jsonl');
writeFileSync(data, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
const before = { loss: storyLoss(lm, held), obeys: await obedience(lm) };

const run = join(flags.out, 'lora');
if (!existsSync(join(run, 'final'))) {
  rmSync(run, { recursive: true, force: true });
  await tune({
    method: 'lora',
    model: base,
    data: [data],
    out: run,
    rank: 8,
    learningRate: 5e-3,
    epochs: flags.quick ? 1 : 6,
    command: 'node examples/stories.mjs',
    events: {
      onEvaluation: (step, { validationLoss }) =>
        console.error(`step ${step}, validation loss ${validationLoss?.toFixed(4)}`),
    },
  });
}

const adapted = loadLanguageModel(base, { adapters: [join(run, 'final')] });
const on = { loss: storyLoss(adapted, held), obeys: await obedience(adapted) };
const [adapter] = adapted.model.adapters;
adapted.model.detach(adapter.name);
const off = { loss: storyLoss(adapted, held), obeys: await obedience(adapted) };
const same =
  JSON.stringify(await tell(adapted, ['', 'Once upon a time, there was a dog'], 0, 1)) === JSON.stringify(greedy);
const row = (name, { loss, obeys }) => [name, loss.toFixed(4), `${(100 * obeys).toFixed(0)}%`];
const report = `${table(
  ['model', 'loss on held-out stories', 'stories with what was asked for'],
  [row('base', before), row('adapter on', on), row('adapter off again', off)],
)}

With the adapter off it tells the same stories to the byte: ${same ? 'yes' : 'no'}; the same loss to the bit: ${off.loss === before.loss ? 'yes' : 'no'}.
`;
writeFileSync(join(flags.out, 'table.md'), report);
console.log(report);
if (!same || off.loss !== before.loss) process.exitCode = 1;

/** Continues prompts; the texts. */
async function tell(lm, prompts, temperature, seed, maxTokens = TOKENS) {
  const told = await generateText(lm.model, lm.tokenizer, prompts, { temperature, seed, maxTokens });
  return told.map(({ text }) => text.trim());
}

/** Instructions with stories that the base tells when it is given their beginning. */
async function makePairs(lm) {
  const openings = ['Once upon a time, there was a little {}', 'One day, a {}'];
  const asked = THINGS.flatMap((thing, i) =>
    ASK.flatMap((ask, j) =>
      Array.from({ length: EACH }, (_, k) => ({
        prompt: `${ask.replace('{}', thing)}\n`,
        opening: openings[(i + j + k) % 2].replace('{}', thing),
      })),
    ),
  );
  const told = await tell(
    lm,
    asked.map(({ opening }) => opening),
    0.8,
    7,
    100,
  );
  return asked.map(({ prompt, opening }, i) => ({ prompt, completion: wholeSentences(`${opening} ${told[i]}`) }));
}

function wholeSentences(text) {
  return text.slice(0, text.lastIndexOf('.') + 1) || text;
}

/** Held-out stories: of the base at temperature 1, the same every time. */
async function sampleStories(lm) {
  const stories = [];
  for (let seed = 1; stories.length < HELD_OUT; seed++)
    stories.push(
      ...(await tell(lm, new Array(64).fill(''), 1, seed)).map(wholeSentences).filter(({ length }) => length > 100),
    );
  return stories.slice(0, HELD_OUT);
}

/** Nats a token. */
function storyLoss({ model, tokenizer }, stories) {
  let [nats, tokens] = [0, 0];
  for (const story of stories) {
    const ids = Int32Array.from([...model.virtualTokens, ...promptTokens(tokenizer, story)]);
    const batch = {
      tokens: ids.subarray(0, -1),
      targets: ids.slice(1),
      positions: Int32Array.from({ length: ids.length - 1 }, (_, i) => i),
      sequenceStarts: Int32Array.of(0, ids.length - 1),
    };
    nats += totalLoss(model, batch);
    tokens += batch.targets.length;
  }
  return nats / tokens;
}

/** Share of instructions whose story has what it was to be about. */
async function obedience(lm) {
  const told = await tell(
    lm,
    THINGS.map((thing) => `${ASK[0].replace('{}', thing)}\n`),
    0,
    1,
    100,
  );
  return THINGS.filter((thing, i) => new RegExp(`\\b${thing}`, 'i').test(told[i])).length / THINGS.length;
}
