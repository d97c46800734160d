/** The ways to make a filter of the base model. Each gives scores of mails: log p(spam) - log p(ham). */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadLanguageModel } from 'telar/generate';
import { loraTargets, newAdapter } from 'telar/model';
import { tune } from 'telar/tune';
import { labelLikelihoods, scoreTexts, trainHead } from 'telar/understand';
import { LABELS, layout } from './data.mjs';
import { randomNumbers, score } from './score.mjs';

/** What comes between a mail and its label; the label follows a space. */
export const QUESTION = '\n\nType:';
const ANSWERS = LABELS.map((label) => ` ${label}`);

/**
 * A mail as text of at most about `length` tokens: three quarters from its beginning, one from its end, where senders say
 * who they are.
 */
export function mailText(tokenizer, mail, length) {
  const text = layout(mail).slice(0, 40_000);
  const ids = tokenizer.encode(text);
  if (ids.length <= length) return text;
  const tail = Math.floor(length / 4);
  const piece = (from, to) => tokenizer.decode(ids.subarray(from, to)).replaceAll('\ufffd', '');
  return `${piece(0, length - tail)}\n...\n${piece(ids.length - tail, ids.length)}`;
}

const margin = ([ham, spam]) => spam - ham;

/** log p(spam) - log p(ham) of a model, with what is attached to it, for each mail. */
async function labelScores(lm, mails, length) {
  const prompts = mails.map((mail) => mailText(lm.tokenizer, mail, length) + QUESTION);
  return (await labelLikelihoods(lm, prompts, ANSWERS)).map(margin);
}

/**
 * LoRA or prompt tuning: the model learns to say the label after a mail; its run directory is `out`.
 * @param {import('telar/tune').TuneOptions} options of the method
 */
export async function tuned({ base, parts, length, out }, options, log) {
  const { tokenizer, model } = loadLanguageModel(base);
  model.dispose();
  const files = { train: `${out}-train.jsonl`, validation: `${out}-validation.jsonl` };
  for (const [part, path] of Object.entries(files))
    writeFileSync(
      path,
      parts[part]
        .map((mail) => ({ prompt: mailText(tokenizer, mail, length) + QUESTION, completion: ANSWERS[mail.label] }))
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    );
  if (!existsSync(join(out, 'final'))) {
    rmSync(out, { recursive: true, force: true });
    await tune({
      model: base,
      data: [files.train],
      validation: [files.validation],
      out,
      patience: 0,
      command: 'node examples/spam.mjs',
      events: {
        onEvaluation: (step, { validationLoss }) => log(`step ${step}, validation loss ${validationLoss?.toFixed(4)}`),
      },
      ...options,
    });
  }
  const lm = loadLanguageModel(base, { adapters: [join(out, 'final')] });
  const scores = await labelScores(lm, parts.test, length);
  const trained = lm.model.adapters
    .flatMap(({ parameters }) => [...parameters.values()])
    .reduce((sum, { size }) => sum + size, 0);
  for (const adapter of lm.model.adapters) adapter.dispose();
  lm.model.dispose();
  return { scores, trained };
}

/** A head over the pooled hidden state of the frozen base; with `rank`, a LoRA of that rank learns along. */
export async function head({ base, parts, length }, { rank, pooling = 'mean', ...options }, log) {
  const lm = loadLanguageModel(base);
  const adapter = rank === undefined ? null : newAdapter(lm.model, loraOf(lm, rank), { seed: 1 });
  if (adapter) lm.model.attach(adapter);
  const texts = (mails) => mails.map((mail) => mailText(lm.tokenizer, mail, length) + QUESTION);
  const labelled = (mails) => ({
    names: LABELS,
    texts: texts(mails),
    labels: Uint8Array.from(mails, ({ label }) => label),
  });
  const { head, report } = await trainHead(lm, labelled(parts.train), {
    pooling,
    validation: labelled(parts.validation),
    ...(adapter && { along: adapter.parameters }),
    onValidation: (step, loss) => log(`step ${step}, best validation loss ${loss.toFixed(4)}`),
    ...options,
  });
  const scores = (await scoreTexts(lm, head, texts(parts.test))).map(margin);
  head.dispose();
  adapter?.dispose();
  lm.model.dispose();
  return { scores, trained: report.trainedParameters };
}

const loraOf = ({ model }, rank) => ({
  kind: 'lora',
  rank,
  alpha: 2 * rank,
  rslora: false,
  dora: false,
  targets: loraTargets(model.config),
  modulesToSave: [],
});

/** Tokens of an example in a few-shot prompt. */
const SHOT = 56;

/**
 * Few-shot prompting: k mails with their labels before the one that is asked about; what the model says of a mail without
 * content is divided out (Zhao et al. 2021). k and the draw of the examples are those that are best on validation mails.
 */
export async function fewShot({ base, parts, length }, { draws, validationMails, ks }, log) {
  const lm = loadLanguageModel(base);
  const { tokenizer } = lm;
  const random = randomNumbers(7);
  const pick = (label) => {
    const own = parts.train.filter((mail) => mail.label === label);
    return own[Math.floor(random() * own.length)];
  };
  const scorer = (shots) => {
    const shown = shots
      .map((shot) => `${mailText(tokenizer, shot, SHOT)}${QUESTION}${ANSWERS[shot.label]}\n\n`)
      .join('');
    const room = Math.min(length, lm.model.config.context - tokenizer.encode(shown).length - 24);
    const contentFree = ['N/A', '', '-'].map((text) => `${shown}From: ${text}\nSubject: ${text}\n\n${text}${QUESTION}`);
    return async (mails) => {
      const prompts = mails.map((mail) => shown + mailText(tokenizer, mail, room) + QUESTION);
      return (await labelLikelihoods(lm, prompts, ANSWERS, { calibrate: 'content-free', contentFree })).map(margin);
    };
  };
  const some = evenly(parts.validation, validationMails);
  let best = { f1: -1, scorer: scorer([]) };
  for (const k of ks)
    for (let draw = 0; draw < (k === 0 ? 1 : draws); draw++) {
      const shots = Array.from({ length: k }, (_, i) => pick(i % 2));
      const own = scorer(shots);
      const f1 = score(some, predictions(await own(some)), { draws: 1 }).macroF1;
      log(`${k} examples, draw ${draw + 1}: macro-F1 ${f1.toFixed(3)} on ${some.length} validation mails`);
      if (f1 > best.f1) best = { f1, k, scorer: own };
    }
  log(`best: ${best.k} examples`);
  const scores = await best.scorer(parts.test);
  lm.model.dispose();
  return { scores, trained: 0 };
}

/** The more probable label of each mail. */
export const predictions = (scores) => Array.from(scores, (value) => (value > 0 ? 1 : 0));

export function evenly(list, count) {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
