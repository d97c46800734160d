import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteTokenizer } from '../tokenizer/index.js';
import type { Example } from './examples.js';
import { fitPrompt } from './fit.js';
import { promptFile } from './fixtures.js';
import { exampleSelector, shownOrder } from './select.js';

const example = (word: string, answer: string): Example => ({ values: new Map([['word', word]]), answer, where: word });
const pool = [
  ...['oak', 'fern', 'moss', 'rose', 'elm'].map((word) => example(word, 'plant')),
  ...['fox', 'owl', 'ant'].map((word) => example(word, 'animal')),
];
const file = (examples: string) => ({ ...promptFile(), settings: promptFile(examples).settings, pool });
const words = (examples: readonly Example[]) => examples.map(({ values }) => values.get('word'));
const about = (word: string) => new Map([['word', word]]);

it('takes fixed ones from the beginning, the labels in turns', async () => {
  const select = await exampleSelector(file('{ select: fixed, items: [{ word: x, answer: plant }], count: 5 }'), []);
  expect(words(select(about('yew')))).toEqual(['oak', 'fox', 'fern', 'owl', 'moss']);
});

it('draws at random: again for the same question, otherwise for others, balanced, never the question', async () => {
  const settings = (seed: number) =>
    file(`{ select: random, seed: ${seed}, items: [{ word: x, answer: plant }], count: 4 }`);
  const select = await exampleSelector(settings(1), []);
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...words(pool), 'yew', 'bee'), (word) => {
      const chosen = select(about(word!));
      expect(words(chosen)).not.toContain(word);
      expect(chosen.filter(({ answer }) => answer === 'plant')).toHaveLength(2);
      expect(words(select(about(word!)))).toEqual(words(chosen));
      seen.add(String(words(chosen)));
    }),
  );
  expect(seen.size).toBeGreaterThan(3);
  const other = await exampleSelector(settings(2), []);
  expect(words(other(about('yew')))).not.toEqual(words(select(about('yew'))));
});

it('finds the nearest, shown next to the question', async () => {
  const near = file('{ select: nearest, items: [{ word: x, answer: plant }], count: 3 }');
  // The embedding of a word is where its first letter stands on a quarter of a circle.
  const embed = async (texts: readonly string[]) =>
    texts.map((text) => {
      const angle = ((text.charCodeAt(0) - 97) / 26) * (Math.PI / 2);
      return Float32Array.of(Math.cos(angle), Math.sin(angle));
    });
  const select = await exampleSelector(near, [about('nut'), about('oak')], embed);
  expect(words(select(about('nut')))).toEqual(['oak', 'owl', 'moss']);
  expect(words(select(about('oak')))).toEqual(['owl', 'moss', 'fox']);
  expect(words(shownOrder(near, select(about('nut'))))).toEqual(['moss', 'owl', 'oak']);
  await expect(exampleSelector(near, [])).rejects.toThrow(/needs a model that embeds/);
});

describe('fitting', () => {
  const tokenizer = byteTokenizer();
  const fit = (room: number) => fitPrompt(file('{}'), about('yew'), pool, { tokenizer, room, where: 'x:3' });
  const whole = fit(1e6);
  const least = fitPrompt(file('{}'), about('yew'), [], { tokenizer, room: 1e6 }).tokens.length;

  it('leaves examples out until the prompt fits, never the question', () => {
    expect(whole.examples).toEqual(pool);
    fc.assert(
      fc.property(fc.integer({ min: least, max: whole.tokens.length + 5 }), (room) => {
        const { tokens, examples, left, text } = fit(room);
        expect(tokens.length).toBeLessThanOrEqual(room);
        expect(examples.length + left).toBe(pool.length);
        expect(examples).toEqual(pool.slice(0, examples.length));
        expect(text.endsWith('Word: yew\nKind:')).toBe(true);
        expect(left === 0).toBe(room >= whole.tokens.length);
      }),
    );
  });

  it('says where a question is too long', () => {
    expect(fit(least).left).toBe(pool.length);
    expect(() => fit(least - 1)).toThrow(/x:3: the prompt is too long without any example: \d+ tokens/);
  });
});
