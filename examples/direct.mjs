/**
 * stories260K learns by each direct method to let its characters speak: from pairs of its own stories, of which the one with
 * more speech was preferred. All methods see the same pairs.
 *
 *   node examples/direct.mjs [--data DIR] [--out DIR] [--quick]
 *
 * DIR has stories260K.bin and tok512.bin of llama2.c. The table says for held-out openings how many continuations have
 * speech in them, and what it cost: nats a token on neutral stories (the base's own, at temperature 1), and
 * the share of different pairs of words. Intervals are bootstrapped over openings.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { align } from 'telar/align';
import { kernels } from 'telar/engine';
import { generateText, loadLanguageModel, promptTokens } from 'telar/generate';
import { totalLoss } from 'telar/train';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: process.env.TELAR_DATA ? join(process.env.TELAR_DATA, 'stories260K') : '../shared/data/stories260K',
    },
    out: { type: 'string', default: 'runs/direct' },
    quick: { type: 'boolean', default: false },
  },
});
const METHODS = [
  ['dpo', {}],
  ['dpo', { loss: 'hinge' }],
  ['dpo', { loss: 'ipo' }],
  ['dpo', { loss: 'robust', labelSmoothing: 0.1 }],
  ['kto', {}],
  ['orpo', {}],
  ['simpo', {}],
];
const OPENINGS = flags.quick ? 64 : 512;
const HELD_OUT = flags.quick ? 16 : 200;
/** Continuations of each opening that the pair is chosen from. */
const EACH = 4;
const TOKENS = 60;

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
const neutral = await tell(lm, new Array(HELD_OUT).fill(''), 1);
const openings = await makeOpenings(lm);
const heldOut = openings.splice(0, HELD_OUT);
const data = join(flags.out, 'pairs.jsonl');
const pairs = await makePairs(lm, openings);
writeFileSync(data, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
console.error(`${pairs.length} pairs of ${openings.length} openings`);

const rows = [['base', ...(await measure(lm)), '', '']];
for (const [method, settings] of METHODS) {
  const name = [method, settings.loss].filter(Boolean).join(' ');
  const out = join(flags.out, name.replace(' ', '-'));
  if (!existsSync(join(out, 'final')))
    await align({
      method,
      settings,
      model: base,
      data: [data],
      out,
      learningRate: 3e-4,
      epochs: flags.quick ? 1 : 3,
      command: 'node examples/direct.mjs',
    });
  const { result } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
  const aligned = loadLanguageModel(base, { adapters: [join(out, 'final')] });
  rows.push([name, ...(await measure(aligned)), `${result.bestStep} of ${result.steps}`, result.seconds.toFixed(0)]);
  aligned.model.dispose();
  console.error(rows.at(-1).join('  '));
}
const report = table(
  ['method', 'with speech', '95% interval', 'neutral loss', 'distinct-2', 'best step', 'seconds'],
  rows,
);
writeFileSync(join(flags.out, 'table.md'), report);
console.log(report);

/** Continues prompts; the texts. */
async function tell({ model, tokenizer }, prompts, seed, maxTokens = 120) {
  const told = await generateText(model, tokenizer, prompts, { temperature: 1, seed, maxTokens });
  return told.map(({ text }) => text);
}

/** Beginnings of stories, each once: their first words, up to where a sentence could go on in many ways. */
async function makeOpenings(lm) {
  const found = new Set();
  for (let seed = 100; found.size < OPENINGS + HELD_OUT; seed++)
    for (const story of await tell(lm, new Array(128).fill(''), seed, 60)) {
      const words = story.trim().split(/\s+/);
      const opening = words.slice(0, 14 + (words.length % 5)).join(' ');
      if (words.length > 20 && !opening.includes('"')) found.add(opening);
    }
  return [...found].slice(0, OPENINGS + HELD_OUT);
}

function speech(text) {
  return (text.match(/"/g) ?? []).length;
}

/** Of the continuations of an opening, the one with most speech and the one with least; none where they have as much. */
async function makePairs(lm, openings) {
  const told = [];
  for (let i = 0; i < EACH; i++) told.push(await tell(lm, openings, 7 + i, TOKENS));
  return openings.flatMap((prompt, i) => {
    const answers = told.map((texts) => texts[i]).sort((a, b) => speech(b) - speech(a));
    const [chosen, rejected] = [answers[0], answers.at(-1)];
    return speech(chosen) > speech(rejected) ? [{ prompt, chosen, rejected }] : [];
  });
}

async function measure(lm) {
  const told = await tell(lm, heldOut, 3, TOKENS);
  const talk = told.map((text) => (speech(text) > 0 ? 1 : 0));
  const [low, high] = interval(talk);
  const percent = (share) => `${(100 * share).toFixed(0)}%`;
  return [
    percent(mean(talk)),
    `${percent(low)} to ${percent(high)}`,
    neutralLoss(lm).toFixed(3),
    distinctPairs(told).toFixed(2),
  ];
}

function mean(values) {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** 95% interval of the mean: bootstrap of a thousand draws, the same ones every time. */
function interval(values) {
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const means = Array.from({ length: 1000 }, () => mean(values.map(() => values[Math.floor(next() * values.length)])));
  means.sort((a, b) => a - b);
  return [means[25], means[974]];
}

/** Nats a token on the base's own stories. */
function neutralLoss({ model, tokenizer }) {
  let [nats, tokens] = [0, 0];
  for (const story of neutral) {
    const ids = Int32Array.from(promptTokens(tokenizer, story));
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

/** Different pairs of words, as a share of all. */
function distinctPairs(texts) {
  const all = texts.flatMap((text) => {
    const words = text.toLowerCase().match(/[a-z']+/g) ?? [];
    return words.slice(1).map((word, i) => `${words[i]} ${word}`);
  });
  return new Set(all).size / all.length;
}
