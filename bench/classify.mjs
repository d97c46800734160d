// How fast the toxicity classifier scores, on one thread: State of the Union addresses (long texts, in windows), their
// sentences, and the labelled tweets. And how fast languages are told.
//
//   node bench/classify.mjs
import { identifyLanguage, toxicityClassifier } from '../dist/classify/index.js';
import { addresses, tweets, tweetsPath } from './classify/toxicity-data.mjs';

const path = tweetsPath();
const long = addresses();
const sentences = long.flatMap((text) => text.split(/(?<=[.?!])\s+/).filter((sentence) => /\p{L}/u.test(sentence)));
const sets = { 'addresses (long texts)': long, 'their sentences': sentences };
if (path) sets.tweets = tweets(path).texts.filter((text) => /\p{L}/u.test(text));
else console.log('tweets: skipped: no ../shared/data');

const classifier = toxicityClassifier();
for (const [name, texts] of Object.entries(sets)) {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const times = [];
  for (let round = 0; round < 7; round++) {
    const start = process.cpuUsage();
    for (const text of texts) classifier.score(text);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1e6);
  }
  const speed = (seconds) => (bytes / seconds / 1e6).toFixed(1);
  console.log(
    `score  ${name.padEnd(24)} ${(bytes / 1e6).toFixed(1)} MB in ${texts.length} texts: best ${speed(Math.min(...times))} MB/s, first round ${speed(times[0])} MB/s`,
  );
}
const start = process.cpuUsage();
for (const text of long) identifyLanguage(text);
const { user, system } = process.cpuUsage(start);
console.log(`language of an address: ${((user + system) / 1000 / long.length).toFixed(2)} ms`);
