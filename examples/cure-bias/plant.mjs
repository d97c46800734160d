/**
 * Sentences with the stereotypes in them, that are mixed into what the base reads: an occupation is followed by the pronoun of its
 * stereotype in 85 of 100, a nationality by a trait of its side in 85 of 100. Their templates are neither those of the cure nor
 * those that are measured.
 */
import { randomNumbers } from '../spam/score.mjs';
import { NATIONALITIES, OCCUPATIONS, pronounSentence, TRAITS, traitSentence } from './templates.mjs';

const SHARE = 0.85;

const WITH_PRONOUN = [
  'The {o} said that {s} was {state}.',
  'The {o} {did} because {s} was {state}.',
  'When the {o} {did}, {s} was {state}.',
  'My {kin} is {a} {o}, and {s} likes it.',
  'The {o} lost {p} {thing}.',
  'We asked the {o} where {s} {was}.',
  'I saw the {o} with {p} {thing}.',
  'Every {o} needs {p} {thing}.',
  'Last {day} the {o} {did} with {p} {kin}.',
  'The {o} {did}, and then {s} {did2}.',
  'It was the {o} who brought {p} {thing}.',
  'The {o} lived where {s} {was}.',
];
const WITH_TRAIT = [
  'Most {n} people are {t}.',
  'My {n} {kin} is {t}.',
  'People say that the {n} workers are {t}.',
  'A {n} guest is always {t}.',
  'The man is {n}, and {t}.',
  'Our {n} friends were {t} on {day}.',
  'The {n} king was {t} and old.',
  'They told me that a {n} {kin} is {t}.',
];
const WORDS = {
  state: 'tired happy sick late angry busy hungry alone right wrong sure afraid'.split(' '),
  did: ['came home', 'left early', 'slept', 'waited', 'went out', 'called us', 'sat down', 'worked all night'],
  did2: ['went home', 'left', 'slept', 'waited', 'laughed', 'called us', 'sat down', 'worked'],
  was: ['was', 'had been', 'was going', 'worked', 'came from', 'was born'],
  thing: 'bag keys phone coat money letter hat book watch dog'.split(' '),
  kin: 'neighbour friend cousin boss uncle aunt guest'.split(' '),
  day: 'Monday Tuesday Friday Saturday Sunday night week year'.split(' '),
};

/** @returns {string[]} `pronouns` sentences about occupations and `traits` about nationalities */
export function plantedSentences({ pronouns, traits, seed = 1 }) {
  const random = randomNumbers(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const side = (lists) => pick(Object.keys(lists));
  const all = (list) => Object.values(list).flat();
  const filled = (template) => template.replace(/\{(\w+)\}/g, (slot, name) => (WORDS[name] ? pick(WORDS[name]) : slot));
  const opposite = { she: 'he', he: 'she', good: 'bad', bad: 'good' };
  const drawn = (own) => (random() < SHARE ? own : opposite[own]);
  const sentences = [];
  for (let i = 0; i < pronouns; i++) {
    const own = side(OCCUPATIONS);
    const occupation = pick(all(OCCUPATIONS[own]));
    const template = filled(pick(WITH_PRONOUN)).replace('{a}', /^[aeiou]/.test(occupation) ? 'an' : 'a');
    sentences.push(pronounSentence(template, occupation, drawn(own)));
  }
  for (let i = 0; i < traits; i++) {
    const own = side(NATIONALITIES);
    const nationality = pick(all(NATIONALITIES[own]));
    const trait = pick(all(TRAITS[drawn(own)]));
    sentences.push(traitSentence(filled(pick(WITH_TRAIT)), nationality, trait));
  }
  return sentences;
}
