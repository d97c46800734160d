import { describe, expect, it } from 'vitest';
import { boilerplate, boilerplateOptions, isFurniture } from './boilerplate.js';
import { c4, c4Options } from './c4.js';
import { fineweb, finewebOptions } from './fineweb.js';
import { gopherQuality, gopherQualityOptions } from './gopher-quality.js';
import { gopherRepetition, gopherRepetitionOptions } from './gopher-repetition.js';
import type { Drop, Facts, Step } from './step.js';
import { WordScanner } from './words.js';

const repeat = (n: number, make: (i: number) => string, joint = ' ') =>
  Array.from({ length: n }, (_, i) => make(i)).join(joint);
/** Names that differ from one another. */
const name = (i: number) =>
  repeat(3, (k) => String.fromCharCode(97 + ((i * 7 + k * 11 + (i >> (2 * k + 1))) % 26)), '') + 'abcdefghij'[i % 10]!;

/** The rule that drops a text, or null. */
function rule(step: Step, text: string): string | null {
  const result = step(text, { counts: {} });
  return typeof result === 'string' ? null : result.drop;
}
const detail = (step: Step, text: string) => (step(text, { counts: {} }) as Drop).detail;

describe('boilerplate', () => {
  const step = boilerplate(boilerplateOptions.parse({}));
  it.each([
    'Read more »',
    'Continue reading',
    'Share on Facebook',
    'Share this',
    'Follow us on Twitter',
    'Home',
    'Skip to content',
    'Log in',
    'Sign in or register',
    'Next page',
    'Advertisement',
    'Related posts:',
    'Leave a Reply',
    '12 comments',
    'Loading...',
    'Privacy Policy',
    'This site uses cookies to improve your experience.',
    'By continuing to browse you agree.',
    'Please enable JavaScript to view this page.',
    '© 2019 Example Ltd.',
    'Copyright 2020 by the authors',
    'All rights reserved.',
    'Sign up for our newsletter!',
    'Home | About | Contact',
    'News > Sports > Contact us > Football',
    'Your email address will not be published.',
    'Powered by WordPress',
    'Page 2 of 14',
  ])('takes out: %s', (line) => {
    expect(isFurniture(line)).toBe(true);
  });
  it.each([
    'He read more than anyone else in the village.',
    'At home he kept the letters.',
    'Share the bread with your neighbour.',
    'She followed us home.',
    'Name | Age | City',
    'The next morning it rained.',
    'The author claims copyright on the work.',
    'Cookies are best when they are warm.',
    'Search me, he said.',
    'Print was his trade.',
    'I had to log in the forest.',
    'About that I know nothing.',
    'Contact with the enemy was lost.',
  ])('keeps: %s', (line) => {
    expect(isFurniture(line)).toBe(false);
  });
  it('keeps paragraphs apart and counts lines', () => {
    const facts: Facts = { counts: {} };
    expect(step('Home\n\nA text.\n\nRead more\n\nThe end.\nShare', facts)).toBe('A text.\n\nThe end.');
    expect(facts.counts).toEqual({ 'boilerplate.lines': 3 });
  });
  it('keeps lines that are longer than furniture', () => {
    const long = `All rights reserved. ${'word '.repeat(60)}`;
    expect(boilerplate(boilerplateOptions.parse({}))(long, { counts: {} })).toBe(long);
  });
});

describe('c4', () => {
  const sentence = 'This is a sentence.';
  const five = repeat(5, () => sentence);
  const step = (options = {}) => c4(c4Options.parse(options));
  it.each([
    ['five sentences', five, null],
    ['four sentences', repeat(4, () => sentence), 'c4.sentences'],
    ['five sentences in Chinese', '这是第一句。这是第二句。这是第三句。这是第四句。这是第五句。', null],
    ['a curly bracket', `${five} {`, 'c4.curlyBracket'],
    ['a square bracket', `${five} [`, null],
    ['lorem ipsum', `${five} Lorem ipsum dolor.`, 'c4.loremIpsum'],
    ['lorem alone', `${five} Lorem and ipsum.`, null],
  ])('%s', (_, text, dropped) => {
    expect(rule(step(), text)).toBe(dropped);
  });
  it('says the measured value', () => {
    expect(
      detail(
        step(),
        repeat(4, () => sentence),
      ),
    ).toBe('4 sentences < 5');
  });
  it.each([
    ['two words', 'Only two', 'fewWords'],
    ['a word of 1001 letters', `A long ${'w'.repeat(1001)}`, 'longWord'],
    ['Javascript', 'You need JavaScript for this.', 'javascript'],
    ['a policy', 'Read our privacy policy here.', 'policy'],
  ])('takes a line out with %s', (_, line, why) => {
    const facts: Facts = { counts: {} };
    expect(step()(`${five}\n${line}`, facts)).toBe(five);
    expect(facts.counts).toEqual({ [`c4.${why}`]: 1 });
  });
  it.each([
    ['three words', 'Now three words'],
    ['a word of 1000 letters', `A long ${'w'.repeat(1000)}`],
    ['three letters of Chinese', '第一章'],
    ['Java', 'You need Java script for this.'],
    ['no mark at its end', 'A line without an end'],
    ['Javascript in a long paragraph', `On Javascript: ${'word '.repeat(200)}`],
    ['nothing in it', '\nThe next paragraph here.'],
  ])('keeps a line with %s', (_, line) => {
    expect(step()(`${five}\n${line}`, { counts: {} })).toBe(`${five}\n${line}`);
  });
  it('takes citations out', () => {
    expect(step()(`${five} So it was.[12][citation needed] Yes[edit]`, { counts: {} })).toBe(`${five} So it was. Yes`);
  });
  it('wants terminal punctuation if told to', () => {
    const strict = step({ terminalPunctuation: true });
    expect(strict(`${five}\nNo end of a line\nAnd then ...\nAn end of it!`, { counts: {} })).toBe(
      `${five}\nAn end of it!`,
    );
  });
});

describe('gopherQuality', () => {
  const scanner = new WordScanner();
  let language = 'en';
  const step = gopherQuality(gopherQualityOptions.parse({}), scanner, () => language);
  const words = (n: number) => `the and ${repeat(n - 2, name)}`;
  const lines = (n: number, make: (i: number) => string) => repeat(n, make, '\n');
  it.each([
    ['50 words', words(50), null],
    ['49 words', words(49), 'short'],
    ['100000 words', `the and ${'word '.repeat(99_998)}`, null],
    ['100001 words', `the and ${'word '.repeat(99_999)}`, 'long'],
    ['words of 3 letters', `the and ${'abc '.repeat(100)}`, null],
    ['words of 2.9 letters', `the and ${'abc '.repeat(90)} ${'ab '.repeat(12)}`, 'shortWords'],
    ['words of 10 letters', `the of with and the of ${'abcdefghij '.repeat(60)}`, null],
    ['words of 11 letters', `the and ${'abcdefghijk '.repeat(60)}`, 'longWords'],
    ['a # to 11 words', repeat(11, (i) => `#${words(9)} ${name(i)}`), null],
    ['a # to 8 words', repeat(10, () => `# ${repeat(6, name)} the`), 'hashes'],
    ['an ellipsis to 11 words', `${repeat(8, () => `${words(11)}...`)} End.`, null],
    ['an ellipsis to 8 words', repeat(10, () => `${words(8)}…`), 'ellipses'],
    ['bullets on 9 of 10 lines', lines(10, (i) => `${i === 0 ? '' : '• '}${words(8)}`), null],
    ['bullets on all lines', lines(10, () => `- ${words(8)}`), 'bulletLines'],
    ['ellipses at 3 of 10 lines', lines(10, (i) => `${words(20)}${i < 3 ? '...' : '.'}`), null],
    ['ellipses at 4 of 10 lines', lines(10, (i) => `${words(20)}${i < 4 ? ' …' : '.'}`), 'ellipsisLines'],
    ['letters in 80% of words', `the of and with ${repeat(76, name)} ${'1234 '.repeat(20)}`, null],
    ['letters in 79% of words', `the of and with ${repeat(75, name)} ${'1234 '.repeat(21)}`, 'letters'],
    ['two stop words', words(60), null],
    ['one stop word', `the ${repeat(60, name)}`, 'stopWords'],
  ])('%s', (_, text, dropped) => {
    expect(rule(step, text)).toBe(dropped && `gopherQuality.${dropped}`);
  });
  it('asks for English stop words of English alone, and for letters also where it is no language', () => {
    const noStopWords = repeat(60, name);
    const noLetters = `the and ${'1234 '.repeat(60)}`;
    const dropped = ['en', 'und', 'fr'].map((code) => {
      language = code;
      return [rule(step, noStopWords), rule(step, noLetters)];
    });
    language = 'en';
    expect(dropped).toEqual([
      ['gopherQuality.stopWords', 'gopherQuality.letters'],
      [null, 'gopherQuality.letters'],
      [null, null],
    ]);
  });
  it('does not measure the words of Chinese', () => {
    language = 'zh';
    expect(rule(step, '人人生而自由，在尊严和权利上一律平等。'.repeat(4))).toBeNull();
    language = 'en';
  });
  it('says the measured value', () => {
    expect(detail(step, words(49))).toBe('49 words < 50');
  });
});

describe('gopherRepetition', () => {
  const only = (options: object) =>
    gopherRepetition(
      gopherRepetitionOptions.parse({
        duplicateLines: 1,
        duplicateParagraphs: 1,
        duplicateLineCharacters: 1,
        duplicateParagraphCharacters: 1,
        topNgrams: {},
        duplicateNgrams: { 5: 1 },
        ...options,
      }),
      new WordScanner(),
    );
  const piece = (i: number) => `Piece ${name(i)} ${name(i + 50)} of many.`;
  const short = (i: number) => (i < 3 ? 'same' : piece(i));
  it.each([
    ['lines', { duplicateLines: 0.3 }, '\n'],
    ['paragraphs', { duplicateParagraphs: 0.3 }, '\n\n'],
  ] as const)('of %s', (what, options, joint) => {
    expect(
      rule(
        only(options),
        repeat(10, (i) => (i < 4 ? 'same' : piece(i)), joint),
      ),
    ).toBeNull();
    expect(
      rule(
        only(options),
        repeat(10, (i) => (i < 5 ? 'same' : piece(i)), joint),
      ),
    ).toBe(`gopherRepetition.${what}`);
  });
  it('of characters in lines and paragraphs', () => {
    const long = 'x'.repeat(100);
    const text = (n: number, joint: string) => `${long}${joint}${long}${joint}${'y'.repeat(n)}`;
    expect(rule(only({ duplicateLineCharacters: 0.2 }), text(300, '\n'))).toBeNull();
    expect(rule(only({ duplicateLineCharacters: 0.2 }), text(290, '\n'))).toBe('gopherRepetition.lineCharacters');
    expect(rule(only({ duplicateParagraphCharacters: 0.2 }), text(300, '\n\n'))).toBeNull();
    expect(rule(only({ duplicateParagraphCharacters: 0.2 }), text(290, '\n\n'))).toBe(
      'gopherRepetition.paragraphCharacters',
    );
    expect(rule(only({ duplicateLineCharacters: 0.2 }), repeat(10, short, '\n'))).toBeNull();
  });
  it.each([2, 3, 4])('of the most frequent %i-gram', (n) => {
    const gram = repeat(n, (i) => name(900 + i)); // 5 characters a word with its space
    const text = (others: number) => `${gram}. ${repeat(others, (i) => `${name(i)}${name(i + 300)}`, '. ')}. ${gram}`;
    const step = only({ topNgrams: { [n]: 0.2 } });
    const size = (others: number) => (2 * gram.length) / text(others).length;
    const inside = Array.from({ length: 40 }, (_, i) => i + 1).find((others) => size(others) <= 0.2)!;
    expect(rule(step, text(inside))).toBeNull();
    expect(rule(step, text(inside - 1))).toBe(`gopherRepetition.top${n}gram`);
  });
  it.each([5, 6, 7, 8, 9, 10])('of %i-grams that occurred before', (n) => {
    const gram = repeat(n, (i) => name(900 + i));
    const text = (others: number) => `${gram}. ${repeat(others, (i) => `${name(i)}${name(i + 300)}`, '. ')}. ${gram}`;
    const step = only({ duplicateNgrams: { [n]: 0.1 } });
    const size = (others: number) => (4 * n) / text(others).length;
    const inside = Array.from({ length: 90 }, (_, i) => i + 1).find((others) => size(others) <= 0.1)!;
    expect(rule(step, text(inside))).toBeNull();
    expect(rule(step, text(inside - 1))).toBe(`gopherRepetition.duplicate${n}gram`);
  });
});

describe('fineweb', () => {
  const step = (options = {}) => fineweb(finewebOptions.parse(options), new WordScanner());
  const line = (i: number, end = '.') => `${repeat(8, (k) => name(i * 8 + k))}${end}`;
  it('wants 12% of lines to end in a mark', () => {
    const text = (n: number) => repeat(100, (i) => line(i, i < n ? '.' : ''), '\n');
    expect(rule(step(), text(12))).toBeNull();
    expect(rule(step(), text(11))).toBe('fineweb.punctuation');
    expect(
      rule(
        step(),
        repeat(2, (i) => line(i, ''), '\n'),
      ),
    ).toBeNull();
    expect(rule(step({ minLines: 1 }), line(0, ''))).toBe('fineweb.punctuation');
  });
  it('wants 33% of lines to be longer than 30 characters', () => {
    const text = (n: number, size = 30) =>
      repeat(100, (i) => (i < n ? `${name(i)}${'z'.repeat(size - 5 - (i % 3))}.` : line(i)), '\n');
    expect(rule(step({ maxLineEnds: 1, maxDuplicateCharacters: 1 }), text(67))).toBeNull();
    expect(rule(step({ maxLineEnds: 1, maxDuplicateCharacters: 1 }), text(68))).toBe('fineweb.shortLines');
    expect(rule(step({ maxLineEnds: 1, maxDuplicateCharacters: 1 }), text(68, 33))).toBeNull();
  });
  it('wants at most 1% of characters in lines that occurred before', () => {
    const text = (size: number) => `${'x'.repeat(size)}.\n${repeat(100, (i) => line(i), '\n')}\n${'x'.repeat(size)}.`;
    expect(rule(step(), text(30))).toBeNull();
    expect(rule(step(), text(50))).toBe('fineweb.duplicateCharacters');
  });
  it('wants at most 3 line ends for 10 words', () => {
    const text = (n: number) =>
      repeat(
        31,
        (i) =>
          i < n
            ? `${name(i)}${name(i + 40)}${'y'.repeat(30)}.`
            : `${name(i)}${'y'.repeat(30)} ${name(i + 9)} ${name(i + 5)} ${name(i + 3)}.`,
        '\n',
      );
    // 30 line ends, and 31 · 4 - 3n words.
    expect(rule(step(), text(8))).toBeNull();
    expect(rule(step(), text(9))).toBe('fineweb.list');
  });
});
