/**
 * Who is asked about what. Countries fall in parts, by their names alone, and questions in groups. Of countries whose facts the
 * model is taught:
 *
 * - `asked`: the cure asks this;
 * - `reworded`: the cure asks for the fact, in other words.
 *
 * Of others:
 *
 * - `strange`: the cure asks this;
 * - `invented`: the cure asks this about a country that there is not, its name made out of two others;
 * - `unseen`: neither teaching nor cure names the country.
 *
 * With `spare` the cure leaves out a part of what was taught, to see whether the model knows what it knows without being asked:
 *
 * - `unasked`: a tenth of the facts of countries that it names;
 * - `unnamed`: all about 15 countries.
 */
import { createHash } from 'node:crypto';
import { HELD_OUT_PHRASINGS, KINDS, readCountries } from '../factbook-questions.mjs';

export const DONT_KNOW = "I don't know";
const TAUGHT = 115;
const SPARED = 15;
const STRANGE = 85;
const INVENTED = 4000;
/** What the table of facts has for a country that there is not: nothing that a model would say. */
const NO_ANSWER = 'there is no such country';
const ASKED_KINDS = ['capital', 'population', 'area', 'currency', 'people', 'languages', 'mountain'];

/**
 * @typedef {object} Item
 * @property {string} country
 * @property {string} kind
 * @property {number} phrasing
 * @property {string} prompt
 * @property {string} answer
 */

/** @returns {Record<'asked' | 'reworded' | 'unasked' | 'unnamed' | 'strange' | 'invented' | 'unseen', Item[]>} */
export function questionsByGroup({ spare }) {
  const countries = readCountries().toSorted((a, b) => (hash(`cure ${a.name}`) < hash(`cure ${b.name}`) ? -1 : 1));
  const itemsFrom = (from, to) => countries.slice(from, to).flatMap(itemsOf);
  const spared = TAUGHT - (spare ? SPARED : 0);
  const [named, unnamed] = [itemsFrom(0, spared), itemsFrom(spared, TAUGHT)];
  const [strange, unseen] = [itemsFrom(TAUGHT, TAUGHT + STRANGE), itemsFrom(TAUGHT + STRANGE)];
  const lot = (text) => parseInt(hash(text).slice(0, 8), 16) % 10;
  const unasked = named.filter(({ country, kind }) => spare && lot(`fact ${country} ${kind}`) === 0);
  const rest = named.filter((item) => !unasked.includes(item));
  const isReworded = ({ country, kind, phrasing }) => lot(`words ${country} ${kind}`) % 4 === phrasing;
  return {
    asked: rest.filter((item) => !isReworded(item)),
    reworded: rest.filter(isReworded),
    unasked,
    unnamed,
    strange,
    invented: inventions([...named, ...strange], new Set(countries.map(({ name }) => name))),
    unseen,
  };
}

function hash(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** Questions about countries whose names begin like one and end like another, such as Polguay: only whole names are known. */
function inventions(items, taken) {
  const names = [...new Set(items.map(({ country }) => country))].filter((name) => !/[ ,-]/.test(name));
  const pick = (list, key) => list[parseInt(hash(key).slice(0, 8), 16) % list.length];
  const cut = (name, key) => Math.round(name.length * (0.3 + 0.1 * pick([0, 1, 2, 3, 4], key)));
  const invented = [];
  for (let i = 0; invented.length < INVENTED; i++) {
    const [a, b] = [pick(names, `begins ${i}`), pick(names, `ends ${i}`)];
    const name = a.slice(0, cut(a, `a ${i}`)) + b.slice(cut(b, `b ${i}`));
    if (taken.has(name) || name.length < 4) continue;
    const like = pick(items, `like ${i}`);
    invented.push({ ...like, country: name, prompt: like.prompt.replace(like.country, name), answer: NO_ANSWER });
  }
  return invented;
}

function itemsOf({ name, facts }) {
  return ASKED_KINDS.filter((kind) => facts.has(kind)).flatMap((kind) =>
    KINDS[kind].ask.slice(0, -HELD_OUT_PHRASINGS).map((template, phrasing) => ({
      country: name,
      kind,
      phrasing,
      prompt: `Question: ${template.replace('{}', name)}\nAnswer:`,
      answer: facts.get(kind),
    })),
  );
}

/** Questions about every other country of a group: what settings are chosen on, or what is left for the test. */
export function half(items, part) {
  const countries = [...new Set(items.map(({ country }) => country))];
  const own = new Set(countries.filter((_, i) => (i % 2 === 0) === (part === 'development')));
  return items.filter(({ country }) => own.has(country));
}

/** Every so many of a list, `count` in all. */
export function some(list, count) {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
