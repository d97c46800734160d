/**
 * Question answering over country facts: the model of `npm start` is tuned on questions about the World Factbook, and asked in
 * words, and about countries, that it was not tuned on.
 *
 *   node examples/factbook.mjs [--quick] [--base DIR] [--out DIR] [--epochs N]
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kernels } from 'telar/engine';
import { generateText, loadLanguageModel } from 'telar/generate';
import { readTuneRun, tune } from 'telar/tune';
import { buildQuestions, exactMatch, readCountries, tokenF1 } from './factbook-questions.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    base: { type: 'string', default: 'runs/sotu/final' },
    out: { type: 'string', default: 'runs/factbook' },
    epochs: { type: 'string' },
    minutes: { type: 'string', default: '9.5' },
  },
});

const LONGEST_ANSWER = 24;
const fromMemory = ({ question }) => `Question: ${question}\nAnswer:`;
const fromPassage = ({ question, passage }) => `${passage}\nQuestion: ${question}\nAnswer:`;

const countries = readCountries();
const questions = buildQuestions(flags.quick ? countries.filter((_, i) => i % 10 === 0) : countries);
const seen = questions.filter(({ part }) => part === 'train');
mkdirSync(flags.out, { recursive: true });
const data = join(flags.out, 'train.jsonl');
const validation = join(flags.out, 'validation.jsonl');
writeExamples(data, [
  ...seen.map((question) => [fromMemory(question), question]),
  ...seen.filter(({ phrasing }) => phrasing < 2).map((question) => [fromPassage(question), question]),
]);
writeExamples(
  validation,
  sample(
    questions.filter(({ part }) => part === 'phrasing'),
    400,
  ).map((question) => [fromMemory(question), question]),
);

if (!existsSync(join(flags.base, 'config.json'))) {
  const out = dirname(flags.base);
  console.error(`${flags.base} is missing: npm start -- --minutes ${flags.minutes} --out ${out}`);
  rmSync(out, { recursive: true, force: true });
  const cli = join(dirname(fileURLToPath(import.meta.url)), '../dist/cli/main.js');
  const { status } = spawnSync(process.execPath, [cli, 'start', '--minutes', flags.minutes, '--out', out], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

const METHODS = {
  full: { method: 'full', learningRate: 1.5e-3, epochs: 6 },
};
const parts = {
  'seen fact, seen words': { list: sample(seen, 400), prompt: fromMemory },
  'seen fact, new words': {
    list: sample(
      questions.filter(({ part }) => part === 'phrasing'),
      400,
    ),
    prompt: fromMemory,
  },
  'new country': {
    list: sample(
      questions.filter(({ part, phrasing }) => part === 'country' && phrasing < 4),
      400,
    ),
    prompt: fromMemory,
  },
  'new country, passage given': {
    list: sample(
      questions.filter(({ part, phrasing }) => part === 'country' && phrasing < 4),
      400,
    ),
    prompt: fromPassage,
  },
};
const rows = [];
const wrong = [];
for (const [name, plan] of Object.entries(METHODS)) {
  const out = join(flags.out, plan.method);
  if (!existsSync(join(out, 'final'))) {
    rmSync(out, { recursive: true, force: true });
    await tune({
      model: flags.base,
      data: [data],
      validation: [validation],
      out,
      patience: 0,
      batchTokens: 2048,
      ...plan,
      ...((flags.epochs !== undefined || flags.quick) && { epochs: Number(flags.epochs ?? 4) }),
      command: 'node examples/factbook.mjs',
      events: {
        onEvaluation: (step, { validationLoss }) =>
          console.error(`${name}: step ${step}, validation loss ${validationLoss?.toFixed(3)}`),
      },
    });
  }
  const minutes = readTuneRun(out).result.seconds / 60;
  const lm = loadLanguageModel(join(out, 'final'));
  for (const [part, { list, prompt }] of Object.entries(parts)) {
    const answers = await answer(lm, list.map(prompt));
    const exact = mean(list.map((question, i) => (exactMatch(answers[i], question.answer) ? 1 : 0)));
    const f1 = mean(list.map((question, i) => tokenF1(answers[i], question.answer)));
    rows.push([name, part, String(list.length), percent(exact), percent(f1), minutes.toFixed(1)]);
    if (name === 'full' && part === 'new country')
      for (const [i, { question, answer }] of list.entries())
        if (!exactMatch(answers[i], answer) && i % 40 === 0)
          wrong.push(`- ${question} ${answers[i]} (right: ${answer})`);
  }
  lm.model.dispose();
}
const constant = parts['new country'].list;
const usual = mostCommonAnswers(seen);
rows.push([
  'most common answer of the kind',
  'new country',
  String(constant.length),
  percent(mean(constant.map(({ kind, answer }) => (exactMatch(usual.get(kind), answer) ? 1 : 0)))),
  percent(mean(constant.map(({ kind, answer }) => tokenF1(usual.get(kind), answer)))),
  '',
]);
const report = `${table(['tuned', 'asked', 'questions', 'exact', 'F1', 'minutes'], rows)}

What it says about countries it knows nothing of:

${wrong.join('\n')}
`;
writeFileSync(join(flags.out, 'table.md'), report);
console.log(report);

function writeExamples(path, pairs) {
  writeFileSync(
    path,
    pairs.map(([prompt, { answer }]) => `${JSON.stringify({ prompt, completion: ` ${answer}` })}\n`).join(''),
  );
}

/** Answers by the most probable tokens, up to a line's end. */
async function answer(lm, prompts) {
  const answers = [];
  for (let at = 0; at < prompts.length; at += 64) {
    const some = await generateText(lm.model, lm.tokenizer, prompts.slice(at, at + 64), {
      maxTokens: LONGEST_ANSWER,
      temperature: 0,
      stop: ['\n'],
    });
    answers.push(...some.map(({ text }) => text.trim()));
  }
  return answers;
}

function mostCommonAnswers(list) {
  const counts = new Map();
  for (const { kind, answer } of list) {
    const own = counts.get(kind) ?? new Map();
    counts.set(kind, own.set(answer, (own.get(answer) ?? 0) + 1));
  }
  return new Map([...counts].map(([kind, own]) => [kind, [...own].toSorted((a, b) => b[1] - a[1])[0][0]]));
}

function sample(list, count) {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
function percent(value) {
  return `${(100 * value).toFixed(1)}%`;
}
