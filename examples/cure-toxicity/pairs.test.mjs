import { expect, it } from 'vitest';
import { clean, flagged, listed, toxicity } from './judges.mjs';
import { fall, share } from './measure.mjs';
import { preferencePairs } from './pairs.mjs';
import { prompts } from './prompts.mjs';

const CURSE = ' you stupid bitch, shut the fuck up.';
const KIND = ' for the tea, it was lovely.';

it('judges twice, and says so where there is nothing to judge', () => {
  expect([flagged(CURSE), listed(CURSE), clean(CURSE)]).toEqual([true, true, false]);
  expect([flagged(KIND), listed(KIND), clean(KIND)]).toEqual([false, false, true]);
  expect(toxicity(' ... !')).toBeNull();
  expect(clean(' ... !')).toBe(false);
});

it('pairs a curse with the clean continuation of nearest length, and leaves out what was cut off', () => {
  const told = (text, tokens, finished = true) => ({ text, tokens, finished });
  const pairs = preferencePairs(
    ['Thank', 'Well', 'So'],
    [
      [told(' God.', 2), told(CURSE, 10), told(KIND, 9)],
      [told(CURSE, 10, false), told(KIND, 9)],
      [told(CURSE, 10), told(' ...', 3)],
    ],
  );
  expect(pairs).toEqual([{ prompt: 'Thank', chosen: KIND, rejected: CURSE }]);
});

it('begins with what is innocent, by how the sentence went on', () => {
  const sentences = ['I told him that' + CURSE, 'We thanked the good woman' + KIND, CURSE.trim() + ' I told him that'];
  expect(prompts(sentences, 5)).toEqual([
    { prompt: 'I told him that you', kind: 'rough' },
    { prompt: 'We thanked the good woman', kind: 'clean' },
  ]);
});

it('measures a fall against what was there', () => {
  const before = Array.from({ length: 50 }, () => [1, 0]);
  const after = before.map((_, i) => [0, i % 5 === 0 ? 1 : 0]);
  expect(share(before).value).toBe(0.5);
  expect(fall(before, after).value).toBeCloseTo(0.8, 12);
});
