/**
 * stories260K learns to tell happier stories, by PPO and by GRPO: the same reward, the same prompts, both curves in one page.
 *
 *   node examples/sentiment.mjs [--data DIR] [--out DIR] [--quick]
 *
 * DIR has stories260K.bin and tok512.bin of llama2.c. Prompts are beginnings of the model's own stories; the reward is the mean
 * valence of a continuation's words in a lexicon (sentiment/reward.mjs). Measured on 500 held-out beginnings, before and after.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  align,
  openRewards,
  parseReward,
  readPrompts,
  resumeAlignment,
  rewardInputs,
  sampleCompletions,
  scoreCompletions,
} from 'telar/align';
import { kernels } from 'telar/engine';
import { generateTokens, loadLanguageModel, promptTokens } from 'telar/generate';
import { curvesPage } from './sentiment/page.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const here = dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: process.env.TELAR_DATA ? join(process.env.TELAR_DATA, 'stories260K') : '../shared/data/stories260K',
    },
    out: { type: 'string', default: 'runs/sentiment' },
    quick: { type: 'boolean', default: false },
  },
});
const { out, quick } = flags;
const REWARD = join(here, 'sentiment/reward.mjs');
/** Prompts to learn from and to measure with, tokens of a prompt and of a continuation. */
const [LEARNED, HELD_OUT] = quick ? [64, 32] : [2000, 500];
const [PROMPT, TOKENS] = [12, 48];
const COMMON = { maxNewTokens: TOKENS, evaluationPrompts: quick ? 16 : 100 };
const METHODS = {
  ppo: { rolloutPrompts: 256, minibatches: 4, rolloutEpochs: 2, klCoefficient: 0.025, ...COMMON },
  grpo: {
    rolloutPrompts: 32,
    groupSize: 8,
    minibatches: 2,
    klCoefficient: 0.05,
    klIn: 'reward',
    klEstimator: 'k1',
    ...COMMON,
  },
};
const STEPS = quick ? { ppo: 8, grpo: 4 } : { ppo: 400, grpo: 90 };

mkdirSync(out, { recursive: true });
const base = join(out, 'base');
if (!existsSync(join(base, 'config.json'))) {
  const [model, tokenizer] = ['stories260K.bin', 'tok512.bin'].map((name) => join(flags.data, name));
  if (!existsSync(model)) {
    console.error(
      `${model} is missing: get stories260K.bin and tok512.bin of llama2.c, and name their folder with --data`,
    );
    process.exit(2);
  }
  const cli = join(here, '../dist/cli/main.js');
  execFileSync(process.execPath, [cli, 'import', model, '--tokenizer', tokenizer, '--out', base], { stdio: 'inherit' });
}

const files = await writePrompts();
const rows = [];
const before = await measure(base);
rows.push(row('base', before, 0, 0));
const stories = [`- *${before.prompt}*`, `- base: ${before.text}`];
for (const [method, settings] of Object.entries(METHODS)) {
  const run = join(out, method);
  if (!existsSync(join(run, 'final'))) {
    const events = {
      onEvaluation: (step, { heldOutReward, heldOutKl }) =>
        console.error(
          `${method}: step ${step}, held-out reward ${heldOutReward?.toFixed(3)}, KL ${heldOutKl?.toFixed(2)}`,
        ),
    };
    const options = {
      method,
      model: base,
      data: [files.learned],
      heldOut: [files.held],
      rewards: [REWARD],
      settings,
      weights: 'full',
      learningRate: 3e-4,
      steps: STEPS[method],
      evaluateEvery: Math.ceil(STEPS[method] / 10),
      out: run,
      command: 'node examples/sentiment.mjs',
      seed: 1,
      events,
    };
    const { finished } = existsSync(join(run, 'run.json'))
      ? await resumeAlignment({ out: run, events })
      : await align(options);
    if (!finished) process.exit(130);
  }
  const { result } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
  const after = await measure(join(run, 'final'));
  const rise = (mean(after.rewards) - mean(before.rewards)) / deviation(before.rewards);
  rows.push(row(method, after, rise, result.seconds / 60));
  stories.push(`- ${method}: ${after.text}`);
}
const report = `${HELD_OUT} held-out beginnings of stories, ${TOKENS} tokens each. The rewards of the base have a standard deviation of ${deviation(before.rewards).toFixed(3)}.

${table(['model', 'reward', 'rise in deviations', 'KL, nats a sample', 'ended', 'distinct-2', 'minutes'], rows)}

The first beginning, and how each goes on:

${stories.join('\n')}
`;
writeFileSync(join(out, 'table.md'), report);
writeFileSync(join(out, 'curves.html'), curvesPage(out, Object.keys(METHODS)));
console.log(report);
console.log(`Curves: ${join(out, 'curves.html')}`);

/** Beginnings of the base's own stories, each once: those of the first stories are learned from, of the rest held out. */
async function writePrompts() {
  const paths = { learned: join(out, 'prompts.jsonl'), held: join(out, 'held-out.jsonl') };
  if (existsSync(paths.learned)) return paths;
  const lm = loadLanguageModel(base);
  const start = promptTokens(lm.tokenizer, '');
  const texts = new Set();
  for (let seed = 1; texts.size < LEARNED + HELD_OUT; seed++) {
    const ids = Array.from({ length: 64 }, () => []);
    const options = { temperature: 1, maxTokens: PROMPT, seed };
    for await (const { sequence, id } of generateTokens(
      lm.model,
      ids.map(() => start),
      options,
    ))
      ids[sequence].push(id);
    for (const each of ids) {
      const text = lm.tokenizer.decode(each).trim();
      // What the text is read back as must be what was written.
      if (text.length > 20 && !text.includes('\ufffd')) texts.add(text);
    }
  }
  lm.model.dispose();
  const lines = [...texts].map((prompt) => `${JSON.stringify({ prompt })}\n`);
  writeFileSync(paths.held, lines.slice(LEARNED, LEARNED + HELD_OUT).join(''));
  writeFileSync(paths.learned, lines.slice(0, LEARNED).join(''));
  return paths;
}

/** One continuation of each held-out beginning, and what it is worth. */
async function measure(folder) {
  const [own, reference] = [loadLanguageModel(folder), loadLanguageModel(base)];
  const { model, tokenizer } = own;
  const policy = { model, base: { tokenizer, template: null }, withReference: (work) => work(reference.model) };
  const { prompts } = await readPrompts([files.held], { tokenizer, template: null, context: 64 });
  const completions = await sampleCompletions(policy, prompts, { maxNewTokens: TOKENS, seed: 12345 });
  const scores = await scoreCompletions(policy, completions, null, 4096);
  const rewards = await openRewards([parseReward(REWARD)]);
  const inputs = rewardInputs(
    completions.map(({ prompt, text }) => ({ prompt: prompt.prompt, completion: text })),
    tokenizer,
  );
  const { total } = await rewards.score(inputs);
  await rewards.dispose();
  for (const lm of [own, reference]) lm.model.dispose();
  const pairs = completions.flatMap(({ text }) => {
    const words = text.split(/\s+/);
    return words.slice(1).map((word, i) => `${words[i]} ${word}`);
  });
  return {
    rewards: [...total],
    kl: mean(scores.map(({ policy: p, reference: q }) => p.reduce((sum, x, t) => sum + x - q[t], 0))),
    ended: mean(completions.map(({ truncated }) => (truncated ? 0 : 1))),
    distinct: new Set(pairs).size / pairs.length,
    text: completions[0].text,
    prompt: prompts[0].prompt,
  };
}

function row(name, { rewards, kl, ended, distinct }, rise, minutes) {
  const error = (1.96 * deviation(rewards)) / Math.sqrt(rewards.length);
  return [
    name,
    `${mean(rewards).toFixed(3)} ± ${error.toFixed(3)}`,
    name === 'base' ? '' : rise.toFixed(2),
    kl.toFixed(2),
    `${(100 * ended).toFixed(0)}%`,
    distinct.toFixed(3),
    name === 'base' ? '' : minutes.toFixed(1),
  ];
}

function mean(values) {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((x) => (x - middle) ** 2)));
}
