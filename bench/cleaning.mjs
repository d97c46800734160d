// Speed of each cleaning step on the State of the Union addresses, and what the defaults drop of real prose. The scorers of
// language and toxicity are stand-ins here: their own speed is measured with the classifiers.
//
//   node bench/cleaning.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { cleanerOf, makeSteps } from '../dist/corpus/clean/cleaner.js';
import { cleanConfigSchema } from '../dist/corpus/clean/index.js';
import { ByteModel } from '../dist/corpus/clean/perplexity.js';

const texts = (folder) => {
  const at = new URL(`../node_modules/@stdlib/${folder}/data/`, import.meta.url);
  return readdirSync(at)
    .filter((name) => name.endsWith('.txt') && name !== 'data.txt')
    .map((name) => readFileSync(new URL(name, at), 'utf8'));
};
const steps = makeSteps(cleanConfigSchema.parse({}), {
  identifyLanguage: () => ({ language: 'en', confidence: 1 }),
  toxicityClassifier: () => ({ labels: ['hate', 'offensive', 'neither'], score: () => [0, 0, 1] }),
});

const speeches = texts('datasets-sotu');
for (const [name, documents] of [
  ['State of the Union', speeches],
  ['Moby-Dick', texts('datasets-moby-dick')],
]) {
  const clean = cleanerOf(steps);
  const drops = documents.map((text) => clean({ text, source: name, meta: {} })).filter((result) => 'drop' in result);
  console.log(`${name}: ${documents.length} texts, dropped ${drops.length}`);
  for (const { drop, detail } of drops) console.log(`  ${drop} (${detail})`);
}

const bytes = speeches.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const speed = (apply) => {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (const text of speeches) apply(text);
    best = Math.min(best, performance.now() - start);
  }
  return `${(bytes / 1000 / best).toFixed(0).padStart(6)} MB/s`;
};
for (const { name, apply } of steps)
  if (name !== 'language' && name !== 'toxicity')
    console.log(
      name.padEnd(18),
      speed((text) => apply(text, { language: 'en', counts: {} })),
    );
const gopher = steps.filter(({ name }) => name.startsWith('gopher'));
console.log(
  'both of Gopher'.padEnd(18),
  speed((text) => gopher.forEach(({ apply }) => apply(text, { language: 'en', counts: {} }))),
);
const clean = cleanerOf(steps);
console.log(
  'all of these'.padEnd(18),
  speed((text) => clean({ text, source: '', meta: {} })),
);
const start = performance.now();
const model = await ByteModel.train(speeches.slice(0, 100));
console.log(`perplexity model of 100 speeches trained in ${((performance.now() - start) / 1000).toFixed(1)} s`);
const sample = speeches.slice(-20);
const sampleBytes = sample.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const scored = performance.now();
const mean = sample.reduce((sum, text) => sum + model.perplexity(text), 0) / sample.length;
console.log(
  `perplexity          ${(sampleBytes / 1000 / (performance.now() - scored)).toFixed(0)} MB/s; ${mean.toFixed(2)} a byte for the last 20 speeches`,
);
