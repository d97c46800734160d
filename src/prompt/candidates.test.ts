import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  candidateName,
  candidatePrompt,
  makeCandidates,
  noCandidates,
  paraphrases,
  seedCandidate,
} from './candidates.js';
import type { Example } from './examples.js';
import { promptFile } from './fixtures.js';
import { parsePromptFile } from './prompt-file.js';
import { renderParts } from './render.js';
import { formatPromptFile } from './write-prompt.js';

const pool: Example[] = Array.from({ length: 12 }, (_, i) => ({
  values: new Map([['word', `{{word}} ${i}`]]),
  answer: i % 3 === 0 ? 'animal' : 'plant',
  where: `dev:${i + 1}`,
}));
const file = promptFile();
const question = new Map([['word', 'yew']]);

it('makes as many different ones as asked, the seed first, in the same order again', () => {
  const all = makeCandidates(file, noCandidates, pool, { seed: 1, most: 40 });
  expect(all[0]).toEqual(seedCandidate(file));
  expect(new Set(all.map(candidateName)).size).toBe(40);
  expect(makeCandidates(file, noCandidates, pool, { seed: 1, most: 40 })).toEqual(all);
  expect(makeCandidates(file, noCandidates, pool, { seed: 2, most: 40 })).not.toEqual(all);
  const texts = all.map(
    (each) => renderParts(candidatePrompt(file, each, pool), question, candidatePrompt(file, each, pool).pool).text,
  );
  expect(new Set(texts).size).toBeGreaterThan(30);
});

it('takes all combinations where they are few, and only what the file says without rules', () => {
  const given = {
    ...noCandidates,
    rules: false,
    instructions: ['[[Tell|Say]] the kind.'],
    labels: [{ plant: 'p', animal: 'a' }],
  };
  const all = makeCandidates(file, given, pool);
  expect(all.map(({ instruction, labels }) => `${instruction} ${labels!['plant']}`).sort()).toEqual([
    'Say the kind. green',
    'Say the kind. p',
    'Sort. green',
    'Sort. p',
    'Tell the kind. green',
    'Tell the kind. p',
  ]);
});

it('draws sets of examples with as many of each label', () => {
  const candidate = { ...seedCandidate(file), examples: { count: 6, select: 'fixed' as const, seed: 4 } };
  const drawn = candidatePrompt(file, candidate, pool).pool;
  expect(drawn.filter(({ answer }) => answer === 'animal')).toHaveLength(3);
  const other = candidatePrompt(file, { ...candidate, examples: { ...candidate.examples, seed: 5 } }, pool).pool;
  expect(other).not.toEqual(drawn);
});

it('writes each as a file that reads as the same prompt', () => {
  const all = makeCandidates(file, noCandidates, pool, { most: 60 });
  fc.assert(
    fc.property(fc.constantFrom(...all), (candidate) => {
      const prompt = candidatePrompt(file, candidate, pool);
      const again = parsePromptFile(formatPromptFile(prompt), 'again.prompt.md');
      expect(again.settings.output).toEqual(prompt.settings.output);
      expect(renderParts(again, question, again.pool)).toEqual(renderParts(prompt, question, prompt.pool));
    }),
  );
});

describe('refuses', () => {
  it.each([
    [{ forms: ['{{word}}'] }, /a form needs \{\{answer\}\}/],
    [{ forms: ['{{answer}}'] }, /does not use the input "word"|must stand|word/],
    [{ forms: ['{{wort}} {{word}} {{answer}}'] }, /\{\{wort\}\} of a candidate is not an input/],
    [{ labels: [{ plant: 'x' }] }, /words for labels must name plant, animal/],
    [{ labels: [{ plant: 'x', animal: 'x' }] }, /written alike/],
    [{ instructions: ['{{answer}} now'] }, /\{\{answer\}\} stands twice/],
    [{ instructions: ['[[a|b|c|d|e|f]][[a|b|c|d|e|f]]'] }, /more than 32 texts/],
  ])('%j', (given, message) => {
    expect(() => makeCandidates(file, { ...noCandidates, rules: false, ...given }, pool)).toThrow(message);
  });
});

it('paraphrases', () => {
  expect(paraphrases('[[Say|Tell]] it [[now|]].', 'f')).toEqual([
    'Say it now.',
    'Say it .',
    'Tell it now.',
    'Tell it .',
  ]);
  expect(paraphrases('plain {{x}}', 'f')).toEqual(['plain {{x}}']);
});
