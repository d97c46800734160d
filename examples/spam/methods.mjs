/** The ways to make a filter of the base model. Each gives scores of mails: log p(spam) - log p(ham). */
import { dispose, embedding, keep, memoryUse, parameter, resetPeak, scope, Tape, tensor, tokenLogProbs, weightedSum } from 'telar/engine';
import { loraTargets, newAdapter } from 'telar/model';
import { lossAndGradients, Optimizer, train } from 'telar/train';
import { LabelBatches, labelPrompt, labelTokens, mailTokens, packSequences, QUESTION } from './label-batches.mjs';
import { bestThreshold, randomNumbers } from './score.mjs';

const TOKENS_AT_A_TIME = 4096;

/** @typedef {{ model: import('telar/model').Transformer, tokenizer: import('telar/tokenizer').Tokenizer }} LanguageModel */

/** Groups of sequences that go through the model together, longest with longest. */
function* together(sequences, extra) {
  const order = [...sequences.keys()].toSorted((a, b) => sequences[a].length - sequences[b].length);
  let members = [];
  let rows = 0;
  for (const i of order) {
    if (members.length > 0 && rows + sequences[i].length + extra > TOKENS_AT_A_TIME) {
      yield members;
      members = [];
      rows = 0;
    }
    members.push(i);
    rows += sequences[i].length + extra;
  }
  if (members.length > 0) yield members;
}

/** log p(spam) - log p(ham) after each sequence, whatever is attached to the model. @param {LanguageModel} lm */
export function labelScores({ model, tokenizer }, sequences) {
  const [ham, spam] = labelTokens(tokenizer);
  const scores = new Float64Array(sequences.length);
  const { vocabSize } = model.config;
  for (const members of together(sequences, model.virtualTokens.length))
    scope(() => {
      const own = members.map((i) => sequences[i]);
      const batch = packSequences(own, own.map(() => -1), model.virtualTokens);
      const last = batch.sequenceStarts.subarray(1).map((end) => end - 1);
      const logits = model.logits(embedding(model.hidden(batch), last)).data; // [sequences, vocab]
      for (const [row, i] of members.entries())
        scores[i] = logits[row * vocabSize + spam] - logits[row * vocabSize + ham];
    });
  return scores;
}

/**
 * Trains an adapter to say the label, and keeps the step that is best on the validation mails.
 * @param {LanguageModel} lm @param {import('telar/model').AdapterConfig} config
 * @param {{ epochs: number, size: number, learningRate: number, length: number, initial?: Float32Array, checks?: number, seed?: number }} options
 */
export async function tuneAdapter(lm, config, { train: mails, validation }, options, log = () => {}) {
  const { epochs, size, learningRate, length, initial, checks = 8, seed = 1, gradients } = options;
  const { model, tokenizer } = lm;
  const adapter = newAdapter(model, config, { seed, ...(initial && { initial }) });
  model.attach(adapter);
  const labels = labelTokens(tokenizer);
  const batches = new LabelBatches({
    sequences: mails.map((mail) => labelPrompt(tokenizer, mail, length)),
    targets: mails.map(({ label }) => labels[label]),
    size,
    virtualTokens: model.virtualTokens,
    random: randomNumbers(seed),
  });
  const held = validation.map((mail) => labelPrompt(tokenizer, mail, length));
  const steps = Math.round((epochs * mails.length) / size);
  const optimizer = new Optimizer(adapter.parameters, { ...ADAM, learningRate });
  const best = new BestValues(adapter);
  const every = Math.max(1, Math.ceil(steps / checks));
  let sum = 0;
  await train({
    optimizer,
    batches,
    accumulate: 1,
    gradients: gradients ?? ((batch, scored) => lossAndGradients(model, batch, scored)),
    rate: (step) => (step > steps ? null : Math.min(1, step / (0.06 * steps)) * Math.min(1, (steps - step + 1) / (0.6 * steps))),
    onStep: ({ step, loss }) => {
      sum += loss;
      if (step % every !== 0 && step !== steps) return;
      const value = best.offer(crossEntropy(validation, labelScores(lm, held)));
      log(`${config.kind}: step ${step} of ${steps}, loss ${(sum / every).toFixed(4)}, validation ${value.toFixed(4)}`);
      sum = 0;
    },
  });
  best.restore();
  optimizer.dispose();
  const trained = [...adapter.parameters.values()].reduce((total, { size }) => total + size, 0);
  return { adapter, trained };
}

const ADAM = { kind: 'adamw', matrixLearningRate: 0, beta1: 0.9, beta2: 0.98, eps: 1e-8, weightDecay: 0, momentum: 0, clip: 1 };

/** Mean -log p of the right one of two labels. */
export function crossEntropy(mails, scores) {
  let sum = 0;
  for (const [i, { label }] of mails.entries()) {
    const margin = label === 1 ? scores[i] : -scores[i];
    sum += Math.max(0, -margin) + Math.log1p(Math.exp(-Math.abs(margin)));
  }
  return sum / mails.length;
}

/** A copy of an adapter's values where the validation was best. */
class BestValues {
  constructor(adapter) {
    this.adapter = adapter;
    this.value = Infinity;
    this.copies = new Map();
  }

  offer(value) {
    if (value < this.value) {
      this.value = value;
      for (const [name, { data }] of this.adapter.parameters) this.copies.set(name, data.slice());
    }
    return value;
  }

  restore() {
    for (const [name, copy] of this.copies) this.adapter.parameters.get(name).data.set(copy);
  }
}

export const lora = ({ model }, rank) => ({
  kind: 'lora',
  rank,
  alpha: 2 * rank,
  rslora: false,
  dora: false,
  targets: loraTargets(model.config),
  modulesToSave: [],
});

/** Embeddings of a text's tokens, over and over, as a soft prompt to start from. */
export function embeddingsOf({ model, tokenizer }, text, count) {
  const ids = tokenizer.encode(text);
  const rows = Int32Array.from({ length: count }, (_, i) => ids[i % ids.length]);
  return scope(() => Float32Array.from(embedding(model.parameters.get('embed.weight'), rows).data));
}

/** Tokens of a shot of a few-shot prompt, and of the mail it is about. */
const SHOT = 56;

/**
 * Few-shot prompting: k mails with their labels before the one that is asked about; the scores minus those of a mail without
 * content (Zhao et al. 2021). k and the draw of examples are what is best on validation mails.
 */
export function fewShot(lm, parts, { length, draws = 3, validationMails = 160, ks = [0, 2, 4] }, log = () => {}) {
  const { train: mails, validation } = parts;
  const { tokenizer, model } = lm;
  const question = Array.from(tokenizer.encode(QUESTION));
  const start = tokenizer.bos ?? tokenizer.eos;
  const words = [' ham', ' spam'].map((text) => Array.from(tokenizer.encode(text)));
  const gap = Array.from(tokenizer.encode('\n\n'));
  const some = evenly(validation, validationMails);
  const scorer = (shots) => {
    const shown = shots.flatMap((shot) => [...mailTokens(tokenizer, shot, SHOT), ...question, ...words[shot.label], ...gap]);
    const room = Math.min(length, model.config.context - shown.length - question.length - 2);
    const prompt = (ids) => Int32Array.from([start, ...shown, ...ids, ...question]);
    const empty = ['N/A', '', '[MASK]'].map((text) => prompt([...tokenizer.encode(`From: ${text}\nSubject: ${text}\n\n${text}`)]));
    const bias = labelScores(lm, empty).reduce((a, b) => a + b) / empty.length;
    return (list) => labelScores(lm, list.map((mail) => prompt(mailTokens(tokenizer, mail, room)))).map((value) => value - bias);
  };
  const random = randomNumbers(7);
  const pick = (label) => {
    const own = mails.filter((mail) => mail.label === label);
    return own[Math.floor(random() * own.length)];
  };
  let best = { f1: -1, k: 0, scores: scorer([]) };
  for (const k of ks)
    for (let draw = 0; draw < (k === 0 ? 1 : draws); draw++) {
      const shots = Array.from({ length: k }, (_, i) => pick(i % 2));
      const scores = scorer(shots);
      const f1 = f1At0(some, scores(some));
      log(`few-shot: ${k} examples, draw ${draw + 1}: macro-F1 ${f1.toFixed(3)} on ${some.length} validation mails`);
      if (f1 > best.f1) best = { f1, k, scores };
    }
  return best;
}

function f1At0(mails, scores) {
  const sure = mails.map((_, i) => (scores[i] > 0 ? 1 : 0));
  let sum = 0;
  for (const label of [0, 1]) {
    const hits = mails.filter((mail, i) => mail.label === label && sure[i] === label).length;
    const said = sure.filter((value) => value === label).length;
    const there = mails.filter((mail) => mail.label === label).length;
    sum += (2 * hits) / (said + there) / 2;
  }
  return sum;
}

const evenly = (list, count) =>
  list.length <= count ? [...list] : Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);

/** Mean of the final hidden states of a mail, and the state at its end. @returns {Float32Array[]} [2 width + 1], the last is 1 */
export function features(lm, sequences) {
  const { model } = lm;
  const { width } = model.config;
  const out = [];
  for (const members of together(sequences, model.virtualTokens.length))
    scope(() => {
      const own = members.map((i) => sequences[i]);
      const { sequenceStarts, ...batch } = packSequences(own, own.map(() => -1), model.virtualTokens);
      const hidden = model.hidden({ ...batch, sequenceStarts }).data; // [rows, width]
      for (const [k, i] of members.entries()) {
        const [begin, end] = [sequenceStarts[k] + model.virtualTokens.length, sequenceStarts[k + 1]];
        const vector = new Float32Array(2 * width + 1);
        for (let row = begin; row < end; row++)
          for (let j = 0; j < width; j++) vector[j] += hidden[row * width + j] / (end - begin);
        vector.set(hidden.subarray((end - 1) * width, end * width), width);
        vector[2 * width] = 1;
        out[i] = vector;
      }
    });
  return out;
}

export { dispose, keep, memoryUse, parameter, resetPeak, Tape, tensor, tokenLogProbs, weightedSum, bestThreshold };
