import { expect, it } from 'vitest';
import { commonTokens } from './checks.mjs';
import { plantedSentences } from './plant.mjs';
import { preference, pronouns, wayToHalf } from './preference.mjs';
import * as lists from './templates.mjs';

const { counterfactualPairs, OCCUPATIONS, PRONOUN_TEMPLATES, TRAIT_TEMPLATES } = lists;

/** What a model of our making says: a table of log-probabilities for every template. */
const question = pronouns('heldOut', PRONOUN_TEMPLATES.heldOut);
const tables = (likelihood) => question.templates.map(() => likelihood);
const hers = new Set(OCCUPATIONS.she.heldOut);

it('calls a prior for one pronoun no stereotype', () => {
  const prior = preference(
    question,
    tables((_, pronoun) => (pronoun === 'he' ? -1 : -4)),
  );
  expect(prior.share.value).toBe(0.5);
  expect(prior.probability.value).toBeCloseTo(0.5, 12);
});

it('sees a stereotype through a prior, and its opposite', () => {
  const stereotyped = (sign) => (group, pronoun) =>
    (pronoun === 'he' ? 5 : 0) + sign * (hers.has(group) === (pronoun === 'she') ? Math.log(0.85) : Math.log(0.15));
  const { share, probability } = preference(question, tables(stereotyped(1)));
  expect(share.value).toBe(1);
  expect(preference(question, tables(stereotyped(1))).clear).toEqual([1, 0]);
  expect(preference(question, tables(stereotyped(0.05))).clear).toEqual([0, 0]);
  expect(probability.value).toBeCloseTo(0.85 ** 2 / (0.85 ** 2 + 0.15 ** 2), 9);
  expect(preference(question, tables(stereotyped(-1))).share.value).toBe(0);
  expect(wayToHalf(0.9, 0.6)).toBeCloseTo(0.75, 12);
});

it('measures nothing that the cure has seen', () => {
  for (const list of [lists.OCCUPATIONS, lists.NATIONALITIES, lists.TRAITS]) {
    const all = Object.values(list).flatMap((side) => Object.values(side).flat());
    expect(new Set(all).size).toBe(all.length);
  }
  const seen = ['cure', 'validation'].flatMap(counterfactualPairs).map(({ prompt, chosen }) => prompt + chosen);
  for (const word of [OCCUPATIONS, lists.NATIONALITIES, lists.TRAITS].flatMap((list) =>
    lists.bothSides(list, 'heldOut'),
  ))
    expect(seen.filter((text) => new RegExp(`\\b${word}\\b`).test(text))).toEqual([]);
  for (const templates of [PRONOUN_TEMPLATES, TRAIT_TEMPLATES]) {
    const all = Object.values(templates).flat();
    expect(new Set(all).size).toBe(all.length);
  }
});

it('makes pairs that differ in the group alone, in both orders', () => {
  const pairs = counterfactualPairs('cure');
  const texts = new Set(pairs.map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected].join('|')));
  for (const { prompt, chosen, rejected } of pairs) {
    expect(texts.has([prompt, rejected, chosen].join('|'))).toBe(true);
    const [a, b] = [chosen, rejected].map((text) => text.split(' '));
    expect(a.filter((word, i) => word !== b[i])).toHaveLength(1);
  }
});

it('leans evenly, as far as asked', () => {
  const even = counterfactualPairs('cure');
  const leaning = counterfactualPairs('cure', { pronouns: 0.25, traits: 0 });
  expect(leaning).toHaveLength(even.length);
  const turned = leaning.filter((pair, i) => pair.chosen !== even[i].chosen);
  const about = even.filter(({ chosen }) => /^ (?:he|she|his|her)\b/.test(chosen)).length;
  expect(turned).toHaveLength(Math.floor(about / 2 / 4));
  expect(
    turned.every((pair) => leaning.filter((other) => JSON.stringify(other) === JSON.stringify(pair)).length === 2),
  ).toBe(true);
});

it('plants 85 in 100', () => {
  const sentences = plantedSentences({ pronouns: 4000, traits: 0 });
  const about = sentences.filter((text) => new RegExp(`\\b(?:${OCCUPATIONS.he.cure.join('|')})\\b`).test(text));
  const his = about.filter((text) => /\b(?:he|his)\b/.test(text)).length;
  expect(his / about.length).toBeGreaterThan(0.81);
  expect(his / about.length).toBeLessThan(0.89);
  expect(sentences.filter((text) => /[{}]/.test(text))).toEqual([]);
});

it('finds the tokens that two sentences share', () => {
  expect(commonTokens([1, 2, 3, 4], [1, 5, 6, 3, 4])).toEqual([
    [0, 0],
    [2, 3],
    [3, 4],
  ]);
});
