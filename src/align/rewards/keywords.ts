/** What a completion must say, and what it must not. */
import { z } from 'zod';
import { list, perInput, rewardKind } from './kind.js';

/**
 * 0 where the completion has a forbidden phrase in it, otherwise the share of the required ones that it has (1 where none are
 * required). Phrases are whole words in any case; any white space stands for a space.
 */
export const keywords = rewardKind({
  example: 'keywords:require=please|thank you,forbid=damn|hell',
  about: '0 with a forbidden phrase, otherwise the share of the required ones that are there; phrases are whole words',
  settings: z.strictObject({ require: list.default([]), forbid: list.default([]) }),
  refuse: ({ require, forbid }) =>
    require.length + forbid.length === 0 ? 'needs phrases: keywords:require=please,forbid=damn|hell' : null,
  open: ({ require, forbid }) => {
    const required = require.map(wholeWords);
    const forbidden = forbid.map(wholeWords);
    return perInput(({ completion }) => {
      if (forbidden.some((phrase) => phrase.test(completion))) return 0;
      return required.length === 0 ? 1 : required.filter((phrase) => phrase.test(completion)).length / required.length;
    });
  },
});

/** A phrase that no letter or digit goes on. */
function wholeWords(phrase: string): RegExp {
  const escaped = phrase.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace(/\s+/g, '\\s+');
  const edge = '[\\p{L}\\p{M}\\p{N}_]';
  return new RegExp(`(?<!${edge})${escaped}(?!${edge})`, 'iu');
}
