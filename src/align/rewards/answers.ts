/** Answers compared the way a reader would: what they say counts, not how they are written. */
import { InputError } from '../../io/errors.js';
import { findNumbers } from './numbers.js';
import { describePrompt, type RewardPrompt } from './types.js';

/**
 * A text without what does not change an answer: case, punctuation, accents, English articles and spaces go (the
 * normalisation of SQuAD, Rajpurkar et al. 2016, section 6), and numbers are written in one way: "The 1,200 Émigrés!" →
 * "1200 emigres". Where nothing would be left, the text stays as it is, in lower case.
 */
export function normaliseAnswer(text: string): string {
  let spread = '';
  let from = 0;
  for (const { start, end, value, percent } of findNumbers(text)) {
    spread += `${plainWords(text.slice(from, start))} ${value}${percent ? '%' : ''} `;
    from = end;
  }
  const words = (spread + plainWords(text.slice(from))).split(' ').filter((word) => word !== '');
  const telling = words.filter((word) => word !== 'a' && word !== 'an' && word !== 'the');
  return (telling.length > 0 ? telling : words).join(' ') || text.trim().toLowerCase();
}

function plainWords(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’`]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ');
}

/** Whether normalised words are among others, next to one another. */
export function containsWords(text: string, words: string): boolean {
  return ` ${text} `.includes(` ${words} `);
}

/** The texts of an answer or a list of answers; null for anything else. */
export function answerTexts(value: unknown): string[] | null {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.map((each) =>
    typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean' ? String(each) : '',
  );
  return texts.length > 0 && texts.every((text) => text.trim() !== '') ? texts : null;
}

/**
 * A field of the example.
 * @throws InputError saying what fields there are
 */
export function fieldOf(input: RewardPrompt, field: string, reward: string): unknown {
  if (Object.hasOwn(input.example, field)) return input.example[field];
  const fields = Object.keys(input.example);
  throw new InputError(
    `the reward ${reward} needs the field ${JSON.stringify(field)}, which ${describePrompt(input)} does not have; ${fields.length > 0 ? `it has: ${fields.join(', ')}` : 'it has none'}`,
  );
}

/** The accepted answers in a field of the example: a text, a number, or a list of them. @throws InputError */
export function acceptedAnswers(input: RewardPrompt, field: string, reward: string): string[] {
  const texts = answerTexts(fieldOf(input, field, reward));
  if (texts) return texts;
  throw new InputError(
    `the reward ${reward}: ${JSON.stringify(field)} of ${describePrompt(input)} is no answer: it must be a text, a number, or a list of them`,
  );
}
