import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupByTies, layout, splitMessages, tiesOf, toMessage } from './data.mjs';
import { bestThreshold, macroF1, score } from './score.mjs';
import { naiveBayes } from './naive-bayes.mjs';
import { withField } from './base.mjs';

const words = 'meeting budget server kernel release pizza holiday garden music window report python'.split(' ');
const message = fc
  .record({
    sender: fc.constantFrom('', ...Array.from({ length: 12 }, (_, i) => `user${i}@example.org`)),
    subject: fc.constantFrom('', 'Re: lunch', 'lunch', 'plans for monday', 'FW: plans for Monday', 'news', 'the index'),
    body: fc.array(fc.constantFrom(...words), { minLength: 0, maxLength: 25 }).map((list) => list.join(' ')),
    ids: fc.array(fc.constantFrom('<1@x>', '<2@x>', '<3@x>', '<4@x>'), { maxLength: 1 }),
    label: fc.constantFrom(0, 1),
  })
  .map((fields) => ({ ...fields, name: fields.body, from: '' }));

describe('splitMessages', () => {
  it('lets no sender, thread or near-duplicate straddle, and loses no mail', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 80 }), fc.nat(9), (messages, seed) => {
        const { dropped, ...parts } = splitMessages(messages, seed);
        const kept = Object.values(parts);
        expect(kept.flat().length + dropped.length).toBe(messages.length);
        const owners = new Map();
        for (const [i, ties] of tiesOf(kept.flat()).entries()) {
          const part = kept.findIndex((mails, p) => i < kept.slice(0, p + 1).flat().length && mails.length > 0);
          for (const tie of ties) expect(owners.get(tie) ?? part).toBe(part);
          for (const tie of ties) owners.set(tie, part);
        }
      }),
    );
  });

  it('deals small groups whole and drops nothing of them', () => {
    const messages = Array.from({ length: 300 }, (_, i) => ({
      name: String(i),
      label: i % 2,
      from: '',
      subject: `matter ${i >> 2}`,
      body: `text of number ${i}`,
      sender: `writer${i >> 1}@example.org`,
      ids: [],
    }));
    const { train, validation, test, dropped } = splitMessages(messages);
    expect(dropped).toEqual([]);
    expect(Math.min(train.length, validation.length, test.length)).toBeGreaterThan(0);
    for (const part of [train, validation, test]) expect(part.length % 4).toBe(0);
  });
});

describe('groupByTies', () => {
  it('gives each the first that it is tied to, through others too', () => {
    expect([...groupByTies([['a'], ['b'], ['a', 'c'], ['d'], ['c', 'b'], []])]).toEqual([0, 0, 0, 3, 0, 5]);
  });
});

describe('toMessage', () => {
  const source = [
    'From: "Ann Lee" <ann@mail.example.org>',
    'To: list@example.org',
    'X-Spam-Status: Yes',
    'List-Id: <kernel.example.org>',
    'Message-Id: <7@example.org>',
    'In-Reply-To: <6@example.org>',
    'Subject: [Kernel-dev] Re: the patch',
    '',
    'Mail bob@example.org or see http://www.example.org/a/b?c=d now.',
    '',
    '_______________________________________________',
    'Kernel-dev mailing list',
    'http://lists.example.org/listinfo/kernel-dev',
  ].join('\n');

  it('shows the model name, domain, subject and body, and nothing that tells where a mail was collected', () => {
    const mail = toMessage(source, 'x', 0);
    expect(layout(mail)).toBe(
      'From: Ann Lee (example.org)\nSubject: Re: the patch\n\nMail name@host or see http://www.example.org now.',
    );
    expect(mail.sender).toBe('ann@mail.example.org');
    expect(mail.ids).toEqual(['<7@example.org>', '<6@example.org>']);
  });

  it('a field for pretraining does not depend on the label', () => {
    fc.assert(
      fc.property(message, (mail) => {
        expect(withField({ ...mail, label: 0 })).toBe(withField({ ...mail, label: 1 }));
      }),
    );
  });
});

describe('scores', () => {
  it('macro-F1 is the mean of both F1', () => {
    expect(macroF1([[5, 0], [0, 5]])).toBe(1); // prettier-ignore
    expect(macroF1([[6, 2], [1, 1]])).toBeCloseTo((12 / 15 + 2 / 5) / 2, 12); // prettier-ignore
  });

  it('an interval holds its value, and widens where mails of one group fail together', () => {
    const mails = Array.from({ length: 200 }, (_, i) => ({ label: i % 2, group: `g${i}` }));
    const predicted = mails.map(({ label }, i) => (i < 20 ? 1 - label : label));
    const alone = score(mails, predicted);
    const grouped = score(
      mails.map((mail, i) => ({ ...mail, group: `g${i - (i % 20)}` })),
      predicted,
    );
    expect(alone.low).toBeLessThanOrEqual(alone.macroF1);
    expect(alone.high).toBeGreaterThanOrEqual(alone.macroF1);
    expect(grouped.high - grouped.low).toBeGreaterThan(1.5 * (alone.high - alone.low));
  });

  it('the best threshold parts what can be parted', () => {
    const mails = [0, 0, 1, 1].map((label) => ({ label }));
    expect(bestThreshold(mails, [-3, -1, 2, 4])).toEqual({ f1: 1, threshold: 0.5 });
  });

  it('naive Bayes says the odds of the definition', () => {
    const odds = naiveBayes(['cheap pills', 'lunch today', 'cheap lunch'], [1, 0, 0]);
    const [spam, ham] = [2 + 4, 4 + 4]; // words of each, and the four of the vocabulary
    expect(odds('cheap unknown')).toBeCloseTo(Math.log(1 / 2) + Math.log(2 / spam) - Math.log(2 / ham), 12);
  });
});
