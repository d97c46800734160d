/**
 * A spam filter by every method, on the SpamAssassin corpus: one base model, one split, one table.
 *
 *   node examples/spam.mjs [--quick] [--out DIR]
 *
 * Every stage leaves what it made in DIR (default runs/spam); a run that was stopped goes on from there.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LinearClassifier, trainClassifier } from 'telar/classify';
import { kernels, memoryUse, resetPeak } from 'telar/engine';
import { BASE, baseModel } from './spam/base.mjs';
import { LABELS, layout, readCorpus, splitMessages } from './spam/data.mjs';
import { evenly, fewShot, head, predictions, tuned } from './spam/methods.mjs';
import { naiveBayes } from './spam/naive-bayes.mjs';
import { score } from './spam/score.mjs';
import { table } from './table.mjs';

kernels.setThreads(kernels.hardwareThreads());
const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const { quick } = flags;
const out = flags.out ?? (quick ? 'runs/spam-quick' : 'runs/spam');

/** Sizes of a full run, some twenty minutes on two cores; a quick one shows that everything works. */
const PLAN = quick
  ? {
      base: { layers: 2, width: 64, context: 512, vocab: 1024, steps: 60 },
      mails: 0.08,
      length: 96,
      promptLength: 64,
      lora: { rank: 8, learningRate: 5e-3, epochs: 2, evaluateEvery: 10 },
      prompt: { virtualTokens: 20, learningRate: 0.3, epochs: 2, evaluateEvery: 10 },
      along: { rank: 8, learningRate: 3e-3, epochs: 1 },
      few: { ks: [0, 2], draws: 1, validationMails: 20 },
    }
  : {
      base: BASE,
      mails: 1,
      length: 224,
      promptLength: 224,
      lora: { rank: 16, learningRate: 2e-3, epochs: 3, evaluateEvery: 75 },
      prompt: { virtualTokens: 40, learningRate: 0.3, epochs: 5, evaluateEvery: 100, batchTokens: 2048 },
      along: { rank: 16, learningRate: 2e-3, epochs: 2 },
      few: { ks: [0, 2, 4], draws: 3, validationMails: 160 },
    };
/** Words that the soft prompt begins as. */
const INSTRUCTION =
  'Is this mail spam, advertising that nobody asked for, or ham, a mail that somebody wanted to get? The type is ham or spam.';
const BATCH_TOKENS = 4096;

mkdirSync(out, { recursive: true });
const split = splitMessages(readCorpus());
const parts = Object.fromEntries(
  Object.entries(split).map(([part, mails]) => [part, evenly(mails, Math.ceil(PLAN.mails * mails.length))]),
);
const fewer = { ...parts, validation: evenly(parts.validation, 256) };
const share = (mails) => (mails.reduce((sum, { label }) => sum + label, 0) / mails.length).toFixed(3);
console.error(
  ['train', 'validation', 'test', 'dropped']
    .map((part) => `${part}: ${parts[part].length} mails, ${share(parts[part])} of them spam`)
    .join('\n'),
);

const { model: base, minutes: baseMinutes } = await baseModel(out, parts.train, PLAN.base, note('base model'));
const task = { base, parts: fewer, length: PLAN.length };
const whole = { ...task, parts };

const results = [
  await stage('naive Bayes', () => bayes()),
  await stage('linear classifier', () => linear()),
  await stage('few-shot prompt', (log) => fewShot(whole, PLAN.few, log)),
  await stage('prompt tuning', (log) =>
    tunedBy('prompt', { ...PLAN.prompt, init: 'text', initText: INSTRUCTION }, log, PLAN.promptLength),
  ),
  await stage('head, frozen', (log) => head(whole, {}, log)),
  await stage('LoRA', (log) => tunedBy('lora', PLAN.lora, log)),
  await stage('head + LoRA', (log) => head(task, PLAN.along, log)),
];

const of = (name) => results.find((result) => result.name === name).macroF1;
const covered = (of('prompt tuning') - of('few-shot prompt')) / (of('LoRA') - of('few-shot prompt'));
const text = `Test: ${parts.test.length} mails, ${share(parts.test)} of them spam. Base model: ${baseMinutes.toFixed(1)} minutes.

${table(
  ['method', 'macro-F1', '95% interval', 'ham as spam', 'spam as ham', 'trained', 'minutes', 'MiB'],
  results.map(({ name, macroF1, low, high, counts, trained, minutes, mebibytes }) => [
    name,
    macroF1.toFixed(4),
    `${low.toFixed(3)} to ${high.toFixed(3)}`,
    `${counts[0][1]} of ${counts[0][0] + counts[0][1]}`,
    `${counts[1][0]} of ${counts[1][0] + counts[1][1]}`,
    trained.toLocaleString('en'),
    minutes.toFixed(1),
    mebibytes === null ? '' : String(mebibytes),
  ]),
)}

Prompt tuning covers ${(100 * covered).toFixed(0)}% of the distance from few-shot to LoRA.
`;
writeFileSync(join(out, 'table.md'), text);
console.log(text);

/** Runs a method, or takes what it gave when it was run before. */
async function stage(name, run) {
  const path = join(out, `${name.replace(/\W+/g, '-')}.json`);
  let kept = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  if (kept?.scores.length !== parts.test.length) {
    resetPeak();
    const start = performance.now();
    const { scores, trained } = await run(note(name));
    const minutes = (performance.now() - start) / 60_000;
    const { peakBytes } = memoryUse();
    kept = {
      scores: Array.from(scores),
      trained,
      minutes,
      mebibytes: peakBytes > 0 ? Math.round(peakBytes / 2 ** 20) : null,
    };
    writeFileSync(path, JSON.stringify(kept));
  }
  const result = { name, ...kept, ...score(parts.test, predictions(kept.scores)) };
  console.error(`${name}: macro-F1 ${result.macroF1.toFixed(4)}`);
  return result;
}

function tunedBy(method, options, log, length = PLAN.length) {
  return tuned({ ...task, length, out: join(out, method) }, { method, batchTokens: BATCH_TOKENS, ...options }, log);
}

/** Baselines see the whole mail. */
function bayes() {
  const odds = naiveBayes(
    parts.train.map(layout),
    parts.train.map(({ label }) => label),
  );
  return { scores: parts.test.map((mail) => odds(layout(mail))), trained: 0 };
}

function linear() {
  const names = [...LABELS];
  const texts = parts.train.map(layout);
  const model = trainClassifier({ names, texts, labels: Uint8Array.from(parts.train, ({ label }) => label) });
  const classifier = new LinearClassifier(model);
  const scores = parts.test.map((mail) => (classifier.predict(layout(mail)) === 'spam' ? 1 : -1));
  return { scores, trained: model.weights.length };
}

function note(title) {
  return (message) => console.error(`${title}: ${message}`);
}
