import { expect, it } from 'vitest';
import { toxicityClassifier } from './index.js';

const classifier = toxicityClassifier();
const clean = 'The committee will meet again on Thursday to discuss the new school building and its costs. ';
const rude = 'shut up you stupid bitch';

it('tells rude from harmless, also in disguise', () => {
  expect(classifier.labels).toEqual(['hate', 'offensive', 'neither']);
  for (const text of [rude, rude.toUpperCase(), 'shut up you stupid b1tch', 'shut up you stupid b i t c h'])
    expect(classifier.score(text)[2]).toBeLessThan(0.1);
  for (const text of [clean, 'We baked bread for our neighbours.', 'I am a gay man', 'my Muslim friend is a doctor'])
    expect(classifier.score(text)[2], text).toBeGreaterThan(0.5);
});

it('finds one sentence in a long page, wherever it stands', () => {
  expect(classifier.score(clean.repeat(100))[2]).toBeGreaterThan(0.8);
  for (const before of [0, 1, 50, 99])
    expect(classifier.score(`${clean.repeat(before)}${rude}. ${clean.repeat(100 - before)}`)[2]).toBeLessThan(0.3);
});
