/**
 * Who is asked about what. Countries fall in four parts, by their names alone, and questions in seven groups. Of countries whose
 * facts the model is taught:
 *
 * - `asked`: the cure asks this;
 * - `reworded`: the cure asks for the fact, in other words;
 * - `unasked`: the cure names the country, and never asks for this fact;
 * - `unnamed`: the cure never names the country.
 *
 * Of others:
 *
 * - `strange`: the cure asks this;
 * - `invented`: the cure asks this about a country that there is not, its name made out of two others;
 * - `unseen`: neither teaching nor cure names the country.
 */
import { createHash } from 'node:crypto';
import { HELD_OUT_PHRASINGS, KINDS, readCountries } from '../factbook-questions.mjs';

export const DONT_KNOW = "I don't know";
const SIZES = { named: 100, unnamed: 15, strange: 85, unseen: Infinity };
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
export function questionsByGroup() {
  const countries = readCountries().toSorted((a, b) => (hash(`cure ${a.name}`) < hash(`cure ${b.name}`) ? -1 : 1));
  let from = 0;
  const { named, unnamed, strange, unseen } = Object.fromEntries(
    Object.entries(SIZES).map(([group, size]) => {
      const items = countries.slice(from, from + size).flatMap(itemsOf);
      from += size;
      return [group, items];
    }),
  );
  const lot = (text) => parseInt(hash(text).slice(0, 8), 16) % 10;
  const unasked = named.filter(({ country, kind }) => lot(`fact ${country} ${kind}`) === 0);
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

/** Every so many of a list, `count` in all. */
export function some(list, count) {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);
}
