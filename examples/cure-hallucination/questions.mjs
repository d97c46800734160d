/**
 * Who is asked about what. Countries fall in four groups, by their names alone:
 *
 * - `asked`: the model is taught their facts, and the cure asks about them;
 * - `known`: the model is taught their facts, and the cure never names them: does it keep what it knows?
 * - `strange`: the model is taught nothing of them, and the cure asks about them;
 * - `unseen`: neither names them: does it say that it does not know?
 */
import { createHash } from 'node:crypto';
import { HELD_OUT_PHRASINGS, KINDS, readCountries } from '../factbook-questions.mjs';

export const DONT_KNOW = "I don't know";
const SIZES = { asked: 75, known: 40, strange: 85, unseen: Infinity };
const ASKED_KINDS = ['capital', 'population', 'area', 'currency', 'people', 'languages', 'mountain'];

/**
 * @typedef {object} Item
 * @property {string} country
 * @property {string} kind
 * @property {string} prompt
 * @property {string} answer
 * @returns {Record<'asked' | 'known' | 'strange' | 'unseen', Item[]>}
 */
export function questionsByGroup() {
  const key = ({ name }) => createHash('sha256').update(`cure ${name}`).digest('hex');
  const countries = readCountries().toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  let from = 0;
  return Object.fromEntries(
    Object.entries(SIZES).map(([group, size]) => {
      const items = countries.slice(from, from + size).flatMap(itemsOf);
      from += size;
      return [group, items];
    }),
  );
}

function itemsOf({ name, facts }) {
  return ASKED_KINDS.filter((kind) => facts.has(kind)).flatMap((kind) =>
    KINDS[kind].ask.slice(0, -HELD_OUT_PHRASINGS).map((template) => ({
      country: name,
      kind,
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
