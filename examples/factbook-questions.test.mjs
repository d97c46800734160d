import { describe, expect, it } from 'vitest';
import {
  buildQuestions,
  cleanText,
  exactMatch,
  firstClause,
  firstItems,
  HELD_OUT_PHRASINGS,
  KINDS,
  readCountries,
  readCountry,
  roundedNumber,
  tokenF1,
} from './factbook-questions.mjs';

describe('facts', () => {
  it.each([
    [cleanText, '<p>a&nbsp;b &amp; <b>c</b></p>', 'a b & c'],
    [firstClause, 'Porto-Novo (official capital); note - Cotonou (seat)', 'Porto-Novo'],
    [firstClause, 'Dodoma note: changed', 'Dodoma'],
    [(value) => firstItems(value, 2), 'French (official) 100%, Breton 2.5%, Basque', 'French, Breton'],
    [(value) => firstItems(value, 3), 'Niger 1,277 km, Togo 651 km', 'Niger, Togo'],
    [(value) => firstItems(value, 3), 'Burkina Faso 386 km, Niger 277 km, other 3%', 'Burkina Faso, Niger'],
    [roundedNumber, '66,553,766', '66.6 million'],
    [roundedNumber, '1.267 million sq km', '1.3 million'],
    [roundedNumber, '0.44 sq km', '0.44'],
    [roundedNumber, '290,604 (July 2015 est.)', '291 thousand'],
    [roundedNumber, 'uninhabited', ''],
  ])('%o of %s', (read, value, fact) => expect(read(value)).toBe(fact));

  it('leaves out what a profile does not say', () => {
    const { name, facts } = readCountry({
      Government: {
        'Country name': {
          'conventional short form': { text: 'none' },
          'conventional long form': { text: 'Freedonia' },
        },
        Capital: { name: { text: 'none; officially' } },
        'Government type': { text: 'republic' },
      },
    });
    expect(name).toBe('Freedonia');
    expect([...facts]).toEqual([['government', 'republic']]);
  });
});

describe('buildQuestions', () => {
  const countries = readCountries();
  const questions = buildQuestions(countries);

  it('knows what everybody knows', () => {
    const france = countries.find(({ name }) => name === 'France');
    expect(france.facts.get('capital')).toBe('Paris');
    expect(france.facts.get('languages')).toBe('French');
    expect(countries.length).toBeGreaterThan(240);
    expect(questions.length).toBeGreaterThan(12_000);
  });

  it('holds out whole countries and whole phrasings', () => {
    const of = (part) => questions.filter((question) => question.part === part);
    const names = (part) => new Set(of(part).map(({ country }) => country));
    for (const name of names('country')) expect(names('train').has(name) || names('phrasing').has(name)).toBe(false);
    for (const { kind, phrasing } of of('train'))
      expect(phrasing).toBeLessThan(KINDS[kind].ask.length - HELD_OUT_PHRASINGS);
    const asked = new Set(of('train').map(({ question }) => question));
    for (const { question } of of('phrasing')) expect(asked.has(question)).toBe(false);
    expect(of('country').length / questions.length).toBeGreaterThan(0.05);
  });

  it('gives a passage that has the answer, and answers without markup or remarks', () => {
    for (const { passage, answer, question, country } of questions) {
      expect(question).toContain(country);
      expect(answer).not.toMatch(/[<>&;]|^\s|\s$|^$/);
      const words = answer.split(/,? /);
      expect(words.every((word) => passage.includes(word))).toBe(true);
    }
  });
});

describe('answers', () => {
  it('are compared as SQuAD compares them', () => {
    expect(exactMatch('the Paris.', 'Paris')).toBe(true);
    expect(exactMatch('66.6 million', '66.5 million')).toBe(false);
    expect(tokenF1('Niger, Togo', 'Togo and Niger')).toBeCloseTo(0.8, 12);
    expect(tokenF1('Rome', 'Paris')).toBe(0);
  });
});
