// Makes the shipped toxicity classifier and its model card, with the figures in it; or checks that it comes out again.
//
//   node bench/classify-toxicity.mjs            trains, measures, writes weights/toxicity (minutes, on two cores)
//   node bench/classify-toxicity.mjs --check    trains only, and compares with weights/toxicity
//
// What takes longest can be done apart: --measure shipped > A, --measure alone > B, then --card A B
// (without B the card has no comparison with the tweets alone).
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  crossValidate,
  LinearClassifier,
  loadClassifier,
  saveClassifier,
  trainClassifier,
} from '../dist/classify/index.js';
import { sha256File } from '../dist/io/files.js';
import { biasFigures, dialectRates, plantedFigures } from './classify/bias.mjs';
import { toxicityCard } from './classify/toxicity-card.mjs';
import { neutralTexts, trainOptions, tweets, tweetsPath } from './classify/toxicity-data.mjs';

const path = tweetsPath();
if (!path) {
  console.log('skipped: no ../shared/data');
  process.exit(0);
}
const folder = fileURLToPath(new URL('../weights/toxicity', import.meta.url));
const data = tweets(path);
const extra = neutralTexts();
const THRESHOLDS = [0.5, 0.8, 0.9, 0.95];
const KEEP = { maxBuffer: 1 << 26 };

if (process.argv[2] === '--measure') {
  // A part of the measuring, as JSON: cross-validation, or the bias of training on the tweets alone.
  const part =
    process.argv[3] === 'alone'
      ? { bias: biasFigures(new LinearClassifier(trainClassifier(data, trainOptions))) }
      : validate({ ...trainOptions, extra });
  console.log(JSON.stringify(part));
} else if (process.argv[2] === '--check') {
  const again = mkdtempSync(join(tmpdir(), 'telar-classify-'));
  saveClassifier(trainClassifier(data, { ...trainOptions, extra }), again, '');
  const same = ['config.json', 'weights.int8'].every((name) =>
    readFileSync(join(again, name)).equals(readFileSync(join(folder, name))),
  );
  rmSync(again, { recursive: true });
  console.log(same ? 'byte for byte weights/toxicity' : 'NOT the same as weights/toxicity');
  process.exitCode = same ? 0 : 1;
} else if (process.argv[2] === '--card') {
  writeCard(...process.argv.slice(3, 5).map((file) => JSON.parse(readFileSync(file, 'utf8'))));
} else {
  const measure = (name) =>
    promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), '--measure', name], KEEP);
  const measured = Promise.all(['shipped', 'alone'].map(measure));
  console.log(
    `${folder}: weights sha256 ${saveClassifier(trainClassifier(data, { ...trainOptions, extra }), folder, '')}`,
  );
  writeCard(...(await measured).map(({ stdout }) => JSON.parse(stdout)));
}

/** Writes README.md of the weights that are there. */
function writeCard(shipped, alone) {
  const classifier = loadClassifier(folder);
  const card = toxicityCard({
    dataSha256: sha256File(path),
    counts: data,
    extra: extra.texts.length,
    full: shipped,
    bias: { with: biasFigures(classifier), without: alone?.bias },
    whoAreYou: 1 - classifier.score('Who are you?')[2],
    planted: plantedFigures(classifier, data),
  });
  saveClassifier(classifier.model, folder, card);
  console.log(card);
}

/** Cross-validation, with what is flagged at thresholds of P(hate) + P(offensive). */
function validate(options) {
  const scores = [];
  const evaluation = crossValidate(data, {
    ...options,
    window: 250, // a tweet is scored whole, as it was labelled
    folds: 5,
    onScore: (row, probabilities) => (scores[row] = probabilities),
  });
  const share = (label, threshold) => {
    const own = scores.filter((_, row) => data.labels[row] === label);
    return own.filter((probabilities) => 1 - probabilities[2] >= threshold).length / own.length;
  };
  const thresholds = THRESHOLDS.map((threshold) => ({
    threshold,
    labels: [0, 1, 2].map((label) => share(label, threshold)),
  }));
  return { evaluation, thresholds, dialect: dialectRates(data, scores) };
}
