import { expect, it } from 'vitest';
import { interval, share } from './measure.mjs';
import { half, questionsByGroup } from './questions.mjs';

const countries = (...items) => new Set(items.flat().map(({ country }) => country));
const shared = (a, b) => [...a].filter((one) => b.has(one));

it.each([false, true])('never asks in the cure what is measured (spare: %s)', (spare) => {
  const { asked, reworded, unasked, unnamed, strange, invented, unseen } = questionsByGroup({ spare });
  const cure = [asked, strange, invented].flat();
  const prompts = new Set(cure.map(({ prompt }) => prompt));
  expect([reworded, unasked, unnamed, unseen].flat().filter(({ prompt }) => prompts.has(prompt))).toEqual([]);
  expect(shared(countries(asked, strange, invented), countries(unseen, unnamed))).toEqual([]);
  expect(shared(countries(asked, reworded, unasked, unnamed), countries(strange, invented, unseen))).toEqual([]);
  const facts = new Set(asked.map(({ country, kind }) => `${country} ${kind}`));
  expect(reworded.filter(({ country, kind }) => !facts.has(`${country} ${kind}`))).toEqual([]);
  expect(unasked.filter(({ country, kind }) => facts.has(`${country} ${kind}`))).toEqual([]);
  expect(countries(asked, unnamed).size).toBe(115);
  expect([unasked.length > 0, countries(unnamed).size]).toEqual(spare ? [true, 15] : [false, 0]);
});

it('parts countries for settings from those of the test', () => {
  const { unseen } = questionsByGroup({ spare: false });
  const [development, test] = ['development', 'test'].map((part) => half(unseen, part));
  expect(development.length + test.length).toBe(unseen.length);
  expect(shared(countries(development), countries(test))).toEqual([]);
  expect(Math.abs(countries(development).size - countries(test).size)).toBeLessThanOrEqual(1);
});

it('draws whole countries anew for an interval', () => {
  const answers = ['right', 'right', 'wrong', 'wrong'].map((verdict, i) => ({
    item: { country: i < 2 ? 'Mali' : 'Peru' },
    verdict,
  }));
  expect(share(answers, 'right')).toEqual({ mean: 0.5, low: 0, high: 1 });
  expect(interval([[3, 4]])).toEqual({ mean: 0.75, low: 0.75, high: 0.75 });
});
